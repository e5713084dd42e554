#!/usr/bin/python3
"""pool3's search against scikit-learn's ways to the same table, in turns, in one run.

Linear: GridSearchCV(LinearSVC(dual=False)), and the user who knows SVC(kernel="precomputed"), one-vs-rest on the Gram
matrix. RBF: SVC(kernel="precomputed"), one-vs-rest on the same kernel matrix, and SVC() one-vs-one. A peer fits some
folds and classes only, spread over all; their seconds are scaled to the whole grid, and both are shown. Peers run on as
many cores as pool3 has ranks if their part is divided by --ranks, which is what a perfect n_jobs would do.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile
import time
import warnings

import h5py
import numpy as np
from sklearn.svm import SVC, LinearSVC

from shared.peers import ROOT, machine, machine_line


def read(path):
    with h5py.File(path) as f:
        good = (f["status"][:] == 1) & (f["labels"][:] >= 0)
        return f["features"][:][good].astype("f8"), f["labels"][:][good]


def centred(x):
    x = x - x.mean(0)
    return x / np.sqrt(np.square(x).sum(1).mean())


def run_pool3(args, kernel, multiclass, folder):
    out = folder / f"{kernel}-{multiclass}.json"
    command = ["mpirun", "-n", str(args.ranks), "--bind-to", "none", "--oversubscribe", "--allow-run-as-root", str(args.build / "pool3"),
               "search", "--features", str(args.features), "--out", str(out), "--test-fraction", "0", "--folds", str(args.folds), "--kernel",
               kernel, "--C", *map(str, args.C if kernel == "linear" else args.rbf_C), "--multiclass", multiclass, "--loss",
               "l2" if kernel == "linear" else "l1", "--split", "stratified"]
    if kernel == "rbf":
        command += ["--gamma", *(f"{g}*median" for g in args.gamma)]
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start, json.loads(out.read_text())["points"]


def train_rows(labels, fold, folds):
    from sklearn.model_selection import StratifiedKFold
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(StratifiedKFold(folds, shuffle=True, random_state=42).split(labels, labels))[fold]


class Peers:
    def __init__(self, args, x, labels):
        self.args, self.x, self.labels = args, centred(x), labels
        self.gram = self.x @ self.x.T
        squares = np.diag(self.gram)
        self.distances = np.maximum(squares[:, None] + squares - 2 * self.gram, 0)
        self.median = np.median(self.distances[np.triu_indices(len(x), 1)])
        counts = np.bincount(labels)
        order = np.argsort(-counts)
        order = order[counts[order] > 0]
        self.classes = order[:: max(1, len(order) // args.peer_classes)]  # from the largest to the smallest
        self.share = len(self.classes) / len(order)

    def fit(self, make, inputs, fold):
        """Seconds of the chosen classes of a fold, scaled to all classes."""
        rows, _ = train_rows(self.labels, fold, self.args.folds)
        part = inputs[np.ix_(rows, rows)] if inputs.shape[0] == inputs.shape[1] else inputs[rows]
        start = time.perf_counter()
        for k in self.classes:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                make().fit(part, self.labels[rows] == k)
        return time.perf_counter() - start

    def one_vs_one(self, C, gamma, fold):
        """One fit of LIBSVM on the features, for all pairs of the chosen classes; scaled by support vectors times pairs."""
        rows, _ = train_rows(self.labels, fold, self.args.folds)
        rows = rows[np.isin(self.labels[rows], self.classes)]
        start = time.perf_counter()
        SVC(C=C, gamma=gamma, cache_size=1000).fit(self.x[rows], self.labels[rows])
        return time.perf_counter() - start


def arguments():
    parser = argparse.ArgumentParser(prog="bench/compare search", description=__doc__)
    parser.add_argument("--features", type=pathlib.Path, required=True, help="feature file")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--C", type=float, nargs="+", default=[1, 10, 100, 1000])
    parser.add_argument("--rbf-C", type=float, nargs="+", default=[1, 10, 100, 1000])
    parser.add_argument("--gamma", type=float, nargs="+", default=[0.05, 0.25, 1, 2], help="in units of 1 / median squared distance")
    parser.add_argument("--peer-classes", type=int, default=6, help="classes that peers fit, from the largest to the smallest")
    parser.add_argument("--only", nargs="+", default=["linear", "ovr", "ovo"])
    return parser.parse_args()


def peer_seconds(peers, name, costs, gammas, fold):
    """What peers take for their part of a grid in one fold, by peer."""
    parts = {}

    def add(label, seconds):
        parts[label] = parts.get(label, 0) + seconds

    for gamma in gammas:
        inputs = peers.gram if gamma is None else np.exp(-gamma / peers.median * peers.distances)
        for C in costs:
            if name != "ovo":
                add("SVC(precomputed), one-vs-rest", peers.fit(lambda C=C: SVC(C=C, kernel="precomputed", cache_size=1000), inputs, fold))
            if name == "linear":
                add("LinearSVC(dual=False)", peers.fit(lambda C=C: LinearSVC(C=C, dual=False), peers.x, fold))
            if name == "ovo":
                add("SVC(), one-vs-one", peers.one_vs_one(C, gamma / peers.median, fold))
    return parts


def compare(args, peers, classes, name, folder):
    kernel, multiclass, costs, gammas = {"linear": ("linear", "ovr", args.C, [None]), "ovr": ("rbf", "ovr", args.rbf_C, args.gamma),
                                         "ovo": ("rbf", "ovo", args.rbf_C, args.gamma)}[name]
    ours, theirs = [], {}
    for round_number in range(args.rounds):
        seconds, points = run_pool3(args, kernel, multiclass, folder)
        ours.append(seconds)
        for label, part in peer_seconds(peers, name, costs, gammas, round_number % args.folds).items():
            theirs.setdefault(label, []).append(part)
    best = max(points, key=lambda p: p["mean"])
    print(f"{name}: pool3 {statistics.median(ours):.1f} s, best accuracy {best['mean']:.4f} at C {best['C']:g}"
          f"{', gamma %g' % best['gamma'] if 'gamma' in best else ''}")
    few = len(peers.classes)
    share = peers.share if name != "ovo" else few * (few - 1) / (classes * (classes - 1))
    for label, parts in theirs.items():
        whole = [part / share * args.folds / args.ranks for part in parts]
        ratio = statistics.median(w / o for w, o in zip(whole, ours))
        print(f"  {label}: part {statistics.median(parts):.1f} s, whole {statistics.median(whole):.0f} s on {args.ranks} cores: {ratio:.1f} times pool3's")


def main():
    args = arguments()
    print(machine_line(machine()))
    x, labels = read(args.features)
    peers = Peers(args, x, labels)
    print(f"{args.features.name}: {len(x)} rows, {len(set(labels))} classes, {args.folds} folds; {args.ranks} ranks; "
          f"peers fit {len(peers.classes)} classes ({peers.share:.0%}) of one fold a round; seconds of the part, and of the whole by scale")
    with tempfile.TemporaryDirectory(prefix="pool3-compare-") as folder:
        for name in args.only:
            compare(args, peers, len(set(labels)), name, pathlib.Path(folder))


if __name__ == "__main__":
    main()
