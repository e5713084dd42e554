// Uses the page of `pool3 serve` in a headless browser as a visitor does. node page.mjs URL MODULES PICTURE SHOTS; prints a
// line of JSON for each check. SHOTS: a folder for pictures of the page, or "".
import {readFileSync} from 'node:fs';
import {createServer, request} from 'node:http';
import {check, forbidOthers, launch, listen} from '../../support/browser.mjs';

const [url, modules, picture, shots] = process.argv.slice(2);

const browser = await launch(modules);

async function open(options = {}) {
  const tab = await browser.newPage({viewport: {width: 1280, height: 900}, ...options});
  tab.wrong = listen(tab);
  forbidOthers(tab, url, tab.wrong);
  await tab.goto(url);
  await tab.waitForFunction(() => document.getElementById('facts').textContent !== '');
  return tab;
}
const shoot = (tab, name) => (shots ? tab.screenshot({path: `${shots}/${name}.png`, fullPage: true}) : null);
const text = (tab, id) => tab.locator(`#${id}`).textContent();
const answered = (tab, name) => tab.waitForFunction((n) => document.getElementById('name').textContent === n && document.getElementById('message').hidden, name);
const asFile = () => ({name: 'mine.png', mimeType: 'image/png', buffer: readFileSync(picture)});

// By file.
const tab = await open();
await shoot(tab, 'empty');
check(!(await tab.locator('#result').isVisible()) && !(await tab.locator('#camera').isVisible()), 'at first there is a place to drop, and no camera at a desk');
await tab.setInputFiles('#file', asFile());
await answered(tab, 'mine.png');
const predicted = await text(tab, 'predicted');
check(predicted.length > 0 && (await tab.locator('#classes li').count()) === 5, 'a chosen file gets five classes');
check((await tab.locator('#classes .name').first().textContent()) === predicted, 'the first of them in large letters');
check((await tab.locator('#neighbours li').count()) === 12, 'and twelve neighbours');
check(/^the same/.test(await tab.locator('#neighbours .more').first().textContent()) && /^distance 0\.\d{3}/.test(await tab.locator('#neighbours .more').nth(1).textContent()),
  'the first is the picture itself, the others are told as distances');
check(!(await text(tab, 'set')).includes('one of 1'), 'no class is left out alone');
const tree = await tab.locator('body').ariaSnapshot();
check(tree.includes(`meter "${predicted}"`) || tree.includes(`meter ${JSON.stringify(predicted)}`), 'a screen reader hears whose the bars are');
check(!/button "(.+) \1 (the same|distance)/.test(tree), 'and the name of a neighbour once');
await tab.waitForFunction(() => [...document.querySelectorAll('#neighbours img')].slice(0, 4).every((i) => i.complete && i.naturalWidth > 0));
check(await tab.evaluate(() => document.getElementById('preview').naturalWidth > 0), 'with pictures');
await shoot(tab, 'answer');

// On to a neighbour, and back.
const row = await tab.locator('#neighbours button').nth(1).getAttribute('data-row');
await tab.locator('#neighbours button').nth(1).click();
await tab.waitForFunction(() => !document.getElementById('truth').hidden && document.getElementById('message').hidden);
check(tab.url().endsWith(`#row=${row}`), 'a neighbour has an address of its own');
check((await text(tab, 'truth')).startsWith('The catalogue calls it '), 'and says what the catalogue calls it');
check(!(await tab.locator('#wrong').isVisible()), 'and nothing about it can be wrong');
await shoot(tab, 'row');
await tab.goBack();
await tab.waitForFunction(() => document.getElementById('name').textContent === 'mine.png');
check(!(await tab.locator('#truth').isVisible()) && (await text(tab, 'predicted')) === predicted, 'back is the picture that was given, with its answer');
await tab.goForward();
await tab.waitForFunction(() => !document.getElementById('truth').hidden && document.getElementById('message').hidden);
await tab.locator('.brand').click();
await tab.waitForFunction(() => document.getElementById('result').hidden && document.getElementById('near').hidden);
check(true, 'the name of the page leads to its start');
const again = await open();
await again.goto(`${url}#row=${row}`);
await again.reload();
await again.waitForFunction(() => !document.getElementById('result').hidden);
check(await again.locator('#truth').isVisible(), 'which can be opened');
check(again.wrong.length === 0, `nothing went wrong: ${again.wrong}`);
await again.close();

// By drop, then wrong.
const dropped = await tab.evaluateHandle((bytes) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], 'dropped.png', {type: 'image/png'}));
  return transfer;
}, readFileSync(picture).toString('base64'));
await tab.dispatchEvent('body', 'drop', {dataTransfer: dropped});
await answered(tab, 'dropped.png');
check((await text(tab, 'predicted')) === predicted, 'a dropped picture gets the same answer');
await tab.click('#open-wrong');
await tab.fill('#label', 'a new class');
await shoot(tab, 'wrong');
await tab.press('#label', 'Enter');
await tab.waitForFunction(() => !document.getElementById('thanks').hidden);
check((await text(tab, 'thanks')).includes('a new class'), 'what is wrong is kept');

// By paste; and what is no picture.
await tab.evaluate((transfer) => document.dispatchEvent(new ClipboardEvent('paste', {clipboardData: transfer, bubbles: true})), dropped);
await answered(tab, 'dropped.png');
check((await text(tab, 'predicted')) === predicted, 'a pasted picture, too');
check(tab.wrong.length === 0, `nothing went wrong: ${tab.wrong}`);
await tab.setInputFiles('#file', {name: 'bad.png', mimeType: 'image/png', buffer: Buffer.from('no picture')});
await tab.waitForFunction(() => document.getElementById('message').classList.contains('error'));
check((await text(tab, 'message')).startsWith('That did not work'), 'what is no picture is told');
await tab.evaluate(() => {
  const transfer = new DataTransfer();
  transfer.setData('text/plain', 'words');
  document.dispatchEvent(new ClipboardEvent('paste', {clipboardData: transfer, bubbles: true}));
});
check((await text(tab, 'message')).startsWith('What was pasted is no picture'), 'and what is pasted and no picture, too');

// Several at once, and one that the server does not take as it is.
await tab.setInputFiles('#file', [asFile(), {...asFile(), name: 'second.png'}]);
await answered(tab, 'mine.png');
check((await tab.locator('#tray button').count()) === 2, 'of several pictures the first is asked about');
await tab.locator('#tray button').nth(1).click();
await answered(tab, 'second.png');
check((await tab.locator('#tray button[aria-pressed=true]').getAttribute('title')) === 'second.png', 'and the others wait');
const types = [];
await tab.route('**/api/classify', (route) => {
  types.push(route.request().headers()['content-type']);
  return types.length > 1 ? route.continue() : route.fulfill({status: 413, contentType: 'application/json', body: '{"error": "too large"}'});
});
await tab.setInputFiles('#file', {...asFile(), name: 'large.png'});
await answered(tab, 'large.png');
check(types.join() === 'image/png,image/jpeg', `what is refused as it is goes again as a smaller JPEG: ${types}`);
await tab.close();

// Behind a proxy, in a folder.
const proxy = createServer((from, to) => {
  if (!from.url.startsWith('/shoes/')) return to.writeHead(404).end();
  from.pipe(request(new URL(from.url.slice('/shoes/'.length), url), {method: from.method, headers: from.headers}, (answer) => {
    to.writeHead(answer.statusCode, answer.headers);
    answer.pipe(to);
  }));
});
await new Promise((done) => proxy.listen(0, '127.0.0.1', done));
const behind = await browser.newPage();
await behind.goto(`http://127.0.0.1:${proxy.address().port}/shoes/`);
await behind.waitForFunction(() => document.getElementById('facts').textContent !== '');
await behind.setInputFiles('#file', asFile());
await answered(behind, 'mine.png');
await behind.waitForFunction(() => [...document.querySelectorAll('#neighbours img')].slice(0, 4).every((i) => i.complete && i.naturalWidth > 0));
check((await text(behind, 'predicted')) === predicted, 'a proxy may keep the page in a folder');
await behind.close();
proxy.closeAllConnections();
proxy.close();

// A phone, in the dark.
const phone = await open({viewport: {width: 360, height: 740}, hasTouch: true, isMobile: true, colorScheme: 'dark'});
check(await phone.locator('#camera').isVisible(), 'a phone is offered its camera');
check((await phone.locator('#drop').innerText()).trim() === 'Choose a picture', 'and told of what it can do');
check((await phone.locator('#photo').getAttribute('capture')) === 'environment', 'the one at the back');
await shoot(phone, 'phone-empty');
await phone.setInputFiles('#photo', asFile());
await answered(phone, 'mine.png');
check(await phone.evaluate(() => document.documentElement.scrollWidth <= 360), 'nothing is wider than a phone');
await shoot(phone, 'phone');
check(phone.wrong.length === 0, `nothing went wrong: ${phone.wrong}`);
await browser.close();
