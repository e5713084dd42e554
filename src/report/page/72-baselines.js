// Other classifiers on the same rows: bars of accuracy with their intervals, the model among them.

const baselineNames = {
  svm: ['This model', 'the SVM'], softmax: ['Softmax regression', 'on the same features'], nearest: ['Nearest picture', 'by its features'],
  centroid: ['Nearest class mean', 'of the features'], hog: ['HoG', 'nearest picture by outlines alone'],
  cnn: ['Small network', 'trained on these pictures alone'],
};

// Says what a paired test found, as people would.
function pairedWords([model, other, p], name) {
  if (model + other === 0) return 'Right and wrong on the same pictures as the model.';
  const counts = `The model alone is right on ${count(model)}, ${name} alone on ${count(other)}`;
  if (p >= 0.05) return `${counts}: may be chance (p = ${p.toFixed(2)}).`;
  const odds = p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`;
  return `${counts}: the ${model > other ? 'model is better' : 'model is worse'}, and hardly by chance (${odds}).`;
}
const kilobytes = (bytes) => (bytes === null ? '–' : bytes < 1e6 ? `${short(bytes / 1e3)} kB` : `${short(bytes / 1e6)} MB`);

function addBaselines() {
  const list = data.baselines;
  if (!list || !list.length) return;
  const nameOfKind = (kind) => (baselineNames[kind] ?? [kind, ''])[0];
  const model = list.find((b) => b.kind === 'svm');
  const sorted = [...list].sort((a, b) => b.accuracy[0] - a.accuracy[0]);
  const most = Math.min(1, Math.ceil(10 * Math.max(...list.map((b) => b.accuracy[2]), 0.1)) / 10);  // the whole width
  const scale = (share) => `${(100 * share / most).toFixed(2)}%`;
  const place = (node, style) => { Object.assign(node.style, style); return node; };
  const bar = (b) => el('div', {class: `rival${b === model ? ' model' : ''}`},
    el('div', {class: 'rival-name'}, el('span', {class: 'name', text: nameOfKind(b.kind)}), ' ', el('span', {class: 'rival-about', text: (baselineNames[b.kind] ?? ['', ''])[1]})),
    el('div', {class: 'rival-bar', 'aria-hidden': 'true'},
      place(el('span', {class: 'rival-fill'}), {width: scale(b.accuracy[0])}),
      place(el('span', {class: 'rival-interval'}), {left: scale(b.accuracy[1]), width: scale(b.accuracy[2] - b.accuracy[1])}),
      model && b !== model ? place(el('span', {class: 'rival-mark'}), {left: scale(model.accuracy[0])}) : null),
    el('div', {class: 'rival-value', text: percent(b.accuracy[0])}),
    b.paired ? el('p', {class: 'rival-words', text: pairedWords(b.paired, nameOfKind(b.kind).toLowerCase().replace('hog', 'HoG'))}) : null);
  const largest = data.classes.support ? Math.max(...data.classes.support) / Math.max(1, data.summary.evaluated) : null;
  section('baselines', 'Baselines',
    `What else could have been done with the same pictures and the same split: accuracy on the held-out rows.${largest === null ? '' : ` Always saying the most frequent class would be right on ${percent(largest)}.`}`,
    el('div', {class: 'card'},
      el('div', {class: 'key legend'}, el('span', {}, el('i', {class: 'swatch right'}), 'the model'), el('span', {}, el('i', {class: 'swatch other'}), 'baselines'),
        el('span', {}, el('i', {class: 'swatch whisker'}), '95 % interval'), model ? el('span', {}, el('i', {class: 'swatch upright'}), 'where the model is') : null),
      el('div', {class: 'rivals', role: 'list'}, sorted.map((b) => { const node = bar(b); node.setAttribute('role', 'listitem'); return node; }))),
    tableBehind('Baselines', ['', 'accuracy', '95 % interval', 'balanced accuracy', 'log loss', 'seconds', 'kept', 'right where the model is not', 'where the model alone is', 'p'],
      sorted.map((b) => [nameOfKind(b.kind), percent(b.accuracy[0]), `${percent(b.accuracy[1])} to ${percent(b.accuracy[2])}`, percent(b.balanced_accuracy),
        decimal(b.log_loss, 3), b.seconds === null ? '–' : b.seconds.toFixed(1), kilobytes(b.model_bytes),
        ...(b.paired ? [count(b.paired[1]), count(b.paired[0]), b.paired[2] < 0.001 ? b.paired[2].toExponential(0) : b.paired[2].toFixed(3)] : ['', '', ''])])));
}
