#!/usr/bin/python3
"""`pool3 baseline --kind softmax` against scikit-learn's LogisticRegression(solver="lbfgs"), to the same objective.

Each fifth row that has a label is held out, the others train: centred, and scaled so that the mean of |x|^2 is 1. The peer
fits at its own tolerance (1e-4), in double, or in single precision with --single. Then pool3 looks for the loosest tolerance
(1e-3, 1e-4, ...) at which its objective is no higher than the peer's, but for 1e-6 of it. These two run in turn. A ratio is
taken within one round; the table gives the median over the rounds (least, largest). Seconds are CPU seconds of one thread,
with the reading of the file and the judging of the held-out rows for pool3, without reading for the peer.
"""

import argparse
import json
import os
import pathlib
import resource
import subprocess
import tempfile
import time
import warnings

import h5py
import numpy as np

from shared.peers import ROOT, fail, machine, machine_line, ratios, summary

TOLERANCES = [10.0**-k for k in range(3, 10)]
ALIKE = 1e-6


class Rows:
    """What both train on."""

    def __init__(self, path, folder):
        self.path, self.test = path, folder / "test.txt"
        with h5py.File(path) as f:
            good = np.flatnonzero((f["status"][:] == 1) & (f["labels"][:] >= 0))
            x, labels = f["features"][:].astype(np.float64), f["labels"][:]
        held = good[::5]
        self.test.write_text("".join(f"{row}\n" for row in held))
        train = np.setdiff1d(good, held)
        x = x[train] - x[train].mean(0)
        self.x = x / np.sqrt(np.square(x).sum(1).mean())
        present, self.labels = np.unique(labels[train], return_inverse=True)
        self.classes = len(present)

    def objective(self, C, w, b):
        f = self.x @ w.T + b
        top = f.max(1)
        loss = np.log(np.exp(f - top[:, None]).sum(1)) + top - f[np.arange(len(f)), self.labels]
        return float(C * loss.sum() + np.square(w).sum() / 2)


def peer(args, rows, C):
    from sklearn.linear_model import LogisticRegression
    warnings.simplefilter("ignore")
    x = rows.x.astype(np.float32) if args.single else rows.x
    begin = time.process_time()
    model = LogisticRegression(solver="lbfgs", C=C, max_iter=100_000).fit(x, rows.labels)
    seconds = time.process_time() - begin
    return {"seconds": seconds, "objective": rows.objective(C, model.coef_.astype(float), model.intercept_.astype(float)),
            "passes": int(model.n_iter_.max())}


def ours(args, rows, C, tolerance, folder):
    out = folder / "b.json"
    out.unlink(missing_ok=True)
    command = [args.build / "pool3", "baseline", rows.path, "--kind", "softmax", "--C", C, "--tolerance", tolerance,
               "--test-rows", rows.test, "--out", out, "--log-format", "json"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False,
                          preexec_fn=lambda: os.sched_setaffinity(0, {args.core}),
                          env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        fail(done.stderr.strip())
    fit = next(line for line in map(json.loads, done.stderr.splitlines()) if "objective" in line)
    spent = sum(getattr(after, name) - getattr(before, name) for name in ("ru_utime", "ru_stime"))
    return {"seconds": spent, "objective": float(fit["objective"]), "gap": float(fit["relative_gap"]), "tolerance": tolerance}


def loosest(args, rows, C, target, folder):
    for tolerance in TOLERANCES:
        fit = ours(args, rows, C, tolerance, folder)
        if fit["objective"] <= target * (1 + ALIKE):
            return fit
    fail(f"pool3 does not get to the objective {target}")


def measure(args, rows, C, folder):
    theirs = [peer(args, rows, C)]
    first = loosest(args, rows, C, theirs[0]["objective"], folder)
    mine = [ours(args, rows, C, first["tolerance"], folder)]
    while len(mine) < args.repeats:
        theirs.append(peer(args, rows, C))
        mine.append(ours(args, rows, C, first["tolerance"], folder))
    seconds = [[fit["seconds"] for fit in fits] for fits in (theirs, mine)]
    ratio = ratios(*seconds)
    print(f"{C:>8g}{theirs[0]['objective']:>18.4f}{summary(seconds[0])['median']:>10.2f}{theirs[0]['passes']:>8}"
          f"{mine[0]['objective']:>18.4f}{summary(seconds[1])['median']:>10.2f}{first['tolerance']:>11.0e}"
          f"   {ratio['median']:.1f} ({ratio['least']:.1f}, {ratio['largest']:.1f})", flush=True)
    return {"C": C, "peer": theirs, "pool3": mine, "ratio": ratio}


def parse():
    p = argparse.ArgumentParser(prog="bench/compare softmax", description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("features", type=pathlib.Path, nargs="+", help="feature files, each with labels")
    p.add_argument("--C", type=float, nargs="+", default=[10, 100, 1000], help="in standardised features (10 100 1000)")
    p.add_argument("--repeats", type=int, default=2, help="rounds (2)")
    p.add_argument("--single", action="store_true", help="let the peer compute in single precision")
    p.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)), help="core to run on; default: the last one")
    p.add_argument("--json", type=pathlib.Path, help="file to write figures and the machine's description to")
    p.add_argument("--build", type=pathlib.Path, help="folder that has pool3; default: made by scripts/build bench")
    return p.parse_args()


def main():
    args = parse()
    if not args.build:
        args.build = ROOT / "build/bench"
        subprocess.run([ROOT / "scripts/build", "bench", "pool3"], check=True)
    args.build = args.build.resolve()
    os.sched_setaffinity(0, {args.core})
    report = {"subject": "softmax", "machine": machine(), "core": args.core, "sets": []}
    print(machine_line(report["machine"]))
    with tempfile.TemporaryDirectory(prefix="pool3-bench-") as folder:
        for path in args.features:
            rows = Rows(path, pathlib.Path(folder))
            print(f"\n{path.name}: {len(rows.x)} training rows, {rows.x.shape[1]} columns, {rows.classes} classes\n"
                  f"{'C':>8}{'peer objective':>18}{'seconds':>10}{'steps':>8}{'pool3 objective':>18}{'seconds':>10}{'tolerance':>11}   ratio")
            report["sets"].append({"data": str(path), "fits": [measure(args, rows, C, pathlib.Path(folder)) for C in args.C]})
    if args.json:
        args.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
