"""The solver's answers beside those of LIBLINEAR and scikit-learn at tight tolerance, on real and hard data.

scikit-learn's LinearSVC is LIBLINEAR's own code, with any number of iterations. Where
it does not come to its optimum, its objective is above ours, and the certificate says how far ours can be from the best.

$POOL3_OPTIMUM_FEATURES: more feature files, with colons between; their three largest classes, and the rest as a fourth.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import LinearSVC

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402

ALIKE = 1e-6  # relative difference of objectives
ROUNDING = 1e-13  # relative, of an objective that is summed up in double
LEAST_DECIDED = 0.75  # of all rows: farther from a tie than the two answers may differ
TOLERANCE = 1e-8
MOST_PASSES = 20_000


class Rows:
    def __init__(self, name, x, labels):
        self.name, self.x = name, np.ascontiguousarray(x, "<f4")
        present, self.labels = np.unique(labels, return_inverse=True)
        self.classes = len(present)

    def square(self):
        return np.square(self.x, dtype="f8").sum(1).mean()


def clusters(random, rows, columns, classes):
    centres, labels = random.standard_normal((classes, columns)), np.arange(rows) * classes // rows
    return 0.5 * centres[labels] + random.standard_normal((rows, columns)), labels


def hard_sets():
    random = np.random.default_rng(1)
    x, labels = clusters(random, 90, 120, 2)
    yield Rows("large common part", x + 3, labels), (10, 100)
    x, labels = clusters(random, 300, 20, 3)
    other = (labels[::2] + 1) % 3
    yield Rows("copies with other labels", np.concatenate([x, x[::2], x[::3]]),
               np.concatenate([labels, other, labels[::3]])), (1, 100)
    x, labels = clusters(random, 600, 40, 3)
    yield Rows("columns of scale 1e-3 to 1e3", x * 10.0 ** np.linspace(-3, 3, 40), labels), (1e-4, 0.1, 10)
    x, _ = clusters(random, 1500, 30, 2)
    labels = np.repeat([1, 0], [15, 1485])
    yield Rows("1 row in 100 positive", x + labels[:, None], labels), (0.1, 10)
    yield Rows("60 rows of 500 columns", *clusters(random, 60, 500, 3)), (1, 100)
    yield Rows("6000 rows of 24 columns", *clusters(random, 6000, 24, 3)), (0.1, 1)


def objectives(w, rows, C, loss):
    """Primal objective of each class, in double. w [classes, columns + 1], intercepts last."""
    x, values = rows.x.astype("f8"), []
    for k, weights in enumerate(w):
        slack = np.maximum(0, 1 - np.where(rows.labels == k, 1, -1) * (x @ weights[:-1] + weights[-1]))
        values.append(0.5 * weights @ weights + C * (slack if loss == "l1" else slack**2).sum())
    return np.array(values)


def radii(w, mine, best, gap):
    """How far each class's weights [2, classes], ours and theirs, can be from the optimum's.

    The objective is |w|^2 / 2 and something convex, so a w whose objective is g above the least is at most sqrt(2 g) from
    the optimum. The certificate bounds the sum of our g over the classes. Their g is what their objective is above ours,
    and our g at most.
    """
    ours = (gap + ROUNDING) * mine.sum()
    return np.sqrt(2 * np.array([np.full(len(w), ours), np.maximum(best - mine + ours, 0)]))


def decided(scores, apart):
    """Rows whose highest score stays above all others, whatever of `apart` [rows, classes] is added or taken away."""
    rows, top = np.arange(len(scores)), scores.argmax(1)
    others = scores + apart
    others[rows, top] = -np.inf
    return scores[rows, top] - apart[rows, top] > others.max(1)


class Predictions:
    """The classes that the two answers give to rows, where these are no tie."""

    def __init__(self, check):
        self.check, self.rows, self.decided = check, 0, 0

    def compare(self, rows, w, theirs, distance):
        """`distance` [classes]: how far the two may be apart. Scores differ by that times a row's length at most."""
        x = np.column_stack([rows.x.astype("f8"), np.ones(len(rows.x))])
        ours, scores = x @ w.T, x @ theirs.T
        apart = np.linalg.norm(x, axis=1)[:, None] * distance
        self.check((np.abs(ours - scores) <= apart).all(), f"scores differ by {np.abs((ours - scores) / apart).max():.1e} of what they may")
        sure = decided(scores, apart)
        agree = ours.argmax(1) == scores.argmax(1)
        self.check(agree[sure].all(), f"predictions agree on {sure.sum()} rows that can't be a tie, and on {agree.mean():.2%} of all")
        self.rows, self.decided = self.rows + len(sure), self.decided + sure.sum()

    def finish(self):
        share = self.decided / self.rows
        self.check(share >= LEAST_DECIDED, f"of all rows whose predictions were compared {share:.2%} can't be a tie")


def scikit_learn(rows, C, loss, iterations):
    """Weights, and whether it says that they are the optimum. One fit for each class: binary ones share theirs."""
    dual, weights = loss == "l1", []
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", ConvergenceWarning)
        for k in range(rows.classes):
            fit = LinearSVC(C=C, loss="hinge" if dual else "squared_hinge", dual=dual, tol=1e-10, random_state=0,
                            max_iter=iterations).fit(rows.x.astype("f8"), rows.labels == k)
            weights.append(np.append(fit.coef_[0], fit.intercept_))
    return np.array(weights), not said


class Ours:
    """The solver on some rows."""

    def __init__(self, program, rows, folder, ranks):
        rows.x.tofile(folder + "/x.f32")
        rows.labels.astype("<i4").tofile(folder + "/labels.i32")
        self.shape, self.out = (rows.classes, rows.x.shape[1] + 1), folder + "/coef.f64"
        launch = ["mpirun", "-n", str(ranks), "--oversubscribe", "--bind-to", "none"]
        command = [*launch, str(program), folder + "/x.f32", folder + "/labels.i32", *map(str, (rows.x.shape[1], rows.classes)), self.out]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=support.environment({"OPENBLAS_NUM_THREADS": "1"}))
        self.process.stdout.readline()  # ready

    def solve(self, loss, C, tolerance):
        """Weights, gap, passes, seconds."""
        self.process.stdin.write(f"{loss} {C} {tolerance} {MOST_PASSES}\n")
        self.process.stdin.flush()
        _, seconds, passes, gap, *_ = map(float, self.process.stdout.readline().split())
        return np.fromfile(self.out, "<f8").reshape(self.shape), gap, int(passes), seconds

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def compare(check, predictions, ours, rows, loss, C, iterations):
    w, gap, passes, seconds = ours.solve(loss, C, TOLERANCE)
    theirs, converged = scikit_learn(rows, C, loss, iterations)
    mine, best = objectives(w, rows, C, loss), objectives(theirs, rows, C, loss)
    worst = (mine / best - 1).max()
    name = f"{rows.name}, {loss}, C = {C:g} (C |x|^2 = {C * rows.square():.1e})"
    check(worst <= ALIKE, f"{name}: objective of no class more than {worst:.1e} above LIBLINEAR's"
                          f"{'' if converged else ', which has not converged'}; gap {gap:.1e}, {passes} passes, {seconds:.2f} s")
    check(gap <= TOLERANCE, "the certificate says so by itself")
    # The optimum is not below what the certificate allows.
    check(best.sum() >= mine.sum() * (1 - 2 * max(gap, 1e-9)), f"all together: {mine.sum() / best.sum() - 1:.1e}")
    if not converged:
        return
    predictions.compare(rows, w, theirs, radii(w, mine, best, gap).sum(0))


def run(check, predictions, program, rows, cases, iterations):
    with tempfile.TemporaryDirectory(prefix="pool3-optimum-") as folder:
        for ranks in (1, 2):
            ours = Ours(program, rows, folder, ranks)
            for loss, C in cases:
                if ranks == 1:
                    compare(check, predictions, ours, rows, loss, C, iterations)
                else:
                    gap = ours.solve(loss, C, TOLERANCE)[1]
                    check(gap <= TOLERANCE, f"{rows.name}, {loss}, C = {C:g}, 2 ranks: gap {gap:.1e}")
            ours.close()


def large_classes(path, count=3):
    """All rows of a feature file; classes but the largest become one."""
    f = support.Features(path)
    labels = f.labels[f.rows("training")]
    largest = np.argsort(-np.bincount(labels), kind="stable")[:count]
    rank = np.full(labels.max() + 1, count)
    rank[largest] = np.arange(count)
    return Rows(pathlib.Path(path).stem, f.features[f.rows("training")], rank[labels])


def main():
    check, pool3, _ = support.start_test(__doc__)
    f = support.Features(pool3.shared_features)
    chosen, predictions = f.rows("training"), Predictions(check)
    run(check, predictions, pool3.helper, Rows("pictures", f.features[chosen], f.labels[chosen]), [("l1", 0.01), ("l2", 0.1)], 20_000)
    for rows, costs in hard_sets():
        run(check, predictions, pool3.helper, rows, [(loss, C) for loss in ("l1", "l2") for C in costs], 20_000)
    for path in filter(None, os.environ.get("POOL3_OPTIMUM_FEATURES", "").split(":")):
        run(check, predictions, pool3.helper, large_classes(path), [("l1", 0.01), ("l1", 0.1), ("l2", 0.1), ("l2", 1)], 3000)
    predictions.finish()
    check.finish()


if __name__ == "__main__":
    main()
