// What the page was given. Everything here is data; names reach the page as text only.
'use strict';

const data = JSON.parse(document.getElementById('data').textContent);
const sprites = JSON.parse(document.getElementById('pictures').textContent);

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; ++i) bytes[i] = text.charCodeAt(i);
  return bytes;
}
const int16 = (base64) => new Int16Array(bytesOf(base64).buffer);
const uint16 = (base64) => new Uint16Array(bytesOf(base64).buffer);
const int32 = (base64) => new Int32Array(bytesOf(base64).buffer);
const float32 = (base64) => new Float32Array(bytesOf(base64).buffer);

const classNames = data.classes.names;
const nameOf = (k) => (k >= 0 && k < classNames.length ? classNames[k] : '(no label)');

// Rows that have a picture, by their row in the file.
const rows = data.rows.row.map((row, i) => ({
  row, index: i, path: data.rows.path[i], label: data.rows.label[i], predicted: data.rows.predicted[i],
  confidence: data.rows.confidence[i], ofTruth: data.rows.of_truth[i],
}));
const rowAt = new Map(rows.map((r) => [r.row, r]));
const isJudged = (r) => r.predicted >= 0;
const isWrong = (r) => isJudged(r) && r.predicted !== r.label;
const nearOf = new Map(data.near);
const surest = (a, b) => (b.confidence ?? 0) - (a.confidence ?? 0) || a.row - b.row;
const errors = rows.filter(isWrong).sort(surest);

// Copies of one picture have the same numbers: one stands for all, with how many there are.
function folded(list) {
  const first = new Map();
  for (const r of list) {
    const key = r.confidence ? `${r.label} ${r.predicted} ${r.confidence} ${r.ofTruth}` : r.row;
    if (first.has(key)) ++first.get(key).copies;
    else first.set(key, {r, copies: 1});
  }
  return [...first.values()];
}

// Held-out or judged rows of a pair of classes, the surest first.
function rowsOfPair(truth, predicted) {
  return rows.filter((r) => r.label === truth && r.predicted === predicted).sort(surest);
}
// The best examples of a class: right and sure, then others.
function examplesOf(k, most) {
  const mine = rows.filter((r) => r.label === k);
  const right = mine.filter((r) => r.predicted === k).sort(surest);
  return right.concat(mine.filter((r) => !isJudged(r))).slice(0, most);
}
