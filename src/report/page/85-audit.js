// The audit's lists: what may be wrong in the catalogue, the likeliest first.

const auditTitles = {
  wrong_labels: 'Labels that may be wrong', same_bytes: 'Same bytes, other label', near_copies: 'Near copies', outliers: 'Unlike all others',
  overlaps: 'Classes that overlap', small_classes: 'Classes too small',
};

function addAudit() {
  if (!data.audit || !data.audit.lists) return;
  const lists = data.audit.lists;
  if (!lists.length) return;
  const node = section('audit', 'Audit', 'What may be wrong in the catalogue, the likeliest first. Nothing was changed.',
    data.audit.notes.map((note) => el('p', {class: 'note', text: note})));
  const titleOf = (name) => auditTitles[name] ?? name.replaceAll('_', ' ');
  const clean = lists.filter((list) => list.total === 0).map((list) => titleOf(list.name).toLowerCase());
  for (const {name, total, findings: list} of lists) {
    if (total === 0) continue;
    const fields = [...new Set(list.slice(0, 200).flatMap((item) => Object.keys(item)))];
    const card = (item) => {
      const r = rowAt.get(item.row);
      const text = (value) => (Array.isArray(value) ? value.join(', ') : String(value ?? ''));
      const shown = (value) => brief(text(value));
      const head = [shown(item.label), shown(item.suggested || (item.other_label !== item.label ? item.other_label : ''))].filter(Boolean).join(' → ') || text(item.path);
      const other = rowAt.get(item.other_row);
      return el('li', {}, item.row === undefined ? null : r ? (pictured ? tile(r, 48) : null) : picture(undefined, 48), other && pictured ? tile(other, 48) : null,
        el('div', {}, el('strong', {text: head}), item.reason ? el('span', {class: 'reason', title: text(item.reason), text: text(item.reason)}) : null,
          el('span', {class: 'path', text: text(item.path)})));
    };
    const [box, more] = inPortions(list.length, 24, (from, to) => list.slice(from, to).map(card), 'entries');
    box.classList.add('audit-list');
    box.setAttribute('role', 'list');
    node.append(el('details', {class: 'card', open: list.length > 0 && name === lists.find((each) => each.total > 0)?.name}, el('summary', {},
      el('span', {class: 'list-name', text: titleOf(name)}), el('span', {class: 'badge', text: count(total)})),
    list.length ? [el('p', {}, el('button', {type: 'button', text: 'Save as CSV', onclick: () => download(`${name}.csv`,
      csv([fields, ...list.map((item) => fields.map((f) => (typeof item[f] === 'object' && item[f] !== null ? JSON.stringify(item[f]) : item[f])))]))})), box, more]
      : null,
    total > list.length ? el('p', {class: 'about', text: `The first ${count(list.length)}; all are in the audit's own files.`}) : null));
  }
  if (clean.length) node.append(el('p', {class: 'about', text: `Nothing was found of: ${clean.join(', ')}.`}));
}
