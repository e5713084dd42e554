// One picture through the network.

function pngCanvas(base64, label) {
  const canvas = el('canvas', {role: 'img', 'aria-label': label, class: 'stage'});
  createImageBitmap(new Blob([bytesOf(base64)], {type: 'image/png'})).then((bitmap) => {
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
    canvas.getContext('2d').drawImage(bitmap, 0, 0);
  }, () => {});
  return canvas;
}

function addNetwork() {
  const p = data.picture;
  if (!p) return;
  const r = rowAt.get(p.row);
  const feature = float32(p.feature);
  const channels = [...feature.keys()];
  const strongest = [...channels].sort((a, b) => feature[b] - feature[a] || a - b).slice(0, 12);
  const who = r ? `${nameOf(r.label)}, ${r.path}` : `row ${count(p.row)}`;
  section('network', 'One picture', `What the network makes of ${who}.`,
    el('div', {class: 'card'}, r && hasPicture(r) ? el('div', {class: 'tiles'}, tile(r, 96)) : null,
      el('h3', {text: `Its ${count(feature.length)} features`}),
      el('p', {class: 'about', text: `What a classifier gets: the mean of each map of the last layer. Strongest: ${strongest.slice(0, 6).map((i) => `${i} (${decimal(feature[i], 2)})`).join(', ')}.`}),
      lineChart(`${count(feature.length)} features of one picture as bars`, () => ({
        values: [channels, [...feature]],
        options: {
          height: 240, legend: {show: false}, cursor: {drag: {x: true, y: false}, y: false},
          scales: {x: {time: false, range: (u, a, b) => [a, b]}, y: {range: (u, a, b) => [Math.min(0, a), b * 1.04 || 1]}},
          axes: [axis('channel'), axis('mean activation', {size: 56})],
          series: [{}, {stroke: theme.right, width: 1, fill: theme.right, points: {show: false}, paths: uPlot.paths.bars({size: [0.9, 12], align: 1})}],
        },
      })),
      tableBehind('Strongest features', ['channel', 'mean activation'], strongest.map((i) => [String(i), decimal(feature[i], 4)]))),
    p.stages.length ? el('div', {class: 'pair'}, p.stages.map(([name, about, png]) => el('figure', {class: 'card'},
      el('figcaption', {}, el('h3', {text: name}), el('p', {class: 'about', text: about})), pngCanvas(png, name)))) : null);
}
