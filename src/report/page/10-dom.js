// Small helpers: elements, numbers, sections, the tip and the viewer.

// el('p', {class: 'x', onclick: f, text: 'hi'}, child, 'text'): no HTML is ever parsed.
function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === 'text') node.textContent = value;
    else if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? '' : value);
  }
  for (const child of children.flat(Infinity)) if (child !== null && child !== undefined) node.append(child);
  return node;
}
function svg(tag, props = {}, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [key, value] of Object.entries(props)) node.setAttribute(key, value);
  node.append(...children.flat());
  return node;
}

const whole = new Intl.NumberFormat('en', {maximumFractionDigits: 0});
const count = (n) => whole.format(n);
const percent = (share, digits = 1) => (share === null || share === undefined ? '–' : `${(100 * share).toFixed(digits)}\u00a0%`);
const decimal = (x, digits = 3) => (x === null || x === undefined ? '–' : x.toFixed(digits));
const short = (x) => String(Number(x.toPrecision(3)));
const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;
// A text of at most so many characters; whole ones, as emoji are several units.
function brief(text, most = 48) {
  const letters = [...text];
  return letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : text;
}
function duration(seconds) {
  if (seconds > 0 && seconds < 0.05) return 'under 0.1 s';
  if (seconds < 90) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

// A section with its entry in the list of sections.
function section(id, title, about, ...children) {
  document.getElementById('contents').append(el('a', {href: `#${id}`, text: title}));
  const node = el('section', {id, 'aria-labelledby': `${id}-title`},
    el('h2', {id: `${id}-title`, text: title}), about ? el('p', {class: 'about', text: about}) : null, children);
  document.getElementById('main').append(node);
  return node;
}

// A table of plain values behind a chart.
function tableBehind(caption, heads, lines, most = 500) {
  const body = el('tbody', {}, lines.slice(0, most).map((line) => el('tr', {}, line.map((cell) =>
    (cell instanceof Node ? el('td', {}, cell) : el('td', {text: cell}))))));
  return el('details', {class: 'behind'}, el('summary', {text: 'As a table'}),
    el('div', {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption},
      el('table', {}, el('caption', {text: caption}),
        el('thead', {}, el('tr', {}, heads.map((head) => el('th', {scope: 'col', text: head})))), body)),
    lines.length > most ? el('p', {class: 'about', text: `The first ${count(most)} of ${count(lines.length)}.`}) : null);
}

const tip = document.getElementById('tip');
function showTip(x, y, ...content) {
  tip.replaceChildren(...content.filter((c) => c !== null));
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  const left = Math.min(Math.max(8, x + 14), innerWidth - box.width - 8);
  const top = y + 18 + box.height > innerHeight ? y - box.height - 12 : y + 18;
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${Math.max(8, top)}px`;
}
function hideTip() { tip.hidden = true; }

// A file for the reader, made here.
function download(name, text, type = 'text/csv') {
  const link = el('a', {download: name});
  link.href = URL.createObjectURL(new Blob([text], {type}));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
// A field that a spreadsheet takes for text, whatever it begins with.
const csvField = (value) => {
  const text = String(value ?? '');
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};
const csv = (lines) => lines.map((line) => line.map(csvField).join(',')).join('\n') + '\n';

// Shows `make(from, to)` in portions.
function inPortions(total, portion, make, what) {
  const list = el('div', {class: 'portions'});
  const more = el('button', {class: 'more', type: 'button'});
  let shown = 0;
  const step = () => {
    const next = Math.min(total, shown + portion);
    list.append(...make(shown, next));
    shown = next;
    more.hidden = shown >= total;
    more.textContent = `Show more (${count(total - shown)} ${what})`;
  };
  more.addEventListener('click', step);
  step();
  return [list, more];
}

// Colours of the theme, read anew after each change of it.
let theme = {};
const onTheme = [];
function readTheme() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ['paper', 'card', 'ink', 'soft', 'faint', 'line', 'right', 'wrong', 'third', 'fourth'])
    theme[name] = style.getPropertyValue(`--${name}`).trim();
  theme.dark = style.getPropertyValue('--dark').trim() === '1';
  theme.font = getComputedStyle(document.body).fontFamily;
}
function themed(draw) { onTheme.push(draw); }
function redrawAll() { readTheme(); for (const draw of onTheme) draw(); }
function rgba(hex, alpha) {
  const n = parseInt(hex.slice(1), 16);
  return `rgba(${n >> 16},${(n >> 8) & 255},${n & 255},${alpha})`;
}

// A canvas as large as its box, in device pixels; `draw(context, width, height)` in CSS pixels.
function canvasFor(host, canvas, height, draw) {
  let width = 0;
  const paint = () => {
    if (!width) return;
    const tall = height(width);
    const ratio = Math.min(3, devicePixelRatio || 1);
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(tall * ratio);
    canvas.style.height = `${tall}px`;
    const context = canvas.getContext('2d');
    context.scale(ratio, ratio);
    draw(context, width, tall);
  };
  new ResizeObserver(() => {
    const now = host.clientWidth;
    if (now !== width) { width = now; paint(); }
  }).observe(host);
  themed(paint);
  return paint;
}
