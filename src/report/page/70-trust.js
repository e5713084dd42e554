// Can its confidence be trusted: reliability, and the risk when only the surest rows are kept.

function addTrust() {
  const t = data.trust;
  if (!t || (!t.risk.length && t.reliability.length < 2)) return;
  const card = (title, about, ...rest) => el('div', {class: 'card'}, el('h3', {text: title}), el('p', {class: 'about', text: about}), rest);
  const parts = [];
  if (t.reliability.length > 1) {
    const [x, y, low, high, n] = [0, 1, 2, 3, 4].map((i) => t.reliability.map((p) => p[i]));
    const ends = [0, ...x, 1];
    const none = (v) => [null, ...v, null];
    parts.push(card('Reliability', `Where the points lie on the line, the model is right as often as it says. ${t.risk.length ? 'Each stands for as many rows; the' : 'The'} bars are 95 % intervals.`,
      lineChart(`Reliability: accuracy by confidence, calibration error ${percent(data.summary.calibration_error)}`, () => ({
        values: [ends, ends, none(y)],
        options: {
          legend: {show: false}, cursor: {show: false},
          scales: {x: {time: false, range: [0, 1]}, y: {range: [0, 1]}},
          axes: [axis('confidence', {values: percents}), axis('accuracy', {size: 56, values: percents})],
          hooks: {draw: [errorBars(2, none(low), none(high))]},
          series: [{}, {stroke: theme.line, width: 1.5, dash: [5, 4], points: {show: false}},
            {stroke: theme.right, width: 2, points: {show: true, size: 8, fill: theme.card, stroke: theme.right}}],
        },
      })),
      tableBehind('Reliability', ['rows', 'confidence', 'accuracy', '95 % interval'], t.reliability.map((_, i) =>
        [count(n[i]), percent(x[i]), percent(y[i]), `${percent(low[i])} to ${percent(high[i])}`]))));
  }
  const coverage = t.risk.map((p) => p[0]), risk = t.risk.map((p) => p[1]);
  if (t.risk.length) parts.push(card('Risk against coverage', 'How often it errs if it may leave the rows that it is least sure of to somebody.',
    lineChart('Share of errors by the share of rows that are kept', () => ({
      values: [coverage, risk],
      options: {
        legend: {show: false}, cursor: {drag: {x: false, y: false}, y: false},
        scales: {x: {time: false, range: [0, 1]}, y: {range: (u, a, b) => [0, Math.max(0.01, b * 1.08)]}},
        axes: [axis('rows that are kept', {values: percents}), axis('errors among them', {size: 56, values: percents})],
        series: [{}, {stroke: theme.wrong, width: 2, fill: rgba(theme.wrong, 0.1), points: {show: false}}],
      },
    })),
    tableBehind('Risk against coverage', ['rows that are kept', 'errors among them', 'least confidence'],
      [0.25, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1].map((c) => t.risk.find((p) => p[0] >= c - 1e-9)).map((p) => [percent(p[0], 0), percent(p[1]), percent(p[2])]))));
  section('trust', 'Confidence', null, el('div', {class: 'pair'}, parts));
}
