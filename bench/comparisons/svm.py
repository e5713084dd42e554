#!/usr/bin/python3
"""pool3's solver against scikit-learn's LinearSVC and LIBLINEAR: seconds of one core to the same objective.

The problem is LinearSVC()'s own: one against the rest, squared hinge, C = 1, features as they are, the intercept
regularised. Each peer fits at its own default tolerance. Then pool3 looks for the loosest tolerance (1e-1, 1e-2, ...) at
which its objective, summed over the classes and recomputed in double from its weights, is no higher than the peer's, but
for 1e-6 of it: peers that compute in double may end closer to the optimum than float weights can.
These pairs run in turn. A ratio is taken within one round; the table gives the median over the rounds. Seconds are CPU
seconds of one thread, which other work on the core does not count into; with --wall, those on the clock.

Data: base pictures of the emoji sets, the subcategory as class; any feature file; or rows drawn with the same spectrum.
"""

import argparse
import json
import os
import pathlib
import subprocess
import tempfile

import h5py
import numpy as np

from shared.emoji import SETS, manifest
from shared.peers import ROOT, Worker, fail, machine, machine_line, ratios, summary

PEERS = {"scikit-learn dual=True": "dual", "scikit-learn dual=False": "primal", "LIBLINEAR dual": "liblinear-dual",
         "LIBLINEAR primal": "liblinear-primal"}
TOLERANCES = [10.0**-k for k in range(1, 8)]
ALIKE = 1e-6  # relative difference of objectives


class Data:
    """Rows and labels, with classes without rows left out."""

    def __init__(self, name, x, labels):
        self.name, self.x = name, np.ascontiguousarray(x, dtype="<f4")
        present, self.labels = np.unique(labels, return_inverse=True)
        self.classes = len(present)

    def text(self):
        return f"{self.name}: {len(self.x)} rows, {self.x.shape[1]} columns, {self.classes} classes"


def read_features(path):
    with h5py.File(path) as f:
        good = (f["status"][:] == 1) & (f["labels"][:] >= 0)
        return f["features"][:][good], f["labels"][:][good]


def emoji_features(args, name):
    """Features of the base pictures, in fp32; made once."""
    folder = ROOT / "work/bench/svm"
    folder.mkdir(parents=True, exist_ok=True)
    catalogue, out = folder / f"{name}.csv", folder / f"{name}.h5"
    manifest(name, catalogue, skin_tones=False)
    if not out.is_file():
        subprocess.run([args.build / "pool3", "extract", "--corpus", catalogue, "--labels", "column", "--precision", "fp32",
                        "--out", out], check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    return read_features(out)


def draw(x, labels, rows, seed=5):
    """Rows with the same class means, and the same covariance within the classes."""
    random = np.random.default_rng(seed)
    classes = np.unique(labels)
    means = np.array([x[labels == k].mean(0) for k in classes])
    inside = x - means[np.searchsorted(classes, labels)]
    values, vectors = np.linalg.eigh(inside.T @ inside / len(x))
    root = (vectors * np.sqrt(np.maximum(values, 0))).T.astype(np.float32)
    drawn = random.choice(labels, rows)
    out = np.empty((rows, x.shape[1]), np.float32)
    for first in range(0, rows, 4096):
        part = slice(first, min(rows, first + 4096))
        noise = random.standard_normal((part.stop - first, len(values)), np.float32)
        out[part] = noise @ root + means[np.searchsorted(classes, drawn[part])]
    return out, drawn


def sets(args):
    loaded = []
    if args.features:
        loaded = [(path.stem, *read_features(path)) for path in args.features]
    else:
        loaded = [(name, *emoji_features(args, name)) for name in args.sets]
    if args.most:
        pick = np.random.default_rng(3)
        loaded = [(name, x[i], labels[i]) for name, x, labels in loaded
                  for i in [np.sort(pick.permutation(len(x))[: args.most])]]
    if not args.only_drawn:
        yield from (Data(name, x, labels) for name, x, labels in loaded)
    if args.draw:
        name, x, labels = loaded[0]
        yield Data(f"drawn as {name}", *draw(x, labels, args.draw))


class Fits:
    """pool3 and the peers on one data set; knows the objective of what they answer."""

    def __init__(self, args, data, folder, peers):
        self.args, self.data, self.out = args, data, folder / "coef.f64"
        data.x.tofile(folder / "x.f32")
        data.labels.astype("<i4").tofile(folder / "labels.i32")
        files = [folder / "x.f32", folder / "labels.i32", data.x.shape[1], data.classes, self.out]
        programs = {"pool3": [args.build / "bench/bench_svm_worker", *files]}
        programs |= {name: ["/usr/bin/python3", ROOT / "bench/workers/svm_worker.py", PEERS[name], *files, *self.chosen(args)]
                     for name in peers}
        self.scale = data.classes / len(self.chosen(args) or range(data.classes))
        self.workers = {}
        for name, command in programs.items():
            self.workers[name] = Worker(name, command, {args.core})
            self.workers[name].wait_until_ready()

    def chosen(self, args):
        """Classes that the peers fit; empty: all."""
        return sorted(np.random.default_rng(4).permutation(self.data.classes)[: args.peer_classes].tolist())

    def fit(self, name, tolerance=0.0):
        """Seconds, objective and passes of a fit from the start."""
        worker = self.workers[name]
        worker.tell(f"{self.args.loss} {self.args.C} {tolerance}")
        cpu, wall, passes, gap, *_ = worker.answers()
        scale = 1 if name == "pool3" else self.scale
        return {"seconds": scale * (wall if self.args.wall else cpu), "objective": self.objective(), "passes": int(passes), "gap": gap}

    def objective(self):
        w = np.fromfile(self.out, "<f8").reshape(self.data.classes, -1)
        classes = np.array(self.chosen(self.args) or range(self.data.classes))
        w = w[classes]
        total = 0.5 * np.square(w).sum()
        for first in range(0, len(self.data.x), 4096):
            scores = self.data.x[first : first + 4096] @ w[:, :-1].T + w[:, -1]
            y = np.where(self.data.labels[first : first + 4096, None] == classes, 1.0, -1.0)
            slack = np.maximum(0, 1 - y * scores)
            total += self.args.C * (slack if self.args.loss == "l1" else slack**2).sum()
        return float(total)

    def close(self):
        for worker in self.workers.values():
            worker.close()


def loosest(fits, target):
    """pool3's fit at the loosest tolerance that gets to the objective."""
    for tolerance in (t for t in TOLERANCES if t <= fits.args.loosest * 1.01):
        ours = fits.fit("pool3", tolerance)
        if ours["objective"] <= target * (1 + ALIKE):
            return {"tolerance": tolerance, **ours}
    fail(f"pool3 does not get to the objective {target}")


def measure(args, data, report):
    print(f"\n{data.text()}, loss {args.loss}, C = {args.C:g}", flush=True)
    print(f"{'peer':<26}{'objective':>14}{'seconds':>10}{'pool3 to the same':>20}{'tolerance':>11}{'passes':>8}"
          f"{'ratio (least, largest)':>28}")
    result = {"data": data.text(), "peers": []}
    with tempfile.TemporaryDirectory(prefix="pool3-bench-") as folder:
        fits = Fits(args, data, pathlib.Path(folder), args.peers)
        for name in args.peers:
            theirs = [fits.fit(name)]
            best = loosest(fits, theirs[0]["objective"])
            ours = [fits.fit("pool3", best["tolerance"])]
            while len(theirs) < args.repeats:
                theirs.append(fits.fit(name))
                ours.append(fits.fit("pool3", best["tolerance"]))
            seconds = [[fit["seconds"] for fit in fits_] for fits_ in (theirs, ours)]
            row = {"name": name, "objective": theirs[0]["objective"], "seconds": summary(seconds[0]), "pool3": best,
                   "pool3_seconds": summary(seconds[1]), "ratio": ratios(*seconds)}
            result["peers"].append(row)
            ratio = row["ratio"]
            spread = f"{ratio['median']:.1f} ({ratio['least']:.1f}, {ratio['largest']:.1f})"
            print(f"{name:<26}{row['objective']:>14.6f}{row['seconds']['median']:>10.2f}{row['pool3_seconds']['median']:>20.2f}"
                  f"{best['tolerance']:>11.0e}{best['passes']:>8}{spread:>28}", flush=True)
        fits.close()
    report["sets"].append(result)


def parse():
    p = argparse.ArgumentParser(prog="bench/compare svm", description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--sets", nargs="+", choices=SETS, default=SETS, help="emoji sets (both)")
    p.add_argument("--features", nargs="+", type=pathlib.Path, help="feature files instead")
    p.add_argument("--most", type=int, default=0, help="only so many rows of each, drawn at random; 0: all")
    p.add_argument("--draw", type=int, default=0, help="another data set: so many rows drawn like the first set's")
    p.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    p.add_argument("--peer-classes", type=int, default=0, help="let scikit-learn fit only so many classes, drawn at random, "
                   "and scale its seconds up (but for its copy of the rows); pool3 fits all, and objectives are of those classes; 0: all")
    p.add_argument("--loosest", type=float, default=0.1, help="tolerance to begin with (0.1)")
    p.add_argument("--only-drawn", action="store_true", help="of --draw's data alone")
    p.add_argument("--loss", choices=("l1", "l2"), default="l2", help="l1: only the dual peers can")
    p.add_argument("--C", type=float, default=1)
    p.add_argument("--repeats", type=int, default=3, help="rounds (3)")
    p.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)), help="core to run on; default: the last one")
    p.add_argument("--wall", action="store_true", help="seconds on the clock")
    p.add_argument("--json", type=pathlib.Path, help="file to write figures and the machine's description to")
    p.add_argument("--build", type=pathlib.Path, help="build folder with the benchmarks; default: made by scripts/build bench")
    args = p.parse_args()
    if args.loss == "l1":
        args.peers = [name for name in args.peers if "dual" in name and "False" not in name]
    return args


def main():
    args = parse()
    if not args.build:
        args.build = ROOT / "build/bench"
        subprocess.run([ROOT / "scripts/build", "bench", "pool3", "bench_svm_worker"], check=True)
        subprocess.run([ROOT / "scripts/setup", "test", "emoji", "weights"], check=True)
    args.build = args.build.resolve()
    report = {"subject": "svm", "machine": machine(), "core": args.core, "loss": args.loss, "C": args.C, "sets": []}
    print(machine_line(report["machine"]))
    for data in sets(args):
        measure(args, data, report)
    if args.json:
        args.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
