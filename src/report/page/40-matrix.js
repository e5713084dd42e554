// The confusion matrix: a canvas that zooms, a cell that opens its pictures.

function addMatrix() {
  if (!data.matrix || !data.summary.evaluated) return;
  const order = data.matrix.order;
  const n = order.length;
  const placeIn = new Map(order.map((k, i) => [k, i]));
  const flat = int32(data.matrix.cells);
  const cells = [];
  const countOf = new Map();
  const support = new Map();
  for (let i = 0; i < flat.length; i += 3) {
    cells.push({truth: flat[i], predicted: flat[i + 1], rows: flat[i + 2]});
    countOf.set(flat[i] * classNames.length + flat[i + 1], flat[i + 2]);
  }
  for (let k = 0; k < classNames.length; ++k) support.set(k, data.classes.support[k]);
  const rowsOf = (t, p) => countOf.get(t * classNames.length + p) ?? 0;
  const share = (c) => c.rows / Math.max(1, support.get(c.truth));

  const wrong = cells.filter((c) => c.truth !== c.predicted).sort((a, b) => b.rows - a.rows || share(b) - share(a));

  const canvas = el('canvas', {class: 'matrix', tabindex: '0', role: 'img', id: 'matrix-canvas',
    'aria-label': `Confusion matrix of ${n} classes. Arrow keys move, Enter opens a cell's pictures. A table follows.`});
  const host = el('div', {class: 'matrix-host'}, canvas);
  const largestCell = 96;
  const leastSquare = cells.length > 12000 ? 2 : 3;  // CSS pixels: what is smaller is not seen
  const squaresInRow = 4096;                         // more than a row has
  const panel = el('div', {class: 'matrix-panel', 'aria-live': 'polite'});
  const view = {zoom: 1, x: 0, y: 0};  // x, y: first class that is seen, in cells
  let chosen = null;                   // {row, column} in order
  let hovered = null;
  let errorsOnly = false;
  let box = {left: 0, top: 0, side: 0, cell: 0};

  const longest = Math.max(...order.map((k) => nameOf(k).length));
  // Room for names, where cells are large enough to have them; else for two words.
  const margin = (width) => {
    const size = Math.min(12, Math.min(width - 90, 960) / n * view.zoom * 0.92);
    const wanted = Math.min(Math.round(width * 0.3), 165, 14 + Math.round(0.58 * size * Math.min(longest, 30)));
    return (Math.min(width - wanted - 4, 960) / n) * view.zoom * 0.92 >= 7.5 ? wanted : 26;
  };
  // The beginning of a name that fits into so many pixels of the font that is set.
  function fit(context, text, room) {
    if (context.measureText(text).width <= room) return text;
    const letters = [...text];
    let most = Math.min(letters.length, Math.ceil(room / 3));
    while (most > 1 && context.measureText(`${letters.slice(0, most).join('')}…`).width > room) most -= most > 24 ? 4 : 1;
    return `${letters.slice(0, most).join('')}…`;
  }

  function layout(width) {
    const left = margin(width);
    const side = Math.min(width - left - 4, 960);
    box = {left, top: left, side, cell: side / n * view.zoom};
    return side + left + 4;
  }
  function clampView() {
    const seen = n / view.zoom;
    view.x = Math.min(Math.max(0, view.x), n - seen);
    view.y = Math.min(Math.max(0, view.y), n - seen);
  }
  const paint = canvasFor(host, canvas, layout, (context, width, height) => {
    layout(width);
    const {left, top, side, cell} = box;
    const at = (place, from, edge) => edge + (place - from) * cell;
    context.clearRect(0, 0, width, height);
    context.fillStyle = theme.paper;
    context.fillRect(left, top, side, side);
    context.save();
    context.beginPath();
    context.rect(left, top, side, side);
    context.clip();
    const gap = cell >= 8 ? 1 : 0;
    const coarse = cell < leastSquare;
    if (coarse) paintSquares(context, at);
    for (const c of cells) {
      const row = placeIn.get(c.truth), column = placeIn.get(c.predicted);
      if (row === undefined || column === undefined) continue;
      const x = at(column, view.x, left), y = at(row, view.y, top);
      if (x + cell < left || y + cell < top || x > left + side || y > top + side) continue;
      const right = row === column;
      if (right ? errorsOnly : coarse) continue;
      const strength = 0.16 + 0.84 * Math.sqrt(share(c));
      context.fillStyle = rgba(right ? theme.right : theme.wrong, strength);
      const drawn = Math.max(cell - gap, 1.2);
      context.fillRect(x, y, drawn, drawn);
      if (cell >= 24) {
        context.fillStyle = strength > 0.62 && !theme.dark ? '#ffffff' : strength > 0.62 ? '#10151a' : theme.ink;
        context.font = `${Math.min(cell > 60 ? 18 : 13, cell * 0.42)}px ${theme.font}`;
        context.textAlign = 'center';
        context.textBaseline = 'middle';
        context.fillText(count(c.rows), x + cell / 2, y + cell / 2 + 0.5);
      }
    }
    const outline = (mark, colour, wide) => {
      if (!mark) return;
      context.strokeStyle = colour;
      context.lineWidth = wide;
      const size = Math.max(cell - gap, 4);
      context.strokeRect(at(mark.column, view.x, left) - 0.5, at(mark.row, view.y, top) - 0.5, size + 1, size + 1);
    };
    if (hovered) {
      context.fillStyle = rgba(theme.ink, 0.07);
      context.fillRect(left, at(hovered.row, view.y, top), side, cell);
      context.fillRect(at(hovered.column, view.x, left), top, cell, side);
    }
    outline(hovered, theme.soft, 1);
    outline(chosen, theme.ink, 2);
    context.restore();
    context.strokeStyle = theme.line;
    context.lineWidth = 1;
    context.strokeRect(left - 0.5, top - 0.5, side + 1, side + 1);
    labels(context, at);
  });

  // Errors where cells are too small to be seen: a square has the strength of the largest of its cells, so that none is lost.
  function paintSquares(context, at) {
    const {left, top, side, cell} = box;
    const squares = new Map();
    for (const c of wrong) {
      const row = placeIn.get(c.truth), column = placeIn.get(c.predicted);
      if (row === undefined || column === undefined) continue;
      const x = at(column, view.x, 0), y = at(row, view.y, 0);
      if (x + cell < 0 || y + cell < 0 || x > side || y > side) continue;
      const square = Math.floor(y / leastSquare) * squaresInRow + Math.floor(x / leastSquare);
      squares.set(square, Math.max(squares.get(square) ?? 0, share(c)));
    }
    for (const [square, largest] of squares) {
      context.fillStyle = rgba(theme.wrong, 0.4 + 0.6 * Math.sqrt(largest));
      context.fillRect(left + (square % squaresInRow) * leastSquare, top + Math.floor(square / squaresInRow) * leastSquare,
        leastSquare, leastSquare);
    }
  }

  function labels(context, at) {
    const {left, top, side, cell} = box;
    const size = Math.min(12, cell * 0.92);
    const room = left - 10;
    context.font = `${size}px ${theme.font}`;
    context.textBaseline = 'middle';
    const first = Math.floor(view.y), seen = Math.ceil(n / view.zoom) + 1;
    if (size >= 7.5) {
      for (let i = first; i < Math.min(n, first + seen); ++i) {
        const y = at(i, view.y, top) + cell / 2;
        if (y < top || y > top + side) continue;
        context.fillStyle = hovered && hovered.row === i ? theme.ink : theme.soft;
        context.textAlign = 'right';
        context.fillText(fit(context, nameOf(order[i]), room), left - 6, y);
      }
      const start = Math.floor(view.x);
      for (let i = start; i < Math.min(n, start + seen); ++i) {
        const x = at(i, view.x, left) + cell / 2;
        if (x < left || x > left + side) continue;
        context.save();
        context.translate(x, top - 6);
        context.rotate(-Math.PI / 2);
        context.textAlign = 'left';
        context.fillStyle = hovered && hovered.column === i ? theme.ink : theme.soft;
        context.fillText(fit(context, nameOf(order[i]), room), 0, 0);
        context.restore();
      }
    }
    context.fillStyle = theme.soft;
    context.font = `600 12px ${theme.font}`;
    context.textAlign = 'left';
    context.save();
    if (size < 7.5) {
      context.fillText('predicted →', left, top - 12);
      context.translate(left - 12, top + 56);
      context.rotate(-Math.PI / 2);
      context.fillText('← label', 0, 0);
    }
    context.restore();
  }

  function cellAt(event) {
    const bounds = canvas.getBoundingClientRect();
    const x = event.clientX - bounds.left - box.left, y = event.clientY - bounds.top - box.top;
    if (x < 0 || y < 0 || x >= box.side || y >= box.side) return null;
    let found = {row: Math.floor(view.y + y / box.cell), column: Math.floor(view.x + x / box.cell)};
    if (rowsOf(order[found.row], order[found.column]) === 0 && box.cell < 7) found = nearestFilled(found) ?? found;
    return found;
  }
  // Where cells are smaller than a finger, the nearest that has rows.
  function nearestFilled({row, column}) {
    const reach = Math.ceil(6 / box.cell);
    let best = null, distance = Infinity;
    for (let i = -reach; i <= reach; ++i)
      for (let j = -reach; j <= reach; ++j) {
        const r = row + i, c = column + j;
        if (r < 0 || c < 0 || r >= n || c >= n || rowsOf(order[r], order[c]) === 0) continue;
        if (i * i + j * j < distance) { distance = i * i + j * j; best = {row: r, column: c}; }
      }
    return best;
  }
  function words({row, column}) {
    const truth = order[row], predicted = order[column], rowsHere = rowsOf(truth, predicted);
    const of = support.get(truth);
    return truth === predicted ? [brief(nameOf(truth), 80), `${count(rowsHere)} of ${count(of)} right`]
      : [`${brief(nameOf(truth), 80)} taken for ${brief(nameOf(predicted), 80)}`, `${count(rowsHere)} of ${count(of)} (${percent(rowsHere / Math.max(1, of), 0)})`];
  }
  function open(place, scroll = false) {
    chosen = place;
    const truth = order[place.row], predicted = order[place.column];
    const list = rowsOfPair(truth, predicted);
    const total = rowsOf(truth, predicted);
    const [head, about] = words(place);
    const missing = total - list.length;
    panel.replaceChildren(el('h3', {text: head}), el('p', {class: 'about', text: about}),
      ...(list.length ? tiles(list, 64, 24, (r) => (r.confidence === null ? undefined : percent(r.confidence, 0))) : []),
      ...(total && missing > 0 && list.length ? [el('p', {class: 'about', text: `${count(missing)} more are not shown.`})] : []),
      ...(total && !list.length ? [el('p', {class: 'about', text: 'The page does not hold these rows.'})] : []),
      ...(truth !== predicted && list.length ? [el('h3', {text: pictured ? `What ${brief(nameOf(predicted), 80)} looks like` : `Rows of ${brief(nameOf(predicted), 80)}`}),
        ...tiles(examplesOf(predicted, 8), 48, 8)] : []));
    paint();
    if (scroll && panel.getBoundingClientRect().top > innerHeight - 160) panel.scrollIntoView({block: 'center'});
  }
  function zoomAt(factor, x = 0.5, y = 0.5) {
    const before = n / view.zoom;
    view.zoom = Math.min(Math.max(1, view.zoom * factor), Math.max(1, n / 4));
    const after = n / view.zoom;
    view.x += (before - after) * x;
    view.y += (before - after) * y;
    clampView();
    paint();
  }
  const inBox = (event) => {
    const bounds = canvas.getBoundingClientRect();
    return [(event.clientX - bounds.left - box.left) / box.side, (event.clientY - bounds.top - box.top) / box.side];
  };

  let drag = null;
  canvas.addEventListener('pointerdown', (event) => {
    drag = {x: event.clientX, y: event.clientY, from: {...view}, moved: false};
    if (view.zoom > 1) canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (drag && event.buttons && view.zoom > 1) {
      const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
      if (Math.abs(dx) + Math.abs(dy) > 4) drag.moved = true;
      view.x = drag.from.x - dx / box.cell;
      view.y = drag.from.y - dy / box.cell;
      clampView();
      paint();
      return;
    }
    hovered = cellAt(event);
    paint();
    if (!hovered) return hideTip();
    const [head, about] = words(hovered);
    const list = rowsOfPair(order[hovered.row], order[hovered.column]).slice(0, 5);
    showTip(event.clientX, event.clientY, el('strong', {text: head}), el('span', {text: about}),
      list.length ? el('span', {class: 'tiles'}, list.map((r) => picture(r, 44))) : null);
  });
  canvas.addEventListener('pointerup', (event) => {
    const moved = drag && drag.moved;
    drag = null;
    const place = cellAt(event);
    if (!moved && place) open(place, true);
  });
  canvas.addEventListener('pointerleave', () => { hovered = null; hideTip(); paint(); });
  canvas.addEventListener('dblclick', (event) => zoomAt(2, ...inBox(event)));
  canvas.addEventListener('wheel', (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoomAt(Math.exp(-event.deltaY / 200), ...inBox(event));
  }, {passive: false});
  canvas.addEventListener('keydown', (event) => {
    const step = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]}[event.key];
    if (step) {
      const from = chosen ?? {row: 0, column: 0};
      chosen = {row: Math.min(Math.max(0, from.row + step[0]), n - 1), column: Math.min(Math.max(0, from.column + step[1]), n - 1)};
      const [head, about] = words(chosen);
      panel.replaceChildren(el('h3', {text: head}), el('p', {class: 'about', text: `${about}. Enter opens the pictures.`}));
      paint();
    } else if (event.key === 'Enter' && chosen) open(chosen, true);
    else if (event.key === '+' || event.key === '=') zoomAt(1.5);
    else if (event.key === '-') zoomAt(1 / 1.5);
    else if (event.key === '0') zoomAt(1e-9);
    else return;
    event.preventDefault();
  });

  const button = (text, label, action) => el('button', {type: 'button', text, 'aria-label': label, title: label, onclick: action});
  const only = el('input', {type: 'checkbox', id: 'errors-only', onchange: () => { errorsOnly = only.checked; paint(); }});
  const controls = el('div', {class: 'controls'},
    el('span', {class: 'key'}, el('i', {class: 'swatch right'}), 'right', el('i', {class: 'swatch wrong'}), 'wrong'),
    el('label', {}, only, 'errors only'),
    el('span', {class: 'group'}, button('+', 'Zoom in', () => zoomAt(1.6)), button('−', 'Zoom out', () => zoomAt(1 / 1.6)),
      button('whole', 'Whole matrix', () => zoomAt(1e-9))));

  const openPair = (c) => open({row: placeIn.get(c.truth), column: placeIn.get(c.predicted)}, true);
  const listed = wrong.filter((c) => placeIn.has(c.truth) && placeIn.has(c.predicted));
  const table = tableBehind('Confusions, the most frequent first', ['label', 'taken for', 'rows', 'of the class'],
    listed.map((c) => [el('button', {class: 'link', type: 'button', text: nameOf(c.truth), onclick: () => openPair(c)}),
      nameOf(c.predicted), count(c.rows), percent(share(c), 0)]), 200);
  const body = el('div', {class: 'matrix-body'}, host, panel);
  body.style.setProperty('--host', `${Math.min(165, 14 + 7 * Math.min(longest, 22)) + n * largestCell + 4}px`);
  section('confusions', 'Confusions',
    'A line is a label, a column what the model said. Classes that are taken for each other stand side by side. The stronger the colour, the larger the share of the line. Choose a cell to see what is in it. Ctrl and wheel zoom.',
    el('div', {class: `card matrix-card${n > 32 ? ' large' : ''}`}, controls, body), table);
  const first = listed[0] ?? {truth: order[0], predicted: order[0]};
  open({row: placeIn.get(first.truth), column: placeIn.get(first.predicted)});
}
