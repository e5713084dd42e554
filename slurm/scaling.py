#!/usr/bin/env python3
"""Scaling experiments: runs pool3's extract, train and search on several numbers of ranks, strong (the same work) and weak
(work that grows with the ranks), and predicts more ranks than there are.

    slurm/scaling.py --out scaling/ --ranks 1 2 4 8 --launch 'srun --mpi=pmix -n {ranks}'

Writes scaling.csv (a line a run), scaling.json (all of it, with the machine) and scaling.html (plots, to be looked at
without a network). Needs Python 3.8 and nothing else. See docs/scaling.md.
"""

import argparse
import csv
import hashlib
import json
import os
import pathlib
import random
import shlex
import struct
import subprocess
import sys
import zlib

import scaling_model
import scaling_page

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm")
COLUMNS = ("stage", "mode", "ranks", "repeat", "items", "seconds", "passes", "communication_share", "calls", "bytes",
           "busy_seconds", "command_seconds")
TRAINING_SHARE = 0.8
# Settings in which experiments that belong together may differ.
FREE = ("add", "stages", "repeats", "predict", "latency_us", "bandwidth_gbps", "limit_seconds")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, help="folder for results and scratch files")
    parser.add_argument("--pool3", default=os.environ.get("POOL3_PROGRAM") or "pool3")
    parser.add_argument("--launch", default="mpirun -n {ranks}", help="what starts so many ranks (default: %(default)s)")
    parser.add_argument("--ranks", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--predict", type=int, nargs="*", default=[4, 8, 16, 32, 64, 128, 256], help="ranks to predict")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--stages", nargs="+", default=["extract", "train", "search"], choices=["extract", "train", "search"])
    parser.add_argument("--corpus", help="folder of pictures in folders of classes; default: synthetic ones")
    parser.add_argument("--pictures", type=int, default=512, help="pictures to extract (default: %(default)s)")
    parser.add_argument("--features", help="feature file to train on; default: that of the pictures")
    parser.add_argument("--threads", type=int, default=1, help="threads a rank")
    parser.add_argument("--folds", type=int, default=10, help="folds of the search")
    parser.add_argument("--latency-us", type=float, help="of one message, for the prediction (default: measured)")
    parser.add_argument("--bandwidth-gbps", type=float, help="GB/s of one link, likewise (default: measured)")
    parser.add_argument("--add", action="store_true", help="keep the runs that OUT has of the same experiment, and add these")
    parser.add_argument("--limit-seconds", type=float, default=3600, help="of one command")
    return parser.parse_args()


def png(width, height, rng, bias):
    """A picture of soft noise around a brightness: bytes that a decoder has to work for."""
    rows = []
    for _ in range(0, height, 4):
        cells = bytes(min(255, max(0, bias + rng.randrange(-60, 60))) for _ in range(width // 4 * 3))
        row = b"\0" + b"".join(cells[i:i + 3] * 4 for i in range(0, len(cells), 3))
        rows += [row] * 4

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"".join(rows), 1)) +
            chunk(b"IEND", b""))


def make_pictures(folder, count):
    rng = random.Random(1)
    for i in range(count):
        path = folder / f"class-{i % 5}" / f"{i:06d}.png"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png(400, 400, rng, 60 + 30 * (i % 5)))
    return folder


class Experiment:
    def __init__(self, arguments):
        self.a = arguments
        self.out = pathlib.Path(arguments.out).resolve()
        self.out.mkdir(parents=True, exist_ok=True)
        self.most = max(arguments.ranks)
        self.runs = self.earlier_runs() if arguments.add else []
        corpus = pathlib.Path(arguments.corpus).resolve() if arguments.corpus else None
        self.pictures = self.choose(corpus or make_pictures(self.out / "pictures", arguments.pictures))
        self.features = arguments.features

    def earlier_runs(self):
        path = self.out / "scaling.json"
        if not path.exists():
            return []
        report = json.loads(path.read_text())
        here = json.loads(json.dumps({**vars(self.a), "processor": machine(self.a.pool3)["processor"]}))
        there = {**report["settings"], "processor": report["machine"]["processor"]}
        different = [name for name in here if name not in (*FREE, "pictures") and here[name] != there.get(name)]
        if different:
            sys.exit(f"scaling: --add: {path} is of another experiment: {', '.join(different)}")
        return report["runs"]

    def choose(self, corpus):
        """Pictures in an order that depends on names alone, so that any first few are a fair sample."""
        found = [p for p in corpus.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file()]
        found.sort(key=lambda p: hashlib.sha256(str(p.relative_to(corpus)).encode()).digest())
        if not found:
            sys.exit(f"scaling: {corpus}: no pictures")
        return found[:self.a.pictures]

    def launch(self, ranks, *command):
        """Runs pool3. The JSON lines that it prints, and the seconds of the whole command."""
        words = shlex.split(self.a.launch.format(ranks=ranks)) + [self.a.pool3, *map(str, command), "--log-format", "json"]
        env = {**os.environ, "OMP_NUM_THREADS": "1"}
        start = os.times().elapsed
        done = subprocess.run(words, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=self.a.limit_seconds, check=False)
        seconds = os.times().elapsed - start
        if done.returncode not in (0, 3):
            sys.exit(f"scaling: {shlex.join(words)} ended with {done.returncode}:\n{done.stderr}")
        return [json.loads(line) for text in (done.stderr, done.stdout) for line in text.splitlines()
                if line.startswith("{")], seconds

    def network(self):
        """What messages cost in the prediction: as told, else as measured between the first and the last of the most ranks."""
        told = {"latency_us": self.a.latency_us, "bandwidth_gbps": self.a.bandwidth_gbps}
        told = {name: value for name, value in told.items() if value is not None}
        if self.most > 1:
            measured = self.launch(self.most, "bench", "messages")[0][-1]
            return {**measured, **told, "told": sorted(told), "measured": measured}
        if len(told) < 2:
            sys.exit("scaling: messages can't be measured on one rank: give --latency-us and --bandwidth-gbps, or more --ranks")
        return {**told, "told": sorted(told)}

    def share(self, mode, ranks):
        """Of the work: all of it, or what falls to so many of the ranks."""
        return 1.0 if mode == "strong" else ranks / self.most

    def extract(self, mode, ranks, keep=None):
        count = max(1, round(len(self.pictures) * self.share(mode, ranks)))
        # In a folder of its own: labels are counted from a list's folder, and the pictures may be in a folder beside it.
        listing, out = self.out / "lists" / f"pictures-{count}.txt", keep or self.out / "scratch.h5"
        listing.parent.mkdir(exist_ok=True)
        listing.write_text("".join(f"{p}\n" for p in self.pictures[:count]))
        out.unlink(missing_ok=True)
        lines, command = self.launch(ranks, "extract", "--corpus", listing, "--labels", "directory", "--threads",
                                     self.a.threads, "--out", out)
        mine = [line for line in lines if "wall_seconds" in line]
        # Of the computing threads; others read and write beside them.
        busy = sum(sum(line[f"{s}_seconds"] for s in ("decode", "resize", "network")) for line in mine)
        wall = max(line["wall_seconds"] for line in mine)
        return {"items": count, "seconds": wall, "busy_seconds": busy / self.a.threads, "command_seconds": command,
                "communication_share": max(0.0, 1 - busy / (wall * self.a.threads * len(mine))), "calls": 0, "bytes": 0,
                "passes": 0}

    def solver_flags(self, mode, ranks):
        held_out = 1 - TRAINING_SHARE * self.share(mode, ranks)
        return ["--features", self.features, "--test-fraction", f"{held_out:.6f}", "--solver-threads", self.a.threads]

    def train(self, mode, ranks):
        lines, command = self.launch(ranks, "train", *self.solver_flags(mode, ranks), "--C", 1, "--probability-folds", 0,
                                     "--out", self.out / "scratch-model.h5")
        return self.solved(next(line for line in lines if "communication_seconds" in line), "seconds", command)

    def search(self, mode, ranks):
        lines, command = self.launch(ranks, "search", *self.solver_flags(mode, ranks), "--C", 0.1, 1, "--folds", self.a.folds,
                                     "--out", self.out / "scratch-search.json")
        # With the reading of the rows, which every group of ranks does for itself.
        return self.solved(next(line for line in lines if "communication_seconds" in line), "wall_seconds", command)

    @staticmethod
    def solved(line, which, command):
        seconds, communication = line[which], min(line[which], line["communication_seconds"])
        return {"items": line["rows"], "seconds": seconds, "passes": line["passes"], "calls": line["communication_calls"],
                "bytes": line["communication_bytes"], "communication_share": communication / max(seconds, 1e-9),
                "busy_seconds": seconds - communication, "command_seconds": command}

    def run(self):
        """Fills `runs`."""
        if self.features is None and set(self.a.stages) != {"extract"} and self.a.repeats > 0:
            self.features = self.out / "features.h5"
            self.extract("strong", self.most, keep=self.features)
        # Repeats outside: what else the machine does meets all of them alike.
        first = 1 + max((r["repeat"] for r in self.runs if r["stage"] in self.a.stages), default=-1)
        for repeat in range(first, first + self.a.repeats):
            for stage in self.a.stages:
                for ranks in self.a.ranks:
                    for mode in ("strong", "weak"):
                        if mode == "weak" and ranks == self.most:  # is the strong one
                            result = next(r for r in reversed(self.runs) if r["stage"] == stage and r["ranks"] == ranks)
                        else:
                            result = getattr(self, stage)(mode, ranks)
                        self.runs.append({**result, "stage": stage, "mode": mode, "ranks": ranks, "repeat": repeat})
                        print(f"{stage} {mode} {ranks} ranks: {result['seconds']:.3f} s", file=sys.stderr, flush=True)


def machine(pool3):
    """What the figures depend on."""
    cpu = pathlib.Path("/proc/cpuinfo").read_text()
    model = next((line.split(":")[1].strip() for line in cpu.splitlines() if line.startswith("model name")), "unknown")
    memory = int(pathlib.Path("/proc/meminfo").read_text().split()[1]) / 2**20

    def first_line(*command):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return (done.stdout.splitlines() or ["unknown"])[0]
    return {"host": os.uname().nodename, "nodes": os.environ.get("SLURM_JOB_NODELIST", os.uname().nodename),
            "processor": model, "cores": os.cpu_count(), "cores_of_this_job": len(os.sched_getaffinity(0)),
            "memory_gib": round(memory, 1), "kernel": os.uname().release, "mpi": first_line("mpirun", "--version"),
            "pool3": first_line(pool3, "--version"), "load_at_start": os.getloadavg()[0]}


def main():
    arguments = parse_arguments()
    description = machine(arguments.pool3)
    experiment = Experiment(arguments)
    messages = experiment.network()
    experiment.run()
    with open(experiment.out / "scaling.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(experiment.runs)
    setting = scaling_model.Setting(scaling_model.network(messages.get("measured", messages)), scaling_model.network(messages),
                                    arguments.folds)
    report = {"format": "pool3 scaling", "format_version": 1, "machine": description,
              "network": messages, "settings": {**vars(arguments), "pictures": len(experiment.pictures)}, "runs": experiment.runs,
              "points": scaling_model.points(experiment.runs, arguments.predict, setting)}
    (experiment.out / "scaling.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    (experiment.out / "scaling.html").write_text(scaling_page.html(report), encoding="utf-8")
    print(experiment.out / "scaling.html")


if __name__ == "__main__":
    main()
