#!/usr/bin/env python3
"""What an experiment lets expect for larger problems on more ranks, as Markdown. All of it is prediction; docs/scaling.md has the
formula.

    slurm/scaling_plan.py scaling/scaling.json --items extract=1e9 train=1e6 --ranks 16 64 256 1024

Computing grows with the items: pictures of extract, rows of train and search. What was found to be fixed in train does not: it is
the eigenbasis, which has the size of the features. The number of passes, calls and bytes, and what a call waits, stay as they
were measured. Needs Python 3.8 and nothing else.
"""

import argparse
import json
import pathlib
import re

import scaling_model
from scaling_page import made_of, place, short


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=pathlib.Path, help="scaling.json of an experiment with 1 rank and more")
    parser.add_argument("--items", nargs="+", default=[], metavar="STAGE=N", help="default: as many as were measured")
    parser.add_argument("--ranks", type=int, nargs="+", default=[16, 64, 256, 1024])
    parser.add_argument("--latency-us", type=float, help="of one message (default: as in the experiment)")
    parser.add_argument("--bandwidth-gbps", type=float, help="GB/s of one link, likewise")
    return parser.parse_args()


def growing_parts(runs):
    """Part of the computing of train that grows with the rows, by ranks."""
    measured = scaling_model.medians([r for r in runs if r["stage"] == "train"])
    if not measured:
        return {}
    fixed, shared = scaling_model.fit([(1 / n, run["busy_seconds"] / max(run["passes"], 1)) for n, run in measured.items()])
    return {n: shared / n / (fixed + shared / n) for n in measured}


def enlarged(run, items, growing):
    """The run as it would be with so many items."""
    factor = items / run["items"]
    each = 1 / run["ranks"] if run["stage"] == "extract" else 1  # busy_seconds of extract are those of all ranks
    part = growing[run["ranks"]] if run["stage"] == "train" else 1
    more = run["busy_seconds"] * part * (factor - 1)
    return {**run, "items": items, "busy_seconds": run["busy_seconds"] + more, "seconds": run["seconds"] + each * more}


def table(stage, runs, points):
    """Of one stage."""
    measured = ", ".join(f"{short(p['seconds'])} s on {p['ranks']}" for p in runs if not p["predicted"])
    print(f"\n**{stage}**, {runs[0]['items']:.0f} items measured: {measured} ranks. Predicted for {points[0]['items']:.0f} items "
          f"(1 rank: {short(points[0]['seconds'])} s):\n")
    print("| ranks | seconds | least to most | efficiency | made of, s |\n|---|---|---|---|---|")
    for p in points:
        if p["predicted"] and p["ranks"] > max(q["ranks"] for q in runs if not q["predicted"]):
            print(f"| {p['ranks']} | {short(p['seconds'])} | {short(p['least'])} to {short(p['most'])} | "
                  f"{100 * p['efficiency']:.0f} % | {made_of(p)} |")


def main():
    arguments = parse_arguments()
    report = json.loads(arguments.report.read_text())
    told = {"latency_us": arguments.latency_us, "bandwidth_gbps": arguments.bandwidth_gbps}
    network = {**report["network"], **{name: value for name, value in told.items() if value is not None}}
    here = scaling_model.network(report["network"].get("measured", report["network"]))
    setting = scaling_model.Setting(here, scaling_model.network(network), report["settings"]["folds"])
    items = {stage: float(count) for stage, count in (word.split("=") for word in arguments.items)}
    runs = [r for r in report["runs"] if r["mode"] == "strong"]
    points = scaling_model.points(runs, arguments.ranks, setting)
    growing = growing_parts(runs)
    enlarged_runs = [enlarged(r, items.get(r["stage"], r["items"]), growing) for r in runs]
    larger = scaling_model.points(enlarged_runs, arguments.ranks, setting)
    where = re.sub("</*b>", "**", place(network)) if set(told.values()) == {None} else ""
    print(f"Prediction, not measurement. {report['machine']['processor']}, {report['settings']['threads']} thread(s) a rank; "
          f"{short(network['latency_us'])} us a message, {short(network['bandwidth_gbps'])} GB/s a link{where}.")
    for stage in dict.fromkeys(r["stage"] for r in runs):
        table(stage, *([p for p in some if p["stage"] == stage] for some in (points, larger)))


if __name__ == "__main__":
    main()
