// Pictures of rows, cut from the sheets. No address is asked for: sheets are decoded in memory.

const places = int16(sprites.places);
const sheets = sprites.sheets.map(() => null);
const sheetWaits = sprites.sheets.map(() => []);
sprites.sheets.forEach((base64, i) => {
  createImageBitmap(new Blob([bytesOf(base64)], {type: 'image/jpeg'})).then((bitmap) => {
    sheets[i] = bitmap;
    for (const draw of sheetWaits[i]) draw(bitmap);
    sheetWaits[i] = [];
  }, () => {});
});

function placeOf(r) {
  const [sheet, x, y, width, height] = places.subarray(5 * r.index, 5 * r.index + 5);
  return {sheet, x, y, width, height};
}
const hasPicture = (r) => r !== undefined && placeOf(r).sheet >= 0;
// Without any, rows are told by their names.
const pictured = rows.some(hasPicture);
const thing = data.imported && !pictured ? 'row' : 'picture';
const shortName = (r) => brief(r.path.slice(r.path.lastIndexOf('/') + 1), 24);

// Draws a row's picture once its sheet is decoded, as large as fits into size x size.
function paintPicture(canvas, r, size) {
  const p = placeOf(r);
  const scale = size / Math.max(p.width, p.height);
  const draw = (bitmap) => {
    const ratio = Math.min(3, Math.max(1, devicePixelRatio || 1));
    canvas.width = Math.max(1, Math.round(p.width * scale * ratio));
    canvas.height = Math.max(1, Math.round(p.height * scale * ratio));
    canvas.style.width = `${p.width * scale}px`;
    canvas.style.height = `${p.height * scale}px`;
    const context = canvas.getContext('2d');
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, p.x, p.y, p.width, p.height, 0, 0, canvas.width, canvas.height);
  };
  if (sheets[p.sheet]) draw(sheets[p.sheet]);
  else sheetWaits[p.sheet].push(draw);
}

function saysOf(r) {
  const truth = nameOf(r.label);
  if (!isJudged(r)) return truth;
  const sure = r.confidence === null ? '' : `, ${percent(r.confidence, 0)}`;
  return r.predicted === r.label ? `${truth}${sure}` : `${truth}, taken for ${nameOf(r.predicted)}${sure}`;
}

// A square with the picture of a row, or a plain one; nothing on a page without pictures.
function picture(r, size) {
  if (!pictured) return null;
  const box = el('span', {class: 'picture'});
  box.style.width = box.style.height = `${size}px`;
  if (!hasPicture(r)) {
    box.classList.add('plain');
    box.setAttribute('role', 'img');
    box.setAttribute('aria-label', r ? `no picture of ${r.path}` : 'no picture');
    return box;
  }
  const canvas = el('canvas', {role: 'img', 'aria-label': saysOf(r)});
  paintPicture(canvas, r, size);
  box.append(canvas);
  return box;
}

// A picture that opens the viewer. `state`: 'right', 'wrong' or none.
function tile(r, size = 56, caption = undefined) {
  const state = !isJudged(r) ? '' : isWrong(r) ? ' wrong' : ' right';
  return el('button', {class: `tile${state}${pictured ? '' : ' words'}`, type: 'button', title: `${r.path}\n${saysOf(r)}`, onclick: () => viewRow(r)},
    picture(r, size) ?? shortName(r), caption === undefined ? null : el('span', {class: 'caption', text: caption}));
}

function tiles(all, size, most, caption = () => undefined) {
  const list = folded(all);
  const words = ({r, copies}) => [caption(r), copies > 1 ? `×${count(copies)}` : undefined].filter(Boolean).join('\n') || undefined;
  const [box, more] = inPortions(list.length, most, (from, to) => list.slice(from, to).map((one) => tile(one.r, size, words(one))),
    `${thing}s`);
  box.classList.add('tiles');
  return [box, more];
}

// The nearest training pictures of a row: why it may have been taken for what it was.
function nearStrip(r, size = 32) {
  const near = nearOf.get(r.row);
  if (!near) return null;
  return el('div', {class: 'near'}, near.map(([row, similarity]) => {
    const other = rowAt.get(row);
    if (!other) return null;
    const like = other.label === r.label ? 'like-truth' : other.label === r.predicted ? 'like-said' : '';
    const cell = el('button', {class: `tile ${like}${pictured ? '' : ' words'}`, type: 'button', onclick: () => viewRow(other),
      title: `${nameOf(other.label)}, similarity ${decimal(similarity, 2)}\n${other.path}`}, picture(other, size) ?? shortName(other));
    return cell;
  }));
}

const viewer = document.getElementById('viewer');
function viewRow(r) {
  hideTip();
  const facts = [['path', r.path], ['row', count(r.row)], ['label', nameOf(r.label)]];
  if (isJudged(r)) {
    facts.push(['taken for', nameOf(r.predicted)]);
    if (r.confidence !== null) facts.push(['confidence', percent(r.confidence)], ['of its label', percent(r.ofTruth)]);
  } else if (data.summary.rows_are) {
    facts.push(['side', data.summary.rows_are === 'held-out' ? 'training' : 'not judged']);
  }
  const strip = nearStrip(r, 64);
  viewer.replaceChildren(
    el('div', {class: 'viewer'}, picture(r, Math.min(224, innerWidth - 80)),
      el('div', {class: 'viewer-text'},
        el('dl', {}, facts.map(([name, value]) => [el('dt', {text: name}), el('dd', {text: value})])),
        strip ? [el('h3', {text: `Nearest training ${thing}s`}), strip] : null)),
    el('form', {method: 'dialog'}, el('button', {class: 'close', text: 'Close'})));
  if (!viewer.open) viewer.showModal();
}
viewer.addEventListener('click', (event) => { if (event.target === viewer) viewer.close(); });
