"""The report of a scaling experiment as one HTML page, plots and all in it."""

import collections
import html as text
import json
import math

PANELS = (("seconds", "time, s", True), ("speed_up", "speed-up", True), ("efficiency", "efficiency", False),
          ("communication_share", "communication and waiting", False))
UNITS = {"weak": {"train": " (of one pass)", "search": " (of one pass)"}}
PARTS = ("shared", "fixed", "messages", "waiting")
AGREES = 1.25  # measured by predicted, or the other way round
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 275, 190, 54, 30, 12
LEGEND = ('<p class="legend"><svg width="30" height="10"><circle cx="15" cy="5" r="3.2" class="measured"/></svg>measured'
          '<svg width="30" height="10"><circle cx="15" cy="5" r="3.2" class="predicted"/></svg>predicted'
          '<svg width="34" height="10"><line x1="6" x2="30" y1="5" y2="5" class="ideal"/></svg>perfect scaling</p>')
STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #222; --soft: #555; --faint: #767676; --grid: #e8e8e8; --ideal: #b5b5b5;
  --line: #1f6fb4; --warn: #a33a00 }
@media (prefers-color-scheme: dark) { :root { --paper: #16181c; --ink: #e4e4e4; --soft: #b4b4b4; --faint: #999; --grid: #2c3036;
  --ideal: #666; --line: #6cb2f0; --warn: #ff9d66 } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1180px; margin: 2em auto;
  padding: 0 1em }
h2 { margin: 1.6em 0 0.3em; font-size: 1.15em } table { border-collapse: collapse; font-size: 13px; margin-bottom: 1em }
th, td { padding: 2px 12px; text-align: right; border-bottom: 1px solid var(--grid); white-space: nowrap; vertical-align: bottom }
td:first-child, th:first-child, .left { text-align: left } th { font-weight: 600 }
.row { display: flex; flex-wrap: wrap; gap: 8px } tr.predicted td { color: var(--faint); font-style: italic }
.scroll { overflow-x: auto } .facts td:last-child { text-align: left; white-space: normal; overflow-wrap: anywhere }
.note, .verdict { color: var(--soft); max-width: 58em } .verdict { margin: 0.3em 0 0.6em } .warn { color: var(--warn) }
svg text { font: 11px system-ui, sans-serif; fill: var(--soft) }
.grid { stroke: var(--grid) } .ideal { stroke: var(--ideal); fill: none } .curve { stroke: var(--line); stroke-width: 1.6; fill: none }
.dashed { stroke-dasharray: 4 3 } .spread { stroke: var(--line) } circle { stroke: var(--line) }
.measured { fill: var(--line) } circle.predicted { fill: var(--paper) }
figure { margin: 0 } figcaption { font-size: 13px; font-weight: 600; padding-left: 54px }
.legend { font-size: 12px; color: var(--soft); margin: 0.2em 0 0.6em 40px } .legend svg { vertical-align: middle }
"""


def short(value):
    if value == 0:
        return "0"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


class Axis:
    """Maps values to pixels, in logarithms or not."""

    def __init__(self, values, first, last, logarithmic):
        self.log = logarithmic and min(values) > 0
        scale = [math.log(v) for v in values] if self.log else values
        self.low, self.high = (min(scale), max(scale)) if self.log else (0, max([*scale, 1e-9]))
        spare = math.log(4) - (self.high - self.low) if self.log else 0  # small differences shall look small
        if spare > 0:
            self.low, self.high = self.low - spare / 2, self.high + spare / 2
        self.first, self.last = first, last

    def __call__(self, value):
        v = math.log(max(value, 1e-12)) if self.log else value
        return self.first + (v - self.low) / (self.high - self.low) * (self.last - self.first)

    def ticks(self):
        """Round values, some four of them."""
        if self.log and self.high - self.low > math.log(6):
            decades = range(math.floor(self.low / math.log(10)), math.ceil(self.high / math.log(10)) + 1)
            for factors in ((1, 2, 5), (1, 3), (1,)):
                found = [f * 10.0 ** d for d in decades for f in factors if self.holds(math.log(f * 10.0 ** d))]
                if len(found) <= 6:
                    return found
            return found[::-(-len(found) // 6)]
        low, high = (math.exp(v) if self.log else v for v in (self.low, self.high))
        step = 10.0 ** math.floor(math.log10((high - low) / 3))
        step = max(f * step for f in (1, 2, 5) if f * step <= (high - low) / 2)
        values = (round(i * step, 12) for i in range(math.ceil(low / step), math.floor(high / step + 1e-9) + 1))
        return list(values)

    def holds(self, value):
        return self.low - 1e-9 <= value <= self.high + 1e-9


def kind(point):
    return "predicted" if point["predicted"] else "measured"


def polyline(places, dashed):
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return f'<polyline points="{path}" class="curve{" dashed" if dashed else ""}"/>'


def ideal(points, name, mode):
    """What perfect scaling would give."""
    first = points[0]
    if name == "seconds":
        return [first["seconds"] * (first["ranks"] / p["ranks"] if mode == "strong" else 1) for p in points]
    if name == "speed_up":
        return [p["ranks"] for p in points]
    return [1 if name == "efficiency" else 0 for _ in points]


def plot(points, name, logarithmic, mode):
    values, perfect = [p[name] for p in points], ideal(points, name, mode)
    x = Axis([p["ranks"] for p in points], LEFT + 8, WIDTH - 12, True)
    top = [1] if not logarithmic else []
    spread = [p[k] for p in points for k in ("least", "most") if name == "seconds" and k in p]
    y = Axis([*values, *perfect, *top, *spread], HEIGHT - BOTTOM, TOP, logarithmic)
    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img">']
    for tick in y.ticks():
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - 4}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" class="grid"/>'
                     f'<text x="{LEFT - 5}" y="{y(tick) + 4:.1f}" text-anchor="end">{short(tick)}</text>')
    shown = sorted({p["ranks"] for p in points})
    for ranks in shown[::-1 if len(shown) < 8 else -2]:  # some room between them
        parts.append(f'<text x="{x(ranks):.1f}" y="{HEIGHT - 14}" text-anchor="middle">{ranks}</text>')
    parts.append(f'<text x="{(WIDTH + LEFT) / 2}" y="{HEIGHT - 2}" text-anchor="middle">ranks</text>')
    line = sorted((x(p["ranks"]), y(v)) for p, v in zip(points, perfect))
    parts.append(f'<polyline points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in line)}" class="ideal"/>')
    places = [(x(p["ranks"]), y(p[name])) for p in points]
    measured = sum(not p["predicted"] for p in points)
    beyond = [place for p, place in zip(points, places) if p["ranks"] > points[measured - 1]["ranks"]]
    parts += [polyline([places[measured - 1], *beyond], True), polyline(places[:measured], False)]
    for p, (px, py) in reversed(list(zip(points, places))):
        if name == "seconds" and "least" in p:
            parts.append(f'<line x1="{px:.1f}" x2="{px:.1f}" y1="{y(p["least"]):.1f}" y2="{y(p["most"]):.1f}" '
                         f'class="spread{" dashed" if p["predicted"] else ""}"/>')
        parts.append(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3.2" class="{kind(p)}"/>')
    return "".join(parts) + "</svg>"


def made_of(point):
    """The parts of a predicted time that matter."""
    return " + ".join(f"{short(point[name])} {name}" for name in PARTS if point[name] > 1e-3 * point["seconds"])


def table(points):
    head = ("ranks", "", "time, s", "least to most", "speed-up", "efficiency", "communication")
    cells = "".join(f"<th>{name}</th>" for name in head) + '<th class="left">predicted time, s, is made of</th>'
    rows = []
    for p in points:
        of = made_of(p) if p["predicted"] else ""
        rows.append(f'<tr class="{kind(p)}"><td>{p["ranks"]}</td><td>{kind(p)}</td><td>{short(p["seconds"])}</td>'
                    f"<td>{short(p['least'])} to {short(p['most'])}</td><td>{short(p['speed_up'])}</td>"
                    f"<td>{100 * p['efficiency']:.0f} %</td><td>{100 * p['communication_share']:.1f} %</td>"
                    f'<td class="left">{of}</td></tr>')
    return f'<div class="scroll"><table><tr>{cells}</tr>{"".join(rows)}</table></div>'


def verdict(points):
    """What became of the predictions where ranks were measured, too."""
    said = [(p["ranks"], p["measured_by_predicted"]) for p in points if "measured_by_predicted" in p]
    if not said:
        return ""
    found = ", ".join(f"{ranks} ranks took {short(ratio)} times as long as predicted" for ranks, ratio in said)
    if all(1 / AGREES <= ratio <= AGREES for _, ratio in said):
        return f'<p class="verdict">The model agrees with what was measured: {found}.</p>'
    return (f'<p class="verdict warn"><b>The model did not foresee what was measured:</b> {found}. '
            "Further predictions contain what was measured; take them with care.</p>")


def facts(pairs):
    rows = (f"<tr><td>{text.escape(str(k))}</td><td>{text.escape(str(v))}</td></tr>" for k, v in pairs)
    return f'<table class="facts">{"".join(rows)}</table>'


def section(stage, mode, points):
    unit = UNITS.get(mode, {}).get(stage, "")
    figures = "".join(f"<figure><figcaption>{title}{unit if name == 'seconds' else ''}</figcaption>"
                      f"{plot(points, name, log, mode)}</figure>" for name, title, log in PANELS)
    return f'<h2>{stage}, {mode} scaling</h2><div class="row">{figures}</div>{LEGEND}{verdict(points)}{table(points)}'


def place(network):
    """Where messages were measured."""
    if "nodes" not in network:
        return ""
    if network["nodes"] == 1:
        return " between ranks <b>of one node</b>; a network between nodes is slower"
    return f" between the first and the last rank of {network['nodes']} nodes"


def runs_each(runs):
    """How often each point was run."""
    counts = collections.Counter((r["stage"], r["mode"], r["ranks"]) for r in runs).values()
    least, most = min(counts), max(counts)
    return "one run" if most == 1 else f"{most} runs" if least == most else f"{least} to {most} runs"


def html(report):
    groups = {}
    for point in report["points"]:
        groups.setdefault((point["stage"], point["mode"]), []).append(point)
    settings, network = report["settings"], report["network"]
    told = {name: "given" if name in network["told"] else "measured" for name in ("latency_us", "bandwidth_gbps")}
    note = (f"Filled points are medians of {runs_each(report['runs'])} each; bars go from the least to the most. "
            "<b>Hollow points and dashed lines are predictions, not measurements.</b> One for N ranks comes from the times measured "
            "on fewer than N: <i>shared</i>, computing that more ranks share out; <i>fixed</i>, what was found not to shrink; "
            "<i>messages</i>, as many and as large as on the most ranks measured; and <i>waiting</i>, what each call was found to "
            "take beyond that. Its bars also tell how it would be if nothing were fixed. Messages are those of a network of "
            f"{short(network['latency_us'])} &micro;s a message ({told['latency_us']}) and "
            f"{short(network['bandwidth_gbps'])} GB/s a link ({told['bandwidth_gbps']}){place(network)}. Grey is perfect "
            "scaling. In weak scaling the work grows with the ranks; for train and search the time is then that of one pass.")
    body = "".join(section(stage, mode, points) for (stage, mode), points in groups.items())
    return ('<!DOCTYPE html><html lang="en"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width"><title>pool3: scaling</title>'
            f'<style>{STYLE}</style>'
            f'<h1>pool3: scaling</h1><p class="note">{note}</p>{body}<h2>Machine</h2>{facts(report["machine"].items())}'
            f"<h2>Settings</h2>{facts((k, json.dumps(v)) for k, v in settings.items())}</html>\n")
