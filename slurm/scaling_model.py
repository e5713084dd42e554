"""From runs to points of a plot: what was measured, and what a model predicts for more ranks (docs/scaling.md has the formula).

A prediction for N ranks knows the times that were measured on fewer than N. So where N was measured, too, both can be
compared.
"""

import dataclasses
import math
import statistics

BLOCK = 16  # pictures that a rank takes at a time: extract's default --batch
PARTS = ("shared", "fixed", "messages", "waiting")  # of a predicted time


@dataclasses.dataclass
class Network:
    latency: float    # seconds of one message
    bandwidth: float  # bytes a second

    def collective(self, ranks, calls, size):
        """Seconds of so many reductions, each followed by a broadcast, of `size` bytes in all: two binomial trees."""
        depth = math.ceil(math.log2(ranks)) if ranks > 1 else 0
        return 2 * depth * (calls * self.latency + size / self.bandwidth)


def network(found):
    """From what `pool3 bench messages` prints."""
    return Network(found["latency_us"] * 1e-6, found["bandwidth_gbps"] * 1e9)


@dataclasses.dataclass
class Setting:
    """What a prediction needs to know beside the runs."""
    here: Network   # that they ran on
    there: Network  # of the prediction
    folds: int      # of a search


def medians(runs):
    """Runs of one stage and mode by ranks: the median of every number, and the spread of the seconds."""
    by_ranks = {}
    for run in runs:
        by_ranks.setdefault(run["ranks"], []).append(run)
    result = {}
    for ranks, those in sorted(by_ranks.items()):
        names = [n for n, value in those[0].items() if isinstance(value, (int, float))]
        result[ranks] = {n: statistics.median(r[n] for r in those) for n in names}
        result[ranks]["in_calls"] = statistics.median(r["seconds"] - r["busy_seconds"] for r in those)
        result[ranks]["least"], result[ranks]["most"] = (f(r["seconds"] for r in those) for f in (min, max))
    return result


def per_pass(run, mode):
    """Weak scaling of a solver is that of a pass: a larger problem needs another number of passes."""
    return run["passes"] if mode == "weak" and run["passes"] > 0 else 1


def add_ratios(point, first, mode):
    """Speed-up is work a second against the fewest ranks; in weak scaling the work grows with the ranks."""
    ratio = first["seconds"] / max(point["seconds"], 1e-12)
    growth = point["ranks"] / first["ranks"]
    point["speed_up"] = ratio * first["ranks"] * (growth if mode == "weak" else 1)
    point["efficiency"] = point["speed_up"] / point["ranks"]


def fit(places, has_fixed=True):
    """(fixed, shared) of seconds = fixed + shared x share, from pairs (share, seconds); neither is below 0. Without a fixed part,
    or where all shares are alike and nothing can be told apart, all is shared, and the last pair counts."""
    xs, ys = zip(*places)
    if len(set(xs)) == 1 or not has_fixed:
        return 0.0, ys[-1] / xs[-1]
    x, y = statistics.mean(xs), statistics.mean(ys)
    shared = sum((a - x) * (b - y) for a, b in places) / sum((a - x) ** 2 for a in xs)
    if shared <= 0:
        return y, 0.0
    if y < shared * x:
        return 0.0, sum(a * b for a, b in places) / sum(a * a for a in xs)
    return y - shared * x, shared


def predict_extract(known, items, ranks, setting):
    """Blocks are dealt out as ranks ask for them: the last one to finish has taken ceil(blocks / ranks). With the part of the time
    that ranks do not compute."""
    most = max(known)
    run = known[most]
    measured_blocks = math.ceil(run["items"] / BLOCK)
    block = run["busy_seconds"] / measured_blocks
    fixed = max(0.0, run["seconds"] - math.ceil(measured_blocks / most) * block)
    blocks = math.ceil(items / BLOCK)
    rounds = math.ceil(blocks / ranks)
    # The first rank answers one question after another.
    questions = max(rounds * 2, blocks) * setting.there.latency if ranks > 1 else 0.0
    seconds = rounds * block + fixed + questions
    return dict(zip(PARTS, (rounds * block, fixed, questions, 0.0))), 1 - blocks * block / ranks / max(seconds, 1e-12)


def solver_share(stage, ranks, mode, folds):
    """Part of one rank's work that the busiest of many ranks does. In a search each rank has folds of its own; more ranks than
    folds share them, in groups."""
    rows = ranks if mode == "weak" else 1
    if stage == "train":
        return rows / ranks
    groups = min(ranks, folds)
    return rows * math.ceil(folds / groups) / folds / (ranks / groups)


def wait_of_a_call(known, here):
    """Seconds that a call takes longer than its messages."""
    waits = [(run["in_calls"] - here.collective(ranks, run["calls"], run["bytes"])) / run["calls"]
             for ranks, run in known.items() if run["calls"] > 0]
    return max(0.0, statistics.median(waits)) if waits else 0.0


def messages_of(known, largest, ranks, passes, setting):
    """(messages, waiting) of so many passes, as many and as large as in the run on the most ranks."""
    calls, size = (largest[name] / max(largest["passes"], 1) * passes for name in ("calls", "bytes"))
    waiting = calls * wait_of_a_call(known, setting.here) if ranks > 1 else 0.0
    return setting.there.collective(ranks, calls, size), waiting


def below(measured, ranks):
    """Runs on fewer ranks."""
    return {n: run for n, run in measured.items() if n < ranks}


def predict_solver(stage, mode, measured, ranks, setting, training, has_fixed):
    """Times come from the runs on fewer ranks; the number of passes, calls and bytes from that on the most. None if nothing
    tells what ranks that share a fold send: `training` does, the runs of train."""
    largest, known = measured[max(measured)], below(measured, ranks)
    passes = per_pass(largest, "weak") if mode == "strong" else 1

    def share(n):
        return solver_share(stage, n, mode, setting.folds)
    busy = [(share(n), run["busy_seconds"] / per_pass(run, "weak") * passes) for n, run in known.items()]
    fixed, shared = fit(busy, has_fixed)
    messages, waiting = messages_of(known, largest, ranks, passes, setting)
    group = math.ceil(ranks / min(ranks, setting.folds))
    if stage == "search" and group > 1:
        if not training or not training[max(training)]["calls"]:
            return None
        inside = messages_of(below(training, ranks), training[max(training)], group, passes, setting)
        messages, waiting = messages + inside[0], waiting + inside[1]
    return dict(zip(PARTS, (shared * share(ranks), fixed, messages, waiting)))


def predict(stage, mode, measured, ranks, setting, training, has_fixed=True):
    """A predicted point, and the parts of its time; None if there is too little to tell. Computing that took longer than its
    share on more ranks has a part that is fixed, or else (`has_fixed` false) these ranks were in each other's way, and more of
    them are no more so."""
    if stage == "extract":
        items = measured[1]["items"] * (ranks if mode == "weak" else 1)
        parts, share = predict_extract(below(measured, ranks), items, ranks, setting)
    else:
        parts = predict_solver(stage, mode, measured, ranks, setting, training, has_fixed)
        if parts is None:
            return None
        share = (parts["messages"] + parts["waiting"]) / max(sum(parts.values()), 1e-12)
    return {"ranks": ranks, "predicted": True, "seconds": sum(parts.values()), **parts, "communication_share": share}


def predictions(runs, stage, mode, more, setting):
    """Points for the ranks of `more`, and for those that were measured. The spread is that of what each repeat of the experiment
    predicts, with and without a fixed part."""
    def of(which, repeats):
        return medians([r for r in runs if (r["stage"], r["mode"]) == (which, mode) and r["repeat"] in repeats])
    all_repeats = sorted({r["repeat"] for r in runs if r["stage"] == stage})
    measured, training = of(stage, all_repeats), of("train", all_repeats)
    for ranks in sorted({*measured, *more} - {1}) if min(measured) == 1 else []:
        point = predict(stage, mode, measured, ranks, setting, training)
        if point is None:
            return
        found = [predict(stage, mode, of(stage, [i]), ranks, setting, training, has_fixed)["seconds"]
                 for i in all_repeats for has_fixed in (True, False)]
        point["least"], point["most"] = min(*found, point["seconds"]), max(*found, point["seconds"])
        if ranks in measured:
            run = measured[ranks]
            point["measured_by_predicted"] = run["seconds"] / per_pass(run, mode) / max(point["seconds"], 1e-12)
        yield point


def points(runs, more, setting):
    """For each stage and mode: measured points, then predicted ones. A prediction needs a measurement on one rank."""
    result = []
    for stage, mode in dict.fromkeys((r["stage"], r["mode"]) for r in runs):
        measured = medians([r for r in runs if (r["stage"], r["mode"]) == (stage, mode)])
        line = []
        for ranks, run in measured.items():
            unit = per_pass(run, mode)
            line.append({"ranks": ranks, "predicted": False, "items": run["items"], "seconds": run["seconds"] / unit,
                         "least": run["least"] / unit, "most": run["most"] / unit,
                         "communication_share": run["communication_share"]})
        line += predictions(runs, stage, mode, more, setting)
        for point in line:
            add_ratios(point, line[0], mode)
            result.append({"stage": stage, "mode": mode, **point})
    return result
