// Line charts by uPlot, in the colours of the theme.

// `make(width)` gives {options, data}; the chart is made anew when width or theme change.
function lineChart(label, make) {
  const host = el('div', {class: 'chart', role: 'img', 'aria-label': label});
  let chart = null;
  let width = 0;
  const draw = () => {
    if (!width) return;
    if (chart) chart.destroy();
    const {options, values} = make(width);
    chart = new uPlot({width, height: Math.round(Math.min(340, Math.max(220, width * 0.55))), ...options}, values, host);
  };
  new ResizeObserver(() => {
    const now = host.clientWidth;
    if (now !== width) { width = now; draw(); }
  }).observe(host);
  themed(draw);
  return host;
}

function axis(label, more = {}) {
  return {
    stroke: theme.soft, label, size: 32, labelSize: 20, labelFont: `12px ${theme.font}`, font: `12px ${theme.font}`, gap: 4,
    grid: {stroke: theme.faint, width: 1}, ticks: {stroke: theme.line, width: 1, size: 5}, ...more,
  };
}
// A scale by powers of ten: lines at these alone, or at the values if they span little.
function decades(values) {
  const powers = [];
  for (let e = Math.ceil(Math.log10(Math.min(...values)) - 1e-9); 10 ** e <= Math.max(...values) * (1 + 1e-9); ++e) powers.push(Number(`1e${e}`));
  return powers.length > 1 ? powers : values;
}
const percents = (u, ticks) => ticks.map((v) => (v === null ? '' : `${Math.round(1000 * v) / 10}%`));

// Vertical bars with caps from low to high, drawn over the chart.
function errorBars(index, low, high) {
  return (u) => {
    const context = u.ctx;
    const x = u.data[0];
    const cap = 3 * devicePixelRatio;
    context.save();
    context.strokeStyle = u.series[index].points.stroke ? theme.right : theme.ink;
    context.lineWidth = 1.5 * devicePixelRatio;
    context.beginPath();
    for (let i = 0; i < x.length; ++i) {
      if (low[i] === null) continue;
      const at = u.valToPos(x[i], 'x', true);
      const from = u.valToPos(low[i], 'y', true);
      const to = u.valToPos(high[i], 'y', true);
      context.moveTo(at, from); context.lineTo(at, to);
      context.moveTo(at - cap, from); context.lineTo(at + cap, from);
      context.moveTo(at - cap, to); context.lineTo(at + cap, to);
    }
    context.stroke();
    context.restore();
  };
}
