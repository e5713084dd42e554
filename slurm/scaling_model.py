"""From runs to points of a plot: what was measured, and what a simple model of the network predicts for more ranks."""

import dataclasses
import math
import statistics

BLOCK = 16  # pictures that a rank takes at a time: extract's default --batch


@dataclasses.dataclass
class Network:
    latency: float    # seconds of one message
    bandwidth: float  # bytes a second

    def collective(self, ranks, calls, size):
        """Seconds of so many reductions, each followed by a broadcast, of `size` bytes in all: two binomial trees."""
        depth = math.ceil(math.log2(ranks)) if ranks > 1 else 0
        return 2 * depth * (calls * self.latency + size / self.bandwidth)


def medians(runs):
    """Runs of one stage and mode by ranks: the median of every number, and the spread of the seconds."""
    by_ranks = {}
    for run in runs:
        by_ranks.setdefault(run["ranks"], []).append(run)
    result = {}
    for ranks, those in sorted(by_ranks.items()):
        names = [n for n, value in those[0].items() if isinstance(value, (int, float))]
        result[ranks] = {n: statistics.median(r[n] for r in those) for n in names}
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


def predict_extract(one, ranks, mode, network):
    """Blocks are dealt out as ranks ask for them: the last one to finish has taken ceil(blocks / ranks)."""
    items = one["items"] * (ranks if mode == "weak" else 1)
    blocks = math.ceil(items / BLOCK)
    block = one["busy_seconds"] / math.ceil(one["items"] / BLOCK)
    rounds = math.ceil(blocks / ranks)
    # The first rank answers one question after another.
    questions = max(rounds * 2 * network.latency, blocks * network.latency)
    # What one rank spends beside its work, all ranks do at the same time.
    return max(0.0, one["seconds"] - one["busy_seconds"]) + rounds * block, questions


def work_of_all(one, largest, ranks, mode):
    """Seconds of computing, over all ranks; in weak scaling of a pass over one rank's rows. More ranks may need another
    number of passes: then that of the most ranks measured."""
    if mode == "weak":
        return one["busy_seconds"] / max(one["passes"], 1)
    return one["busy_seconds"] * (largest["passes"] / max(one["passes"], 1) if ranks > 1 else 1)


def predict_train(one, largest, ranks, mode, network):
    """One rank's work, shared out; messages as many and as large as on the most ranks measured."""
    scale = 1 / max(largest["passes"], 1) if mode == "weak" else 1
    work = work_of_all(one, largest, ranks, mode) / (ranks if mode == "strong" else 1)
    return work, network.collective(ranks, largest["calls"] * scale, largest["bytes"] * scale)


def predict_search(one, largest, ranks, mode, network, folds):
    """Up to as many ranks as folds, each has folds of its own; beyond, groups of ranks share folds as in training."""
    groups = min(ranks, folds)
    work = work_of_all(one, largest, ranks, mode)
    rows = ranks if mode == "weak" else 1  # every group holds all rows
    work *= rows * math.ceil(folds / groups) / folds / (ranks / groups)
    messages = network.collective(math.ceil(ranks / groups), largest["calls"], largest["bytes"])
    return work, messages


def predict(stage, mode, measured, ranks, network, folds):
    fewest, most = min(measured), max(measured)
    one, largest = measured[fewest], measured[most]
    if stage == "extract":
        work, messages = predict_extract(one, ranks, mode, network)
    elif stage == "train":
        work, messages = predict_train(one, largest, ranks, mode, network)
    else:
        work, messages = predict_search(one, largest, ranks, mode, network, folds)
    seconds = work + messages
    return {"ranks": ranks, "predicted": True, "seconds": seconds, "communication_share": messages / max(seconds, 1e-12)}


def points(runs, more, network, folds):
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
        if min(measured) == 1:  # also where it was measured, so that both can be compared
            line += [predict(stage, mode, measured, n, network, folds) for n in sorted({*measured, *more})]
        for point in line:
            add_ratios(point, line[0], mode)
            result.append({"stage": stage, "mode": mode, **point})
    return result
