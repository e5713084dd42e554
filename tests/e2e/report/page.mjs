// Opens a page in a headless browser and looks at it as a reader does. node page.mjs PAGE MODULES WHAT; prints a line
// of JSON for each check. WHAT: "pictures" (a page with a model, pictures, a map, a search), "plain" (no pictures, no
// model), "names" (hostile names) or "many" (1,000 classes).
import {check, launch, listen, settled} from '../../support/browser.mjs';

const [page, modules, what, shots] = process.argv.slice(2);

// How many colours a canvas has, and how much of it is not its most frequent one.
const inkOf = (locator) => locator.evaluate((canvas) => {
  const pixels = new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer);
  const counts = new Map();
  for (const p of pixels) counts.set(p, (counts.get(p) ?? 0) + 1);
  return {colours: counts.size, ink: 1 - Math.max(...counts.values()) / pixels.length};
});

// Texts whose contrast with what lies behind them is below 4.5 (3 where large), as WCAG 2 counts it.
const faintTexts = (tab) => tab.evaluate(() => {
  const parse = (text) => text.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if ((colour[3] ?? 1) > 0) layers.push(colour);
      if ((colour[3] ?? 1) === 1) break;
    }
    return layers.reverse().reduce((below, c) => [0, 1, 2].map((i) => (c[3] ?? 1) * c[i] + (1 - (c[3] ?? 1)) * below[i]), [255, 255, 255]);
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || ['SCRIPT', 'STYLE', 'OPTION'].includes(node.tagName) || !node.checkVisibility()) continue;
    const style = getComputedStyle(node);
    const a = light(parse(style.color)), b = light(behind(node));
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < (parseFloat(style.fontSize) >= 24 ? 3 : 4.5)) faint.push(`${node.tagName}.${node.className} ${contrast.toFixed(2)} "${walker.currentNode.textContent.slice(0, 20)}"`);
  }
  return faint;
});

const browser = await launch(modules, '--disable-webgl', '--disable-webgl2', '--disable-3d-apis');

async function open(options = {}) {
  const tab = await browser.newPage({viewport: {width: 1280, height: 900}, ...options});
  tab.wrong = listen(tab);
  tab.asked = [];
  tab.on('dialog', (dialog) => { tab.wrong.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  tab.on('request', (request) => tab.asked.push(request.url()));
  await tab.goto(`file://${page}`);
  await tab.waitForTimeout(500);
  return tab;
}
async function quiet(tab, where) {
  check(tab.wrong.length === 0, `${where}: no error on the console ${tab.wrong.join('; ')}`);
  const others = tab.asked.filter((url) => url !== `file://${page}` && !url.startsWith('data:'));
  check(others.length === 0, `${where}: nothing is asked for ${others.join(' ')}`);
  const [inner, scroll] = await tab.evaluate(() => [innerWidth, document.documentElement.scrollWidth]);
  check(scroll <= inner, `${where}: nothing sticks out to the right (${scroll} of ${inner})`);
}

async function checkCharts(tab) {
  for (const name of ['#matrix-canvas', '#map-canvas']) {
    const {colours, ink} = await settled(() => inkOf(tab.locator(name)), (of) => of.colours > 3);
    check(colours > 3 && ink > 0.001, `${name} is drawn: ${colours} colours, ${(100 * ink).toFixed(1)} %`);
  }
  const charts = await tab.locator('.uplot canvas').count();
  check(charts >= 3, `${charts} line charts`);
  for (let i = 0; i < charts; ++i) {
    const {colours, ink} = await settled(() => inkOf(tab.locator('.uplot canvas').nth(i)), (of) => of.colours > 5);
    check(colours > 5 && ink > 0.01, `line chart ${i} is drawn: ${colours} colours, ${(100 * ink).toFixed(1)} %`);
  }
  const picture = await settled(() => inkOf(tab.locator('.error .picture canvas').first()), (of) => of.colours > 20);
  check(picture.colours > 20, `an error has a picture of ${picture.colours} colours`);
  const tables = await tab.locator('details.behind table').count();
  check(tables >= 4, `${tables} tables stand behind charts`);
}

async function checkBaselines(tab) {
  const found = await tab.evaluate(() => [...document.querySelectorAll('.rival')].map((node) => ({
    name: node.querySelector('.name').textContent, value: node.querySelector('.rival-value').textContent, words: node.querySelector('.rival-words')?.textContent ?? '',
    width: node.querySelector('.rival-fill').getBoundingClientRect().width, interval: node.querySelector('.rival-interval').getBoundingClientRect().width})));
  check(found.length === 3 && found.some((b) => b.name === 'This model'), `bars of ${found.map((b) => b.name).join(', ')}`);
  const number = (b) => parseFloat(b.value);
  check(found.every((b, i) => b.interval > 2 && (i === 0 || (number(b) <= number(found[i - 1]) && b.width <= found[i - 1].width))), 'the best first, the longer the better, with intervals');
  check(found.filter((b) => b.name !== 'This model').every((b) => /alone|same pictures/.test(b.words)), 'the paired test is told in words');
}

async function checkMatrix(tab) {
  const canvas = tab.locator('#matrix-canvas');
  await canvas.focus();
  const before = await tab.locator('.matrix-panel h3').first().textContent();
  for (let i = 0; i < 99; ++i) await tab.keyboard.press('ArrowUp');
  for (let i = 0; i < 99; ++i) await tab.keyboard.press('ArrowLeft');
  await tab.keyboard.press('Enter');
  const corner = await tab.locator('.matrix-panel h3').first().textContent();
  check(corner !== before, `keys lead to another cell: ${corner}`);
  const tiles = await tab.locator('.matrix-panel .tile').count();
  check(tiles > 0, `Enter opens its ${tiles} pictures`);
  // A click on the same cell: the first of the diagonal.
  await tab.locator('details.behind summary').nth(1).click();
  await tab.locator('#confusions button.link').first().click();
  check(await tab.locator('.matrix-panel .tile').count() > 0, 'a line of the table opens pictures, too');
  await canvas.evaluate((node) => node.scrollIntoView({behavior: 'instant'}));
  const box = await canvas.boundingBox();
  const at = await tab.evaluate(() => {  // the first cell of the diagonal, as the page lays it out
    const canvas = document.getElementById('matrix-canvas');
    const ratio = canvas.width / canvas.clientWidth, context = canvas.getContext('2d');
    for (let y = 0; y < canvas.clientHeight; y += 2) for (let x = y; x < canvas.clientWidth; x += 2) {
      const blue = (i) => { const [r, g, b] = context.getImageData((x + i) * ratio, (y + i) * ratio, 1, 1).data; return b - r > 50 && b >= g; };
      if ([0, 1, 2, 3].every(blue)) return [x + 2, y + 2];
    }
    return null;
  });
  if (check(at !== null, 'blue is on the diagonal'), at) {
    await tab.mouse.click(box.x + at[0], box.y + at[1]);
    const about = await tab.locator('.matrix-panel .about').first().textContent();
    check(/right/.test(about), `a click on a blue cell opens rows that are right: ${about}, at ${at}`);
  }
  await tab.locator('.matrix-panel .tile').first().click();
  check(await tab.locator('#viewer[open] dd').count() > 2, 'a picture opens with its path');
  await tab.keyboard.press('Escape');
  check(await tab.locator('#viewer[open]').count() === 0, 'Escape closes it');
}

async function checkTable(tab) {
  const column = (i) => tab.locator(`#class-table tbody tr td:nth-child(${i})`).allTextContents();
  const numbers = async () => (await column(4)).map((text) => parseFloat(text));
  const head = tab.locator('#class-table th button', {hasText: 'precision'});
  await head.click();
  const falling = await numbers();
  await head.click();
  const rising = await numbers();
  const sorted = (list, sign) => list.every((v, i) => i === 0 || sign * (v - list[i - 1]) >= 0);
  check(falling.length > 2 && sorted(falling, -1) && sorted(rising, 1), `the table sorts both ways: ${falling.join(' ')}`);
  check(await tab.locator('#class-table th[aria-sort="ascending"]').count() === 1, 'and says so');
  await tab.locator('#class-table th button', {hasText: 'class'}).click();
  const names = await column(1);
  check(sorted(names.map((_, i) => i), 1) && [...names].sort((a, b) => a.localeCompare(b)).join() === names.join(), 'names, too');
}

async function checkLasso(tab) {
  const canvas = tab.locator('#map-canvas');
  await canvas.scrollIntoViewIfNeeded();
  await tab.locator('#map button', {hasText: 'lasso'}).click();
  const box = await canvas.boundingBox();
  await tab.mouse.move(box.x + 4, box.y + 4);
  await tab.mouse.down();
  for (const [x, y] of [[box.width - 4, 4], [box.width - 4, box.height - 4], [4, box.height - 4]]) await tab.mouse.move(box.x + x, box.y + y, {steps: 4});
  await tab.mouse.up();
  const head = await tab.locator('.map-list h3').textContent();
  const total = await tab.evaluate(() => data.map.total);
  check(head.startsWith(`${total.toLocaleString('en')} picture`), `a lasso around all ${total} selects them: ${head}`);
  check(await tab.locator('.map-list .tile').count() > 10, 'and lists their pictures');
  const spot = await tab.evaluate(() => {
    const canvas = document.getElementById('map-canvas'), xy = uint16(data.map.xy), w = canvas.clientWidth, h = canvas.clientHeight;
    return [xy[0] / 65535 * h + (w - h) / 2, h - xy[1] / 65535 * h];
  });
  await tab.mouse.move(box.x + spot[0], box.y + spot[1]);
  check(await tab.locator('#tip canvas').count() === 1, 'a point shows its picture');
}

if (what === 'pictures') {
  const tab = await open();
  const copies = await tab.evaluate(() => folded([[1, 0.5], [2, 0.5], [3, 0.4], [4, null], [5, null]].map(([row, confidence]) =>
    ({row, label: 0, predicted: 1, confidence, ofTruth: 0.1}))).map((one) => one.copies));
  check(copies.join() === '2,1,1,1', `copies of a picture are told as one: ${copies}`);
  await checkCharts(tab);
  await checkBaselines(tab);
  await checkMatrix(tab);
  await checkTable(tab);
  await checkLasso(tab);
  await quiet(tab, 'wide');
  check((await faintTexts(tab)).length === 0, `light: texts are readable ${(await faintTexts(tab)).slice(0, 3).join('; ')}`);
  const paper = (t) => t.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper(tab);
  const before = await inkOf(tab.locator('#matrix-canvas'));
  await tab.locator('.theme').click();
  await tab.locator('.theme').click();
  check(await paper(tab) !== light, 'the button changes the theme');
  check((await faintTexts(tab)).length === 0, `dark: texts are readable ${(await faintTexts(tab)).slice(0, 3).join('; ')}`);
  const enough = (of) => of.ink > before.ink / 2;
  check(enough(await settled(() => inkOf(tab.locator('#matrix-canvas')), enough)), 'dark: the matrix is drawn');
  const dark = await open({colorScheme: 'dark'});
  check(await paper(dark) !== light, 'the page follows the system');
  const narrow = await open({viewport: {width: 360, height: 740}});
  for (const summary of await narrow.locator('summary').all()) await summary.click();
  await quiet(narrow, '360 pixels');
  check((await narrow.locator('.error').first().boundingBox()).width > 280, '360 pixels: errors take the width');
  await tab.emulateMedia({media: 'print'});
  check(await tab.locator('nav').isHidden(), 'print: without the list of sections');
  await quiet(tab, 'print');
} else if (what === 'plain') {
  const tab = await open();
  check(await tab.locator('.picture.plain').count() === 0, 'a page without pictures has no empty frames in their place');
  check(await tab.locator('#contents a[href="#classes"]').count() === 1, 'its classes are told');
  await tab.locator('#class-table button.name').first().click();
  check(await tab.locator('#viewer .tile.words').count() > 0, 'its rows by their names');
  await quiet(tab, 'plain');
} else if (what === 'many') {
  const tab = await open();
  // The lower half left of the diagonal: one error, in a square that is large and strong enough.
  const seen = await tab.locator('#matrix-canvas').evaluate((canvas) => {
    const {data, width, height} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let pixels = 0;
    for (let y = height >> 1; y < height; ++y)
      for (let x = 0; x < width >> 1; ++x) pixels += data[4 * (y * width + x)] - data[4 * (y * width + x) + 2] > 60;
    return pixels;
  });
  check(seen >= 6 && seen <= 16, `one error among a million cells has ${seen} pixels`);
  await quiet(tab, 'many');
} else {
  for (const width of [1280, 360]) {
    const tab = await open({viewport: {width, height: 800}});
    for (const summary of await tab.locator('summary').all()) await summary.click();
    await quiet(tab, `${width} pixels`);
    check(await tab.locator('main img').count() === 0, 'no element came from a name');
    const names = await tab.locator('#class-table button.name').allTextContents();
    check(names.some((n) => n.startsWith('<img')) && names.some((n) => n.length === 200), 'names are shown as they are');
    await tab.locator('#class-table button.name').first().click();
    await quiet(tab, `${width} pixels, a class opened`);
  }
}
if (shots) {
  const tab = await open();
  await tab.screenshot({path: shots, fullPage: true});
}
await browser.close();
