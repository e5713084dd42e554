#!/usr/bin/python3
"""pool3 map beside scikit-learn's TSNE on the rows of a feature file: CPU seconds of one thread, and for both maps
trustworthiness and the share of the 10 nearest neighbours that is kept, as scikit-learn measures them.
"""

import argparse
import pathlib
import resource
import subprocess
import tempfile

import h5py
import numpy as np
from sklearn.manifold import TSNE
from sklearn.neighbors import NearestNeighbors

from shared.peers import ROOT, fail, machine, machine_line

K = 10


def cpu_seconds(who):
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def pool3_map(args, folder):
    path, before = folder / "map.h5", cpu_seconds(resource.RUSAGE_CHILDREN)
    command = [args.build / "pool3", "map", args.features, "--out", path, "--threads", 1, "--seed", args.seed]
    if subprocess.run([str(word) for word in command], stdout=subprocess.DEVNULL).returncode:
        fail("pool3 map has failed")
    seconds = cpu_seconds(resource.RUSAGE_CHILDREN) - before
    with h5py.File(path) as f:
        return f["map/positions"][:], f["map/rows"][:], seconds


def sklearn_map(args, x):
    before = cpu_seconds(resource.RUSAGE_SELF)
    places = TSNE(perplexity=30, init="pca", learning_rate="auto", random_state=args.seed, n_jobs=1).fit_transform(x)
    return places, cpu_seconds(resource.RUSAGE_SELF) - before


def ranks_of(x, rows):
    """Of some rows, the place of every row in the order of distance: 0 is the row itself."""
    squares = (x * x).sum(1)
    d = squares[rows][:, None] + squares - 2 * x[rows] @ x.T
    d[np.arange(len(rows)), rows] = -1
    ranks = np.empty(d.shape, np.int32)
    np.put_along_axis(ranks, d.argsort(1), np.arange(len(x), dtype=np.int32)[None], 1)
    return ranks


def quality(x, places, judged):
    """Trustworthiness and neighbours kept, by the rows `judged`."""
    near = NearestNeighbors(n_neighbors=K + 1).fit(places).kneighbors(places[judged], return_distance=False)
    penalty = kept = 0
    for some in np.array_split(np.arange(len(judged)), max(1, len(judged) // 200)):
        ranks = ranks_of(x, judged[some])
        for line, row, found in zip(ranks, judged[some], near[some]):
            place = line[found[found != row][:K]]
            penalty += np.maximum(0, place - K).sum()
            kept += (place <= K).sum()
    worst = len(judged) * K * (2 * len(x) - 3 * K - 1) / 2
    return 1 - penalty / worst, kept / (len(judged) * K)


def main():
    parser = argparse.ArgumentParser(prog="bench/compare map", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", type=pathlib.Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--judged", type=int, default=2000, help="rows that the measures are taken on")
    parser.add_argument("--no-sklearn", action="store_true", help="pool3's map alone")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        places, rows, seconds = pool3_map(args, pathlib.Path(name))
    with h5py.File(args.features) as f:
        x = f["features"][:][rows].astype(np.float32)
    judged = np.sort(np.random.default_rng(args.seed).choice(len(x), min(args.judged, len(x)), replace=False))
    print(machine_line(machine()))
    print(f"{len(x)} rows of {x.shape[1]}, perplexity 30; {len(judged)} rows judged")
    maps = [("pool3", places, seconds)]
    if not args.no_sklearn:
        maps.append(("scikit-learn", *sklearn_map(args, x)))
    for name, found, seconds in maps:
        trust, kept = quality(x - x.mean(0), found, judged)
        print(f"{name:14} trustworthiness {trust:.4f}, neighbours kept {kept:.4f}, {seconds:7.1f} s of CPU", flush=True)


if __name__ == "__main__":
    main()
