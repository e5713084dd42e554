// The first look: how good, of what, what failed, what to know.

function intervalBar([value, low, high]) {
  const x = (share) => (100 * share).toFixed(2);
  return svg('svg', {class: 'interval', viewBox: '0 0 100 6', preserveAspectRatio: 'none', 'aria-hidden': 'true'},
    svg('rect', {x: 0, y: 2, width: 100, height: 2, class: 'track'}),
    svg('rect', {x: x(low), y: 1, width: Math.max(0.4, 100 * (high - low)), height: 4, class: 'band'}),
    svg('rect', {x: x(value) - 0.3, y: 0, width: 0.6, height: 6, class: 'mark'}));
}

function figure(name, value, note, extra = null, kind = '') {
  return el('div', {class: `figure ${kind}`}, el('dt', {text: name}), el('dd', {class: 'value', text: value}),
    extra, note ? el('dd', {class: 'note-line', text: note}) : null);
}

function addSummary() {
  const s = data.summary;
  const failed = s.failures.reduce((sum, [, n]) => sum + n, 0);
  const used = classNames.filter((_, k) => (data.classes.rows[k] ?? 0) > 0).length || classNames.length;
  document.getElementById('lead').textContent =
    [plural(s.rows, thing), classNames.length ? plural(used, 'class', 'classes') : 'no labels', s.evaluated ? `${count(s.evaluated)} judged (${s.rows_are})` : 'no model']
      .join(' · ');
  const figures = [];
  if (s.accuracy && s.evaluated) {
    figures.push(figure('Accuracy', percent(s.accuracy[0]), s.accuracy[2] > s.accuracy[1] || s.accuracy[1] > 0
      ? `95 % interval ${percent(s.accuracy[1])} to ${percent(s.accuracy[2])}` : null, intervalBar(s.accuracy), 'wide'));
    figures.push(figure('Balanced accuracy', percent(s.balanced_accuracy), 'mean recall of the classes'));
    if (s.top5_accuracy && used > 5) figures.push(figure('Top-5 accuracy', percent(s.top5_accuracy), 'the label is among the first five'));
    if (s.sets) {
      figures.push(figure('Prediction sets', `${decimal(s.sets[2], 1)} classes`,
        `on average, to hold the label of ${percent(s.sets[1])} of the ${thing}s (asked for: ${percent(s.sets[0], 0)})`));
    }
    if (s.calibration_error !== undefined)
      figures.push(figure('Calibration error', percent(s.calibration_error), 'how far its confidence is from how often it is right'));
  }
  if (s.unlike) {
    const {asked, unlike, right_of_unlike: right, right_of_others: others} = s.unlike;
    figures.push(figure('Unlike the catalogue', percent(unlike / asked),
      `of ${count(asked)} judged ${thing}s: farther from every training ${thing} than 95 of 100 of these from another.` +
        (unlike && asked > unlike ? ` Right on ${percent(right / unlike, 0)} of them, on ${percent(others / (asked - unlike), 0)} of the others` : '')));
  }
  const labelled = `${s.labelled === s.rows ? 'all' : count(s.labelled)} with a label`;
  figures.push(figure('Rows', count(s.rows), failed || data.imported ? labelled : `${labelled}, and every picture was read`));
  if (failed) figures.push(figure('Failed', count(failed), s.failures.map(([kind, n]) => `${count(n)} ${kind.replaceAll('_', ' ')}`).join(', '), null, 'bad'));
  const node = section('summary', 'Summary', null,
    data.notes.map((note) => el('p', {class: 'note', text: note})), el('dl', {class: 'figures'}, figures));
  if (s.log_loss !== undefined)
    node.append(tableBehind('Measures', ['measure', 'value'], [['accuracy', decimal(s.accuracy[0], 4)],
      ['balanced accuracy', decimal(s.balanced_accuracy, 4)], ['macro F1', decimal(s.macro_f1, 4)],
      ['top-5 accuracy', decimal(s.top5_accuracy, 4)], ['log loss', decimal(s.log_loss, 4)],
      ['Brier score', decimal(s.brier, 4)], ['expected calibration error', decimal(s.calibration_error, 4)]]));
}
