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
  const few = feature.length <= 64;
  section('network', data.imported ? 'One row' : 'One picture', data.imported ? `${who}.` : `What the network makes of ${who}.`,
    el('div', {class: 'card'}, r && hasPicture(r) ? el('div', {class: 'tiles'}, tile(r, 96)) : null,
      el('h3', {text: `Its ${count(feature.length)} features`}),
      el('p', {class: 'about', text: `What a classifier gets${data.imported ? '' : ': the mean of each map of the last layer'}. ${data.imported ? 'Largest' : 'Strongest'}: ${strongest.slice(0, 6).map((i) => `${i} (${decimal(feature[i], 2)})`).join(', ')}.`}),
      lineChart(`${count(feature.length)} features of one picture as bars`, () => ({
        values: [channels, [...feature]],
        options: {
          height: 240, legend: {show: false}, cursor: {drag: {x: true, y: false}, y: false},
          scales: {x: {time: false, range: (u, a, b) => [a - 0.5, b + 0.5]}, y: {range: (u, a, b) => [Math.min(0, a), b * 1.04 || 1]}},
          axes: [axis(data.imported ? 'feature' : 'channel', {incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000]}), axis(data.imported ? 'value' : 'mean activation', {size: 56})],
          series: [{}, {stroke: theme.right, width: 1, fill: theme.right, points: {show: false}, paths: uPlot.paths.bars({size: [0.9, few ? 40 : 12]})}],
        },
      })),
      tableBehind(data.imported ? 'Largest features' : 'Strongest features', data.imported ? ['feature', 'value'] : ['channel', 'mean activation'], strongest.map((i) => [String(i), decimal(feature[i], 4)]))),
    p.stages.length ? el('div', {class: 'pair'}, p.stages.map(([name, about, png]) => el('figure', {class: 'card'},
      el('figcaption', {}, el('h3', {text: name}), el('p', {class: 'about', text: about})), pngCanvas(png, name)))) : null);
}
