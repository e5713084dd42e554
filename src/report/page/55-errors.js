// Errors, the surest first, each with the training pictures that it lies nearest to.

function addErrors() {
  if (!errors.length) return;
  const total = data.summary.evaluated - Math.round(data.summary.accuracy[0] * data.summary.evaluated);
  const withNear = errors.some((r) => nearOf.has(r.row));
  const list = el('div');
  const options = [...new Set(errors.flatMap((r) => [r.label, r.predicted]))].sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
  const choice = el('select', {'aria-label': 'Class', onchange: () => fill()}, el('option', {value: '', text: 'all classes'}),
    options.map((k) => el('option', {value: String(k), text: nameOf(k)})));
  const card = (r) => el('article', {class: 'error'}, pictured ? tile(r, 72) : null,
    el('div', {class: 'error-text'},
      el('p', {class: 'error-head'}, el('span', {}, el('span', {class: 'name', title: nameOf(r.label), text: brief(nameOf(r.label))}), el('span', {class: 'arrow', text: ' taken for '}),
        el('span', {class: 'name said', title: nameOf(r.predicted), text: brief(nameOf(r.predicted))})),
        r.confidence === null ? null : el('span', {class: 'sure', text: percent(r.confidence, 0)})),
      pictured ? null : el('div', {class: 'near'}, tile(r), nearOf.has(r.row) ? el('span', {class: 'arrow', text: 'near'}) : null),
      nearStrip(r) ?? (pictured ? el('p', {class: 'path', text: r.path}) : null)));
  function fill() {
    const k = choice.value === '' ? null : Number(choice.value);
    const chosen = k === null ? errors : errors.filter((r) => r.label === k || r.predicted === k);
    list.replaceChildren(...inPortions(chosen.length, 24, (from, to) => chosen.slice(from, to).map(card), 'errors'));
    list.firstChild.classList.add('error-list');
  }
  fill();
  section('errors', 'Errors',
    `${count(errors.length)}${errors.length < total ? ` of ${count(total)}` : ''}, the surest first.` +
      (withNear ? ` Beside each, the nearest training ${thing}s: framed in orange where they have the class that was said, in blue where they have the label itself.` : ''),
    el('div', {class: 'controls'}, choice), list);
}
