// What the tests of pages share: a headless browser, and checks as lines of JSON.
import {createRequire} from 'node:module';

export const check = (holds, text) => console.log(JSON.stringify({holds: Boolean(holds), text}));

const most = 240000;  // milliseconds until what is waited for will not come, on any machine

// `modules`: the folder that has playwright-core.
export async function launch(modules, ...more) {
  const {chromium} = createRequire(`${modules}/x.js`)('playwright-core');
  const args = ['--no-sandbox', '--disable-gpu', '--no-proxy-server', ...more];
  const browser = await chromium.launch({executablePath: process.env.CHROMIUM || '/usr/bin/chromium', timeout: most, args});
  for (const name of ['newContext', 'newPage']) {
    const make = browser[name].bind(browser);
    browser[name] = async (...how) => {
      const made = await make(...how);
      made.setDefaultTimeout(most);
      return made;
    };
  }
  return browser;
}

// What `ask` tells as soon as it is good, or else at last.
export async function settled(ask, good) {
  const end = Date.now() + most / 4;
  let told = await ask();
  while (!good(told) && Date.now() < end) {
    await new Promise((resolve) => { setTimeout(resolve, 100); });
    told = await ask();
  }
  return told;
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
