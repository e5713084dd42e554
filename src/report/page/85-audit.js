// The audit's lists: what may be wrong in the catalogue, the likeliest first.

const auditTitles = {
  wrong_labels: 'Labels that may be wrong', same_bytes: 'Same bytes, other label', near_copies: 'Near copies', outliers: 'Unlike all others',
  overlaps: 'Classes that overlap', small_classes: 'Classes too small',
};

function addAudit() {
  if (!data.audit || !data.audit.lists) return;
  const names = Object.keys(data.audit.lists).filter((name) => Array.isArray(data.audit.lists[name]));
  if (!names.length) return;
  const node = section('audit', 'Audit', 'What may be wrong in the catalogue, the likeliest first. Nothing was changed.');
  for (const name of names) {
    const list = data.audit.lists[name];
    const fields = [...new Set(list.slice(0, 200).flatMap((item) => Object.keys(item)))];
    const card = (item) => {
      const r = rowAt.get(item.row);
      const text = (value) => (Array.isArray(value) ? value.join(', ') : String(value ?? ''));
      const head = item.label !== undefined && item.suggested ? `${text(item.label)} → ${text(item.suggested)}` : text(item.label ?? item.class ?? item.path);
      return el('li', {}, r ? tile(r, 48) : picture(undefined, 48),
        el('div', {}, el('strong', {text: head}), item.reason ? el('span', {class: 'reason', text: text(item.reason)}) : null,
          el('span', {class: 'path', text: text(item.path)})));
    };
    const [box, more] = inPortions(list.length, 24, (from, to) => list.slice(from, to).map(card), 'entries');
    box.classList.add('audit-list');
    box.setAttribute('role', 'list');
    node.append(el('details', {class: 'card', open: list.length > 0 && name === names.find((each) => data.audit.lists[each].length) }, el('summary', {},
      el('span', {class: 'list-name', text: auditTitles[name] ?? name.replaceAll('_', ' ')}), el('span', {class: 'badge', text: count(list.length)})),
    list.length ? [el('p', {}, el('button', {type: 'button', text: 'Save as CSV', onclick: () => download(`${name}.csv`,
      csv([fields, ...list.map((item) => fields.map((f) => (typeof item[f] === 'object' && item[f] !== null ? JSON.stringify(item[f]) : item[f])))]))})), box, more]
      : el('p', {class: 'about', text: 'Nothing was found.'})));
  }
}
