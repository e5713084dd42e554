// The map: a point a picture. Colours say the class, or what was right; hover shows the picture, a lasso lists.

function addMap() {
  const m = data.map;
  if (!m) return;
  const xy = uint16(m.xy), mapRows = int32(m.rows), labels = int32(m.labels), said = bytesOf(m.said);
  const n = mapRows.length;
  const density = m.density ? bytesOf(m.density) : null;
  const counts = new Map();
  for (const k of labels) counts.set(k, (counts.get(k) ?? 0) + 1);
  const byCount = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a));

  const view = {x: 0, y: 0, side: 1};  // the part of the unit square that is seen
  let colours = data.summary.evaluated ? 'said' : 'class';
  let mode = 'move';
  let chosenClass = null;
  let lasso = null, selected = null, hovered = -1;

  // Eight colours that people with any kind of colour vision tell apart; beyond, hues around the circle.
  const few = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8a6d3b', '#7f7f7f'];
  const hue = new Map(byCount.map((k, i) => [k, i]));
  const classColour = (k) => {
    if (k < 0) return theme.line;
    const i = hue.get(k);
    if (byCount.length <= few.length) return few[i];
    return `hsl(${(i * 137.508) % 360} ${55 + 15 * (i % 3)}% ${(theme.dark ? 62 : 42) + 8 * (i % 2)}%)`;
  };
  const styles = () => {
    if (chosenClass !== null) return [[(i) => labels[i] !== chosenClass, rgba(theme.soft, 0.18)], [(i) => labels[i] === chosenClass, theme.wrong]];
    if (colours === 'said') return [[(i) => said[i] === 0, rgba(theme.soft, 0.3)], [(i) => said[i] === 1, theme.right], [(i) => said[i] === 2, theme.wrong]];
    if (colours === 'side') return [[(i) => said[i] === 0, rgba(theme.soft, 0.45)], [(i) => said[i] !== 0, theme.third]];
    return byCount.map((k) => [(i) => labels[i] === k, classColour(k)]);
  };
  // Points by colour, so that a frame sets few colours.
  let batches = [];
  function group() {
    if (chosenClass === null && colours === 'class') {
      const lists = new Map(byCount.map((k) => [k, []]));
      for (let i = 0; i < n; ++i) lists.get(labels[i]).push(i);
      batches = byCount.map((k) => ({colour: classColour(k), points: lists.get(k)}));
      return;
    }
    batches = styles().map(([test, colour]) => {
      const points = [];
      for (let i = 0; i < n; ++i) if (test(i)) points.push(i);
      return {colour, points};
    });
  }

  // A grid of points for the nearest one.
  const grid = 128, inGrid = new Map();
  for (let i = 0; i < n; ++i) {
    const key = (xy[2 * i + 1] * grid >> 16) * grid + (xy[2 * i] * grid >> 16);
    if (inGrid.has(key)) inGrid.get(key).push(i); else inGrid.set(key, [i]);
  }
  function nearest(x, y, reach) {
    let best = -1, distance = reach * reach;
    const from = (v) => Math.max(0, Math.floor((v - reach) * grid)), to = (v) => Math.min(grid - 1, Math.floor((v + reach) * grid));
    for (let gy = from(y); gy <= to(y); ++gy)
      for (let gx = from(x); gx <= to(x); ++gx)
        for (const i of inGrid.get(gy * grid + gx) ?? []) {
          const dx = xy[2 * i] / 65535 - x, dy = xy[2 * i + 1] / 65535 - y;
          if (dx * dx + dy * dy < distance) { distance = dx * dx + dy * dy; best = i; }
        }
    return best;
  }

  const canvas = el('canvas', {class: 'map', tabindex: '0', role: 'img', id: 'map-canvas',
    'aria-label': `Map of ${count(m.total)} ${thing}s. Arrow keys move, plus and minus zoom. Choose a class to list what is in it.`});
  const host = el('div', {class: 'map-host'}, canvas);
  const listed = el('div', {class: 'map-list', 'aria-live': 'polite'}, el('p', {class: 'about', text: `Draw a lasso, or choose a class, to list its ${thing}s here. A click on a point opens its ${thing}.`}));
  let width = 0, height = 0;
  const toX = (i) => (xy[2 * i] / 65535 - view.x) / view.side * height + (width - height) / 2;
  const toY = (i) => height - (xy[2 * i + 1] / 65535 - view.y) / view.side * height;
  const fromX = (px) => (px - (width - height) / 2) / height * view.side + view.x;
  const fromY = (py) => (height - py) / height * view.side + view.y;

  let densityPicture = null;
  function makeDensity() {
    if (!density) return;
    const side = m.density_side;
    densityPicture = el('canvas', {width: side, height: side});
    const context = densityPicture.getContext('2d');
    const pixels = context.createImageData(side, side);
    const colour = parseInt(theme.right.slice(1), 16);
    for (let y = 0; y < side; ++y)
      for (let x = 0; x < side; ++x) {
        const at = ((side - 1 - y) * side + x) * 4;
        pixels.data[at] = colour >> 16; pixels.data[at + 1] = (colour >> 8) & 255; pixels.data[at + 2] = colour & 255;
        pixels.data[at + 3] = density[y * side + x] * 0.8;
      }
    context.putImageData(pixels, 0, 0);
  }

  themed(() => { group(); makeDensity(); });
  const paint = canvasFor(host, canvas, (w) => Math.min(w, 660), (context, w, h) => {
    width = w; height = h;
    context.fillStyle = theme.paper;
    context.fillRect(0, 0, w, h);
    if (densityPicture && colours !== 'class') {
      const size = h / view.side;
      context.globalAlpha = 0.8;
      context.drawImage(densityPicture, -view.x * size + (w - h) / 2, h - size + view.y * size, size, size);
      context.globalAlpha = 1;
    }
    const base = n > 50000 ? 1.4 : n > 8000 ? 2.2 : n > 1500 ? 4.4 : 6;
    const size = Math.min(9, base * Math.pow(1 / view.side, 0.35));
    for (const {colour, points} of batches) {
      context.fillStyle = colour;
      context.globalAlpha = n > 20000 ? 0.7 : 0.85;
      if (size < 2.6) {
        for (const i of points) context.fillRect(toX(i) - size / 2, toY(i) - size / 2, size, size);
      } else {
        context.beginPath();
        for (const i of points) {
          const x = toX(i), y = toY(i);
          if (x < -9 || y < -9 || x > w + 9 || y > h + 9) continue;
          context.moveTo(x + size / 2, y);
          context.arc(x, y, size / 2, 0, 2 * Math.PI);
        }
        context.fill();
      }
    }
    context.globalAlpha = 1;
    const ring = (i, colour) => {
      context.beginPath();
      context.arc(toX(i), toY(i), size / 2 + 3, 0, 2 * Math.PI);
      context.strokeStyle = colour;
      context.lineWidth = 2;
      context.stroke();
    };
    if (selected) for (const i of selected.slice(0, 3000)) { context.fillStyle = theme.ink; context.fillRect(toX(i) - 1, toY(i) - 1, 2, 2); }
    if (hovered >= 0) ring(hovered, theme.ink);
    if (lasso && lasso.length > 1) {
      context.beginPath();
      lasso.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
      context.closePath();
      context.fillStyle = rgba(theme.ink, 0.08);
      context.fill();
      context.strokeStyle = theme.ink;
      context.lineWidth = 1.5;
      context.stroke();
    }
  });

  function inside(polygon, x, y) {
    let odd = false;
    for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
      const [xi, yi] = polygon[i], [xj, yj] = polygon[j];
      if (yi > y !== yj > y && x < (xj - xi) * (y - yi) / (yj - yi) + xi) odd = !odd;
    }
    return odd;
  }
  function list(points, what) {
    selected = points;
    const shown = points.map((i) => rowAt.get(mapRows[i])).filter((r) => r !== undefined);
    const ofClass = new Map();
    for (const i of points) ofClass.set(labels[i], (ofClass.get(labels[i]) ?? 0) + 1);
    const most = [...ofClass].sort((a, b) => b[1] - a[1]).slice(0, 6).map(([k, c]) => `${brief(nameOf(k), 40)} ${count(c)}`).join(', ');
    const save = el('button', {type: 'button', text: 'Save as CSV', onclick: () => download('selected.csv', csv([['row', 'path', 'label', 'said'],
      ...points.map((i) => { const r = rowAt.get(mapRows[i]); return [mapRows[i], r ? r.path : '', nameOf(labels[i]), r && isJudged(r) ? nameOf(r.predicted) : '']; })]))});
    listed.classList.add('filled');
    listed.replaceChildren(el('h3', {text: `${plural(points.length, thing)} ${what}`}), el('p', {class: 'about', text: most}),
      ...(points.length ? [el('p', {}, save)] : []), ...tiles(shown, 52, 60));
    paint();
  }

  let drag = null;
  const touches = new Map();
  const at = (event) => { const b = canvas.getBoundingClientRect(); return [event.clientX - b.left, event.clientY - b.top]; };
  function zoomAt(factor, px = width / 2, py = height / 2) {
    const x = fromX(px), y = fromY(py);
    view.side = Math.min(1, Math.max(1 / 64, view.side / factor));
    view.x += x - fromX(px);
    view.y += y - fromY(py);
    keepIn();
    paint();
  }
  function keepIn() {
    view.x = Math.min(Math.max(-view.side / 2, view.x), 1 - view.side / 2);
    view.y = Math.min(Math.max(-view.side / 2, view.y), 1 - view.side / 2);
    if (view.side === 1) view.x = view.y = 0;
  }
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    touches.set(event.pointerId, at(event));
    if (mode === 'lasso' || event.shiftKey) lasso = [at(event)];
    else drag = {x: event.clientX, y: event.clientY, from: {...view}, moved: false};
    hideTip();
  });
  canvas.addEventListener('pointermove', (event) => {
    if (touches.size === 2 && touches.has(event.pointerId)) {
      const other = [...touches].find(([id]) => id !== event.pointerId)[1];
      const before = Math.hypot(...touches.get(event.pointerId).map((v, i) => v - other[i]));
      const now = at(event);
      const after = Math.hypot(...now.map((v, i) => v - other[i]));
      touches.set(event.pointerId, now);
      lasso = null;
      if (before > 0) zoomAt(after / before, (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
      if (drag) drag = {x: event.clientX, y: event.clientY, from: {...view}, moved: true};
      return;
    }
    if (lasso) { lasso.push(at(event)); paint(); return; }
    if (drag && event.buttons) {
      const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
      if (Math.abs(dx) + Math.abs(dy) > 4) drag.moved = true;
      view.x = drag.from.x - dx / height * view.side;
      view.y = drag.from.y + dy / height * view.side;
      keepIn();
      paint();
      return;
    }
    const [px, py] = at(event);
    const found = nearest(fromX(px), fromY(py), 12 / height * view.side);
    if (found !== hovered) { hovered = found; paint(); }
    if (found < 0) return hideTip();
    const r = rowAt.get(mapRows[found]);
    showTip(event.clientX, event.clientY, r && hasPicture(r) ? picture(r, 96) : null, el('strong', {text: nameOf(labels[found])}),
      r && isWrong(r) ? el('span', {class: 'said', text: `taken for ${nameOf(r.predicted)}`}) : null,
      el('span', {class: 'path', text: r ? r.path : `row ${count(mapRows[found])}`}));
  });
  const end = (event) => {
    touches.delete(event.pointerId);
    if (lasso) {
      const polygon = lasso;
      lasso = null;
      const points = [];
      if (polygon.length > 2) for (let i = 0; i < n; ++i) if (inside(polygon, toX(i), toY(i))) points.push(i);
      list(points, 'in the lasso');
    } else if (drag && !drag.moved && hovered >= 0) {
      const r = rowAt.get(mapRows[hovered]);
      if (r) viewRow(r);
    }
    drag = null;
  };
  canvas.addEventListener('pointerup', end);
  canvas.addEventListener('pointercancel', (event) => { touches.delete(event.pointerId); lasso = drag = null; paint(); });
  canvas.addEventListener('pointerleave', () => { hovered = -1; hideTip(); paint(); });
  canvas.addEventListener('wheel', (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoomAt(Math.exp(-event.deltaY / 200), ...at(event));
  }, {passive: false});
  canvas.addEventListener('dblclick', (event) => zoomAt(2, ...at(event)));
  canvas.addEventListener('keydown', (event) => {
    const step = {ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0]}[event.key];
    if (step) { view.x += step[0] * view.side / 8; view.y += step[1] * view.side / 8; keepIn(); paint(); }
    else if (event.key === '+' || event.key === '=') zoomAt(1.5);
    else if (event.key === '-') zoomAt(1 / 1.5);
    else if (event.key === '0') zoomAt(1e-9);
    else return;
    event.preventDefault();
  });

  const pick = (name, options, value, change) => el('label', {}, `${name} `, el('select', {onchange: (event) => change(event.target.value)},
    options.map(([v, text]) => el('option', {value: v, text, selected: v === value}))));
  const recolour = () => { group(); paint(); };
  const kinds = [['class', 'class']];
  if (data.summary.evaluated) kinds.unshift(['said', 'right or wrong'], ['side', data.summary.rows_are === 'held-out' ? 'training or held-out' : 'judged or not']);
  const modes = ['move', 'lasso'].map((name) => el('button', {type: 'button', text: name, 'aria-pressed': String(name === mode), onclick: () => {
    mode = name;
    modes.forEach((b) => b.setAttribute('aria-pressed', String(b.textContent === name)));
    canvas.classList.toggle('lasso', mode === 'lasso');
  }}));
  const named = [...byCount].filter((k) => k >= 0).sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
  const controls = el('div', {class: 'controls'}, pick('Colour', kinds, colours, (v) => { colours = v; chosenClass = null; classPick.lastChild.value = ''; recolour(); legend(); }));
  const classPick = pick('Class', [['', 'all'], ...named.map((k) => [String(k), nameOf(k)])], '', (v) => {
    chosenClass = v === '' ? null : Number(v);
    recolour();
    legend();
    if (chosenClass !== null) list([...labels.keys()].filter((i) => labels[i] === chosenClass), `of ${brief(nameOf(chosenClass), 80)}`);
  });
  controls.append(classPick, el('span', {class: 'group'}, modes),
    el('span', {class: 'group'}, ...[['+', 'Zoom in', 1.6], ['−', 'Zoom out', 1 / 1.6], ['whole', 'Whole map', 1e-9]].map(([text, label, factor]) =>
      el('button', {type: 'button', text, 'aria-label': label, onclick: () => zoomAt(factor)}))));
  const key = el('div', {class: 'key legend'});
  function legend() {
    const entry = (colour, text) => { const i = el('i', {class: 'swatch'}); i.style.background = colour; return el('span', {title: text}, i, brief(text, 40)); };
    const entries = chosenClass !== null ? [[theme.wrong, nameOf(chosenClass)], [theme.line, 'others']]
      : colours === 'said' ? [[theme.right, 'right'], [theme.wrong, 'wrong'], [theme.line, data.summary.rows_are === 'held-out' ? 'training' : 'not judged']]
        : colours === 'side' ? [[theme.third, data.summary.rows_are === 'held-out' ? 'held-out' : 'judged'], [theme.line, 'others']]
          : byCount.slice(0, 12).map((k) => [classColour(k), nameOf(k)]);
    key.replaceChildren(...entries.map(([colour, text]) => entry(colour, text)), colours === 'class' && byCount.length > 12 && chosenClass === null ? `and ${byCount.length - 12} more` : '');
  }
  themed(legend);
  const quality = m.facts.length ? tableBehind('How well the map keeps neighbourhoods', ['measure', 'value'], m.facts) : null;
  section('map', 'Map', `${thing === 'row' ? 'Rows' : 'Pictures'} with like features lie close together; only what is near means something.${m.total > n ? ` ${count(n)} of ${count(m.total)} are drawn as points, all of them as shade.` : ''} With "lasso" (or Shift), draw around points to list them.`,
    el('div', {class: 'card'}, controls, key, el('div', {class: 'map-body'}, host, listed)), quality);
}

