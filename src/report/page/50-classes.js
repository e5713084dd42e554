// The table of classes.

const meter = (share) => {
  const bar = el('span', {class: 'meter'}, el('span', {class: 'fill'}));
  bar.firstChild.style.width = `${Math.round(100 * share)}%`;
  return [bar, el('span', {class: 'number', text: percent(share, 0)})];
};

function viewClass(k) {
  const parts = [['Right', rows.filter((r) => r.label === k && r.predicted === k).sort(surest)],
    ['Taken for another', rows.filter((r) => r.label === k && isWrong(r)).sort(surest)],
    ['Others taken for it', rows.filter((r) => r.predicted === k && r.label !== k).sort(surest)],
    [data.summary.evaluated ? 'Not judged' : 'All', rows.filter((r) => r.label === k && !isJudged(r))]];
  viewer.replaceChildren(el('h2', {text: nameOf(k)}),
    ...parts.filter(([, list]) => list.length).flatMap(([name, list]) => [el('h3', {text: `${name} (${count(list.length)})`}),
      ...tiles(list, 56, 30, (r) => (isWrong(r) ? brief(nameOf(r.label === k ? r.predicted : r.label), 24) : undefined))]),
    el('form', {method: 'dialog'}, el('button', {class: 'close', text: 'Close'})));
  viewer.showModal();
}

function addClasses() {
  if (!classNames.length) return;
  const c = data.classes;
  const judged = Boolean(c.support);
  const columns = [
    {name: 'class', text: true, value: (k) => nameOf(k), show: (k) => el('button', {class: 'link name', type: 'button', text: nameOf(k), onclick: () => viewClass(k)})},
    {name: `${thing}s`, value: (k) => c.rows[k] ?? 0, show: (k) => count(c.rows[k] ?? 0), kind: 'wide'},
  ];
  if (judged) columns.push(
    {name: 'judged', value: (k) => c.support[k], show: (k) => count(c.support[k]), kind: 'wide'},
    {name: 'precision', value: (k) => (c.support[k] ? c.precision[k] : null), show: (k) => (c.support[k] ? meter(c.precision[k]) : '–')},
    {name: 'recall', value: (k) => (c.support[k] ? c.recall[k] : null), show: (k) => (c.support[k] ? meter(c.recall[k]) : '–')},
    {name: 'F1', value: (k) => (c.support[k] ? c.f1[k] : null), show: (k) => (c.support[k] ? percent(c.f1[k], 0) : '–'), kind: 'wide'},
    {name: 'most taken for', value: (k) => c.confused_rows[k], kind: 'wide other',
      show: (k) => (c.confused_with[k] < 0 ? '–' : el('span', {title: nameOf(c.confused_with[k])}, el('bdi', {text: brief(nameOf(c.confused_with[k]), 40)}), ` (${count(c.confused_rows[k])})`))});
  if (pictured) columns.push({name: 'examples', kind: 'wide', show: (k) => el('span', {class: 'tiles'}, examplesOf(k, 4).map((r) => tile(r, 32)))});

  const all = classNames.map((_, k) => k).filter((k) => (c.rows[k] ?? 0) > 0 || !judged || c.support[k] > 0);
  let sorted = judged ? columns.findIndex((column) => column.name === 'recall') : 1;
  let rising = judged;
  const filter = el('input', {type: 'search', placeholder: 'Find a class', 'aria-label': 'Find a class', oninput: () => fill()});
  const body = el('tbody');
  const more = el('button', {class: 'more', type: 'button'});
  const heads = columns.map((column, i) => el('th', {scope: 'col', class: `${column.kind ?? ''}${column.text ? '' : ' number'}`},
    column.value ? el('button', {type: 'button', text: column.name, onclick: () => sortBy(i)}) : column.name));
  let most = 20;
  more.addEventListener('click', () => { most = Infinity; fill(); });

  function sortBy(i) {
    rising = i === sorted ? !rising : Boolean(columns[i].text);
    sorted = i;
    fill();
  }
  function fill() {
    const column = columns[sorted];
    const wanted = filter.value.toLowerCase();
    const list = all.filter((k) => nameOf(k).toLowerCase().includes(wanted));
    const compare = column.text ? (a, b) => column.value(a).localeCompare(column.value(b)) : (a, b) => column.value(a) - column.value(b);
    const last = (k) => (!column.text && column.value(k) === null ? 1 : 0);  // what has no value
    list.sort((a, b) => last(a) - last(b) || (rising ? 1 : -1) * compare(a, b) || (judged ? c.support[b] - c.support[a] : 0) || a - b);
    heads.forEach((head, i) => {
      if (i === sorted) head.setAttribute('aria-sort', rising ? 'ascending' : 'descending');
      else head.removeAttribute('aria-sort');
    });
    body.replaceChildren(...list.slice(0, most).map((k) => el('tr', {}, columns.map((each) =>
      el('td', {class: `${each.kind ?? ''}${each.text ? ' name' : ' number'}`}, each.show(k))))));
    more.hidden = list.length <= most;
    more.textContent = `Show all ${count(list.length)} classes`;
  }
  fill();
  section('classes', 'Classes', judged ? 'The weakest first. Click a heading to sort, a name to see what is in it.' : 'The largest first.',
    el('div', {class: 'card'}, el('div', {class: 'controls'}, filter),
      el('div', {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Table of classes'},
        el('table', {id: 'class-table', class: 'classes'}, el('thead', {}, el('tr', {}, heads)), body)), more));
}
