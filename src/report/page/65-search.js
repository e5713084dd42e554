// The search: a curve over C with the folds' deviation, or a table of C and gamma in colours.

function addSearch() {
  const s = data.search;
  if (!s) return;
  const best = s.points[s.best], simplest = s.points[s.simplest];
  const isShare = s.scoring !== 'log-loss';
  const show = (v, digits = 2) => (v === null ? '–' : isShare ? percent(v, digits) : decimal(v, 4));
  const saysPoint = (p) => `${p.kernel === 'rbf' ? `RBF kernel, gamma ${short(p.gamma)}, ` : ''}C ${short(p.C)}`;
  const node = section('search', 'Search',
    `${plural(s.points.length, 'point')} in ${plural(s.folds, 'fold')}, by ${s.scoring.replaceAll('-', ' ')}. Best: ${saysPoint(best)} with ${show(best.mean)} ± ${show(best.deviation)} over the folds.` +
      (s.simplest === s.best ? ' No simpler point is within one standard error of it.' : ` Simplest within one standard error: ${saysPoint(simplest)} with ${show(simplest.mean)}.`));
  const linear = s.points.filter((p) => p.kernel === 'linear');
  const rbf = s.points.filter((p) => p.kernel === 'rbf');
  const gammas = [...new Set(rbf.map((p) => p.gamma))];
  if (linear.length > 1) node.append(el('div', {class: 'card'}, el('h3', {text: rbf.length ? 'Linear kernel' : 'Score by C'}), curve(linear)));
  if (gammas.length > 1) node.append(el('div', {class: 'card'}, el('h3', {text: 'RBF kernel'}), heat(rbf, gammas)));
  else if (rbf.length > 1) node.append(el('div', {class: 'card'}, el('h3', {text: `RBF kernel, gamma ${short(gammas[0])}`}), curve(rbf)));
  node.append(tableBehind('Points of the search', ['kernel', 'gamma', 'C', 'mean', 'deviation', 'standard error', 'seconds', ''],
    s.points.map((p, i) => [p.kernel, p.gamma === undefined ? '' : short(p.gamma), short(p.C), show(p.mean), show(p.deviation), show(p.error),
      decimal(p.seconds, 1), [i === s.best ? 'best' : '', i === s.simplest ? 'simplest within one standard error' : '', i === s.taken ? 'taken' : ''].filter(Boolean).join(', ')])));

  function curve(points) {
    const x = points.map((p) => p.C);
    const mean = points.map((p) => p.mean);
    const low = points.map((p) => p.mean - p.deviation), high = points.map((p) => p.mean + p.deviation);
    const mark = (p) => points.map((q) => (q === p ? q.mean : null));
    const key = el('div', {class: 'key legend'}, el('span', {}, el('i', {class: 'swatch line right'}), 'mean of the folds'),
      el('span', {}, el('i', {class: 'swatch band'}), '± one deviation'), points.includes(best) ? el('span', {}, el('i', {class: 'swatch dot wrong'}), 'best') : null,
      s.simplest !== s.best && points.includes(simplest) ? el('span', {}, el('i', {class: 'swatch dot third'}), 'simplest within one standard error') : null);
    const chart = lineChart(`Score by C, best ${show(best.mean)} at C ${short(best.C)}`, () => ({
      values: [x, low, high, mean, mark(best), mark(simplest)],
      options: {
        legend: {show: false}, cursor: {drag: {x: false, y: false}, points: {show: false}, y: false},
        scales: {x: {time: false, distr: 3}, y: {range: (u, a, b) => { const pad = Math.max((b - a) * 0.1, 0.002); return [a - pad, b + pad]; }}},
        axes: [axis('C', {splits: () => (x.length > 12 ? decades(x) : x), filter: (u, ticks) => ticks, values: (u, ticks) => ticks.map((v) => (v === null ? '' : short(v)))}), axis(s.scoring.replaceAll('-', ' '), isShare ? {size: 64, values: percents} : {size: 64})],
        bands: [{series: [2, 1], fill: rgba(theme.right, 0.16)}],
        series: [{}, {stroke: 'transparent', points: {show: false}}, {stroke: 'transparent', points: {show: false}},
          {stroke: theme.right, width: 2, points: {show: true, size: 7, fill: theme.card, stroke: theme.right}},
          {stroke: 'transparent', points: {show: true, size: 12, fill: theme.wrong, stroke: theme.card}},
          {stroke: 'transparent', points: {show: s.simplest !== s.best, size: 12, fill: theme.third, stroke: theme.card}}],
      },
    }));
    return el('div', {}, key, chart);
  }

  function heat(points, all) {
    const Cs = [...new Set(points.map((p) => p.C))].sort((a, b) => a - b);
    const at = new Map(points.map((p) => [`${p.gamma} ${p.C}`, p]));
    const means = points.map((p) => p.mean).filter((v) => v !== null);
    const low = Math.min(...means), high = Math.max(...means);
    const cell = (p) => {
      if (!p || p.mean === null) return el('td', {text: '–'});
      const good = high > low ? (s.more_is_better ? p.mean - low : high - p.mean) / (high - low) : 1;
      const mark = p === best ? ' best' : p === simplest ? ' simplest' : '';
      const td = el('td', {class: `heat${mark}`, title: `C ${short(p.C)}, gamma ${short(p.gamma)}: ${show(p.mean)} ± ${show(p.deviation)}`},
        el('span', {class: 'mean', text: show(p.mean, 1)}), el('span', {class: 'deviation', text: `± ${show(p.deviation, 1)}`}));
      themed(() => { td.style.background = rgba(theme.right, 0.04 + 0.42 * good * good); });
      return td;
    };
    return el('div', {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Scores by C and gamma'},
      el('table', {class: 'heatmap'}, el('caption', {text: 'A line is a gamma, a column a C. Framed: the best (solid), the simplest within one standard error (dashed).'}),
        el('thead', {}, el('tr', {}, el('th', {scope: 'col', text: 'gamma \\ C'}), Cs.map((C) => el('th', {scope: 'col', text: short(C)})))),
        el('tbody', {}, all.sort((a, b) => a - b).map((g) => el('tr', {}, el('th', {scope: 'row', text: short(g)}), Cs.map((C) => cell(at.get(`${g} ${C}`))))))));
  }
}
