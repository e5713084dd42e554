// Uses the page of examples/browser as a visitor does. node page.mjs URL MODULES PICTURE SHOTS; prints a line of JSON for each
// check, and one with the answer. SHOTS: a folder for pictures of the page, or "".
import {readFileSync} from 'node:fs';
import {check, forbidOthers, launch, listen} from '../../support/browser.mjs';

const [url, modules, picture, shots] = process.argv.slice(2);

const browser = await launch(modules);
const context = await browser.newContext({viewport: {width: 1280, height: 800}});
const tab = await context.newPage();
const wrong = listen(tab);
forbidOthers(context, url, wrong);
const shoot = (name) => (shots ? tab.screenshot({path: `${shots}/${name}.png`, fullPage: true}) : null);
const visible = (id, on) => tab.waitForFunction(([i, o]) => document.getElementById(i).hidden !== o, [id, on]);
const answered = () => tab.waitForFunction(() => document.getElementById('state').className !== 'busy' && document.getElementById('label').textContent !== '');

await tab.goto(url);
await visible('ask', true);
await shoot('empty');
await context.setOffline(true);  // from here on, nothing is needed from anywhere
const start = Date.now();
await tab.setInputFiles('#file', {name: 'mine.png', mimeType: 'image/png', buffer: readFileSync(picture)});
await answered();
const label = await tab.locator('#label').textContent();
const percent = await tab.locator('#classes li span').nth(1).textContent();
console.log(JSON.stringify({label, probability: Number(/\d+/.exec(percent)[0]) / 100, seconds: (Date.now() - start) / 1000}));
check((await tab.locator('#classes li').count()) <= 5, 'at most five classes are shown');
check((await tab.locator('#classes li span').first().textContent()) === label, 'the first of them in large letters');
await shoot('answer');
check(wrong.length === 0, `nothing went wrong: ${wrong}`);
await tab.setInputFiles('#file', {name: 'bad.png', mimeType: 'image/png', buffer: Buffer.from('no picture')});
await tab.waitForFunction(() => document.getElementById('state').className === 'error');
check((await tab.locator('#state').textContent()).includes('no picture'), 'what is no picture is told');
await tab.emulateMedia({colorScheme: 'dark'});
await tab.setViewportSize({width: 360, height: 740});
check(await tab.evaluate(() => document.documentElement.scrollWidth <= 360), 'nothing is wider than a phone');
check(await tab.locator('#camera').isVisible(), 'and there is its camera');
check((await tab.locator('#label').textContent()) === label && (await tab.evaluate(() => document.getElementById('preview').naturalWidth > 0)),
  'the last answer stays, with its picture');
await shoot('phone');
await browser.close();
