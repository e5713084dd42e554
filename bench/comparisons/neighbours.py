#!/usr/bin/python3
"""pool3's exact search for nearest rows against NumPy and, if it is installed, faiss's flat index (python3-faiss).

Rows lie in memory: floats for all, and float16 numbers for pool3 besides. Each worker is asked in turn, with one query
and with more. Seconds are CPU seconds of one thread, which other work on the core does not count into; with --wall,
those on the clock. All must find the same rows for the first query.
"""

import argparse
import importlib.util
import json
import pathlib
import tempfile

import numpy as np

from shared.peers import ROOT, Worker, fail, machine, machine_line, summary


def make_rows(folder, rows, width, queries, seed=1):
    """Rows as features are: not negative, many near zero, around some centres."""
    random = np.random.default_rng(seed)
    centres = np.abs(random.normal(size=(100, width))).astype("f4")
    with open(folder / "x.f32", "wb") as floats, open(folder / "x.f16", "wb") as halves:
        for begin in range(0, rows, 10000):
            count = min(10000, rows - begin)
            block = np.abs(centres[random.integers(100, size=count)] * random.random((count, width), dtype="f4"))
            block.astype("<f2").tofile(halves)
            block.astype("<f2").astype("<f4").tofile(floats)  # the same rows for all
    (centres[np.arange(queries) % len(centres)] * random.random((queries, width), dtype="f4")).astype("<f4").tofile(folder / "q.f32")


def workers(args, folder):
    facts = [folder / "q.f32", args.width]
    rest = [args.metric, args.top, args.threads]
    native = args.build / "bench/bench_neighbours_worker"
    python = [ROOT / "bench/workers/neighbours_worker.py"]
    commands = {"pool3 float16": [native, folder / "x.f16", *facts, "float16", *rest],
                "pool3 float32": [native, folder / "x.f32", *facts, "float32", *rest],
                "NumPy": [*python, "numpy", folder / "x.f32", *facts, *rest]}
    if importlib.util.find_spec("faiss"):
        commands["faiss flat"] = [*python, "faiss", folder / "x.f32", *facts, *rest]
    cores = set(range(args.threads))
    return [Worker(name, command, cores) for name, command in commands.items()]


def measure(args, folder):
    found = {}
    for worker in workers(args, folder):  # one after the other: each holds all rows
        worker.wait_until_ready()
        for count in args.queries:
            times = []
            for _ in range(args.repeats + 1):
                worker.tell(str(count))
                wall, cpu, *rows = worker.answers()
                times.append(wall if args.wall else cpu)
            found[worker.name, count] = (summary(times[1:]), rows)
        worker.close()
    return found


def main():
    parser = argparse.ArgumentParser(prog="bench/compare neighbours", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50000)
    parser.add_argument("--width", type=int, default=2048)
    parser.add_argument("--queries", type=int, nargs="+", default=[1, 16, 256])
    parser.add_argument("--top", type=int, default=12)
    parser.add_argument("--metric", choices=["cosine", "euclidean"], default="cosine")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--wall", action="store_true")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/bench")
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    if not (args.build / "bench/bench_neighbours_worker").is_file():
        fail(f"{args.build} has no bench_neighbours_worker (run scripts/build bench)")
    with tempfile.TemporaryDirectory(dir=args.build) as name:
        folder = pathlib.Path(name)
        make_rows(folder, args.rows, args.width, max(args.queries))
        found = measure(args, folder)
    facts = machine()
    print(machine_line(facts))
    print(f"{args.rows} rows of {args.width}, {args.metric}, top {args.top}, {args.threads} threads; median milliseconds "
          f"{'on the clock' if args.wall else 'of CPU'} a query")
    expected = next(iter(found.values()))[1]
    for (worker, count), (times, rows) in found.items():
        same = "" if rows == expected else "  OTHER ROWS"
        print(f"{worker:15} {count:5} queries {1000 * times['median'] / count:9.3f}{same}")
    if args.json:
        results = [{"worker": worker, "queries": count, "seconds": times} for (worker, count), (times, _) in found.items()]
        args.json.write_text(json.dumps({"machine": facts, "results": results}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
