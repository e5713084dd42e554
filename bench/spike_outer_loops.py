#!/usr/bin/python3
"""Three outer loops of distributed dual coordinate descent, simulated: epochs, bytes and seconds to a relative gap.

    spike_outer_loops.py FEATURES.h5 [C [GAP [RANKS...]]]

L2 loss, 16 classes, the rows centred and scaled as `pool3 train` does, in their first 256 principal components. Every
simulated rank holds an even share of the rows. Bytes are those that a rank sends, were they floats. Seconds are CPU
seconds of the slowest rank in each round, added up: what ranks of their own would compute, without the network. Not part
of the product: docs/solver.md has the table that it made.
"""

import sys
import time

import h5py
import numpy as np

CLASSES, COMPONENTS, MOST_EPOCHS = 16, 256, 300


def read(path):
    with h5py.File(path) as f:
        good = f["status"][:] == 1
        x, labels = f["features"][:][good].astype(np.float64), f["labels"][:][good]
    x -= x.mean(0)
    x /= np.sqrt(np.square(x).sum(1).mean())
    _, _, basis = np.linalg.svd(x, full_matrices=False)
    common = np.argsort(-np.bincount(labels))[:CLASSES]
    x = np.hstack([x @ basis[:COMPONENTS].T, np.ones((len(x), 1))])
    return x, np.where(labels[:, None] == common, 1.0, -1.0)


class Problem:
    def __init__(self, x, y, C):
        self.x, self.y, self.C, self.d = x, y, C, 0.5 / C
        self.squares = np.square(x).sum(1)
        self.w, self.a = np.zeros((x.shape[1], y.shape[1])), np.zeros(y.shape)
        self.seconds = 0.0  # of the slowest rank

    def gap(self):
        slack = 1 - self.y * (self.x @ self.w)
        loss = self.C * np.square(np.maximum(slack, 0)).sum()
        gap = loss - (self.a * slack).sum() + np.square(self.a).sum() / (4 * self.C)
        return gap / (loss + 0.5 * np.square(self.w).sum())

    def walk(self, rows, w, a, stiff=1.0):
        """Descent over rows at weights `w`, which move `stiff` times as far; changes both."""
        for i in rows:
            g = self.y[i] * (self.x[i] @ w) - 1 + self.d * a[i]
            new = np.maximum(a[i] - g / (stiff * self.squares[i] + self.d), 0)
            w += stiff * np.outer(self.x[i], self.y[i] * (new - a[i]))
            a[i] = new


def exact_step(p, chunks):
    """Block-diagonal approximation, one exact step a column."""
    a = p.a.copy()
    total = np.zeros_like(p.w)
    slowest = 0.0
    for rows in chunks:
        start, w = time.process_time(), p.w.copy()
        p.walk(rows, w, a)
        slowest = max(slowest, time.process_time() - start)
        total += w - p.w
    p.seconds += slowest
    da = a - p.a
    slope = da.sum(0) - p.d * (p.a * da).sum(0) - (p.w * total).sum(0)
    curve = np.square(total).sum(0) + p.d * np.square(da).sum(0)
    eta = np.clip(slope / np.maximum(curve, 1e-300), 0, 1)
    p.a, p.w = p.a + eta * da, p.w + eta * total


def cocoa_plus(p, chunks):
    stiff = float(len(chunks))
    total = np.zeros_like(p.w)
    slowest = 0.0
    for rows in chunks:
        start, w = time.process_time(), p.w.copy()
        p.walk(rows, w, p.a, stiff)
        slowest = max(slowest, time.process_time() - start)
        total += (w - p.w) / stiff
    p.seconds += slowest
    p.w += total


def panel_rotation(p, chunks, random):
    """A column meets the ranks one after the other, in an order of its panel's own: serial descent."""
    panels = np.array_split(np.arange(p.y.shape[1]), min(len(chunks), p.y.shape[1]))
    slowest = 0.0
    for columns in panels:
        start = time.process_time()
        part = Problem(p.x, p.y[:, columns], p.C)
        part.w, part.a = p.w[:, columns].copy(), p.a[:, columns].copy()
        for k in random.permutation(len(chunks)):
            part.walk(chunks[k], part.w, part.a)
        p.w[:, columns], p.a[:, columns] = part.w, part.a
        slowest = max(slowest, time.process_time() - start)
    p.seconds += slowest


def epochs_to(x, y, C, goal, ranks, rounds, method):
    random = np.random.default_rng(ranks)
    p = Problem(x, y, C)
    shares = np.array_split(random.permutation(len(x)), ranks)
    for epoch in range(1, MOST_EPOCHS + 1):
        parts = [np.array_split(random.permutation(share), rounds) for share in shares]
        for r in range(rounds):
            chunks = [part[r] for part in parts]
            if method == "rotation":
                panel_rotation(p, chunks, random)
            else:
                (exact_step if method == "exact step" else cocoa_plus)(p, chunks)
        if p.gap() <= goal:
            break
    sent = 4 * p.w.size * rounds * epoch if ranks > 1 else 0
    reached = "" if p.gap() <= goal else f", at {p.gap():.0e}"
    return f"{epoch}{reached}; {sent / 1e6:.1f} MB; {p.seconds:.1f} s"


def main():
    x, y = read(sys.argv[1])
    C, goal = (float(v) for v in (sys.argv[2:] + ["1", "1e-3"][len(sys.argv) - 2 :])[:2])
    print(f"{len(x)} rows, C = {C:g}; epochs, bytes and seconds to a relative gap of {goal:g}; 8 rounds an epoch", flush=True)
    for ranks in [int(word) for word in sys.argv[4:]] or (1, 2, 4, 8, 16):
        told = [epochs_to(x, y, C, goal, ranks, 8, m) for m in ("exact step", "CoCoA+", "rotation")]
        print(f"| {ranks} | " + " | ".join(told) + " |", flush=True)


if __name__ == "__main__":
    main()
