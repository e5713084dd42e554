// What the tests of pages share: a headless browser, and checks as lines of JSON.
import {createRequire} from 'node:module';

export const check = (holds, text) => console.log(JSON.stringify({holds: Boolean(holds), text}));

// `modules`: the folder that has playwright-core.
export function launch(modules, ...more) {
  const {chromium} = createRequire(`${modules}/x.js`)('playwright-core');
  return chromium.launch({executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', ...more]});
}

// What goes wrong in a tab: errors and warnings on its console, exceptions. That a test reads pixels back is no fault of a page.
export function listen(tab) {
  const wrong = [];
  tab.on('console', (message) => { if (['error', 'warning'].includes(message.type()) && !/readback/.test(message.text())) wrong.push(message.text()); });
  tab.on('pageerror', (error) => wrong.push(error.message));
  return wrong;
}

// Requests to elsewhere than `url` are wrong, too. `of`: a tab, or a context of tabs.
export function forbidOthers(of, url, wrong) {
  of.on('request', (request) => { if (!/^(blob:|data:)/.test(request.url()) && !request.url().startsWith(url)) wrong.push(`asked ${request.url()}`); });
}
