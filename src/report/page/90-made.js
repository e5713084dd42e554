// How all of it was made.

function addMade() {
  const config = (() => { try { return JSON.stringify(JSON.parse(data.config), null, 2); } catch { return data.config; } })();
  section('made', 'How it was made', null, el('div', {class: 'card'},
    el('dl', {class: 'facts'}, data.facts.map(([name, value]) => [el('dt', {text: name}), el('dd', {text: value})])),
    data.command ? [el('h3', {text: 'The command that makes this page again'}), el('pre', {text: data.command})] : null,
    el('details', {}, el('summary', {text: 'Configuration'}), el('pre', {text: config})),
    el('details', {}, el('summary', {text: 'Licence of the chart library, uPlot'}), el('pre', {text: data.licence}))));
}
