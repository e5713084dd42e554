// The job: what each rank did when, and where its time went.

// What stages are called here, where their own names say little.
const stageNames = {copies: 'near copies', baseline: 'baselines'};
const stageName = (stage) => stageNames[stage] ?? stage;
const partNames = ['read', 'decode', 'resize', 'network', 'write'];

function addJob() {
  const l = data.lanes;
  if (!l) return;
  const stages = [...new Set([...l.stages, ...l.ranks.flatMap((r) => r.spans)].map((s) => s.stage))];
  const ranks = l.ranks.filter((r) => r.spans.length);
  const lanes = [{name: 'job', spans: l.stages}, ...ranks.map((r) => ({name: `rank ${r.rank}`, spans: r.spans}))];
  const tall = lanes.length > 40 ? 6 : 20, gap = lanes.length > 40 ? 1 : 6;
  const stageClass = (stage) => `stage-${stages.indexOf(stage) % 6}`;
  const drawing = svg('svg', {class: 'lanes', viewBox: `0 0 1000 ${lanes.length * (tall + gap)}`, preserveAspectRatio: 'none', role: 'img',
    'aria-label': `What ${plural(ranks.length, 'rank')} did in ${duration(l.seconds)}`});
  drawing.style.height = `${lanes.length * (tall + gap)}px`;
  lanes.forEach((lane, i) => {
    drawing.append(svg('rect', {class: 'track', x: 0, y: i * (tall + gap), width: 1000, height: tall}));
    for (const s of lane.spans) {
      const bar = svg('rect', {class: stageClass(s.stage), x: 1000 * s.begin / l.seconds, y: i * (tall + gap), height: tall,
        width: Math.max(1.5, 1000 * (s.end - s.begin) / l.seconds)});
      bar.addEventListener('pointermove', (event) => showTip(event.clientX, event.clientY, el('strong', {text: `${lane.name}: ${stageName(s.stage)}`}),
        el('span', {text: `${duration(s.end - s.begin)}, from ${duration(s.begin)} on`}), s.images !== undefined ? el('span', {text: plural(s.images, 'picture')}) : null,
        s.messages !== undefined && ranks.length > 1 ? el('span', {text: `${duration(s.messages)} of it in messages, with waiting`}) : null));
      bar.addEventListener('pointerleave', hideTip);
      drawing.append(bar);
    }
  });
  const names = el('div', {class: 'lane-names'}, lanes.map((lane, i) => (lanes.length > 40 && i % 8 ? null : el('span', {text: lane.name}))));
  if (lanes.length > 40) names.classList.add('dense');
  const byStage = stages.map((stage) => [stage, l.stages.filter((s) => s.stage === stage).reduce((sum, s) => sum + s.end - s.begin, 0)]).filter(([, seconds]) => seconds > 0);
  const spent = new Map();
  for (const r of ranks) for (const s of r.spans) for (const [part, seconds] of Object.entries(s.parts ?? {})) spent.set(part, (spent.get(part) ?? 0) + seconds);
  const all = [...spent.values()].reduce((a, b) => a + b, 0);
  const pictures = ranks.flatMap((r) => r.spans).reduce((sum, s) => sum + (s.images ?? 0), 0);
  const busy = Math.max(0, ...ranks.flatMap((r) => r.spans).filter((s) => s.images).map((s) => s.end));
  const rate = pictures && busy ? `, ${count(pictures)} pictures at ${short(pictures / busy)} a second` : '';
  const node = section('job', 'Job', `${plural(Math.max(1, ranks.length), 'rank')} in ${duration(l.seconds)}${rate}.`,
    el('div', {class: 'card'}, el('div', {class: 'key legend'}, stages.map((stage) => el('span', {}, el('i', {class: `swatch ${stageClass(stage)}`}), stageName(stage)))),
      el('div', {class: 'lane-box'}, names, drawing, el('div', {class: 'lane-axis'}, el('span', {text: '0 s'}), el('span', {text: duration(l.seconds)})))));
  // A bar of shares, and what they are. `list`: [name, seconds, class].
  const shares = (title, list) => {
    const whole = list.reduce((sum, [, seconds]) => sum + seconds, 0);
    const bar = el('div', {class: 'stack', role: 'img', 'aria-label': title});
    for (const [name, seconds, kind] of list) {
      const piece = el('span', {class: kind, title: `${name}: ${duration(seconds)}`});
      piece.style.flexGrow = String(seconds / whole);
      bar.append(piece);
    }
    return [el('h3', {text: title}), bar, el('div', {class: 'key legend'}, list.map(([name, seconds, kind]) =>
      el('span', {}, el('i', {class: `swatch ${kind}`}), `${name} ${duration(seconds)}, ${percent(seconds / whole, 0)}`)))];
  };
  if (byStage.length > 1) node.lastChild.append(...shares('Time by stage', byStage.map(([stage, seconds]) => [stageName(stage), seconds, stageClass(stage)])));
  if (all > 0) node.lastChild.append(...shares('Time of the threads of extract, by kind of work', partNames.filter((p) => spent.get(p) > 0).map((p, i) => [p, spent.get(p), `part-${i}`])));
  const who = (name, spans) => spans.map((s) => [name, stageName(s.stage), duration(s.begin), duration(s.end), s.images === undefined ? '' : count(s.images),
    s.messages === undefined ? '' : duration(s.messages), ...partNames.map((p) => (s.parts ? duration(s.parts[p] ?? 0) : ''))]);
  node.append(tableBehind('Stages of the job and of its ranks', ['', 'stage', 'from', 'to', 'pictures', 'in messages', ...partNames],
    [...who('job', l.stages), ...ranks.flatMap((r) => who(`rank ${r.rank}`, r.spans))]));
}
