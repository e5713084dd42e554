"""Rows that a solver may stumble over: each is a clear line, or the right answer."""

import json
import pathlib
import subprocess
import sys
import warnings

import h5py
import numpy as np
from sklearn.svm import LinearSVC

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402

DIM, CLASSES = 2048, 3


class Maker:
    """Feature files of given rows."""

    def __init__(self, pool3, folder):
        self.helper, self.folder = pool3.helper, folder

    def __call__(self, name, x, labels, kind="float32"):
        path = self.folder / f"{name}.h5"
        x.astype("<f4").tofile(self.folder / "x.f32")
        np.asarray(labels, "<i4").tofile(self.folder / "labels.i32")
        subprocess.run([self.helper, path, kind, str(DIM), str(CLASSES), self.folder / "x.f32", self.folder / "labels.i32"], check=True,
                       env=support.environment({}))
        return path


def rows(count, seed=1):
    random = np.random.default_rng(seed)
    labels = np.arange(count) % CLASSES
    x = random.standard_normal((count, DIM)) / 16
    x[:, :CLASSES] += np.eye(CLASSES)[labels]
    return x, labels


def train(pool3, path, *flags, ranks=0):
    """The model's coefficients [classes, columns + 1], intercepts last; raw features, nothing held out."""
    out = path.with_suffix(".model.h5")
    result = pool3("train", "--features", path, "--out", out, "--test-fraction", 0, "--C", 1, *flags, ranks=ranks)
    with h5py.File(out) as f:
        numbers = {name: f[name][:] for name in f if f[name].dtype.kind == "f"}
    return result, np.column_stack([numbers["coef"], numbers["intercept"]]), numbers


def objective(w, x, labels, C, loss):
    slack = np.maximum(0, 1 - np.where(labels[:, None] == np.arange(len(w)), 1, -1) * (x @ w[:, :-1].T + w[:, -1]))
    return 0.5 * np.square(w).sum() + C * (slack if loss == "l1" else slack**2).sum()


def reference(x, labels, C, loss):
    warnings.simplefilter("ignore")
    dual = loss == "l1"
    fits = [LinearSVC(C=C, loss="hinge" if dual else "squared_hinge", dual=dual, tol=1e-10, max_iter=100_000,
                      random_state=0).fit(x, labels == k) for k in range(CLASSES)]
    return np.array([np.append(f.coef_[0], f.intercept_) for f in fits])


def check_not_finite(check, pool3, make):
    x, labels = rows(40)
    x[7, 3], x[21, 0], x[22, 2047] = np.nan, np.inf, -np.inf
    path = make("not-finite", x, labels)
    for command in (["train"], ["search", "--folds", 2, "--C", 1]):
        for ranks in (1, 2):
            errors = pool3(*command, "--features", path, "--out", make.folder / "none", "--test-fraction", 0, ranks=ranks,
                           code=1).errors()
            check(len(errors) == 1 and "row 7: a feature is not a finite number" in errors[0],
                  f"{command[0]}, {ranks} ranks, NaN and infinite features: {errors}")
    check(not (make.folder / "none").exists(), "nothing was written")


def check_optimum(check, pool3, make, name, x, labels):
    """Both losses reach the optimum, on one rank and on three."""
    path = make(name, x, labels)
    x = x.astype("f4").astype("f8")
    for loss in ("l1", "l2"):
        best = objective(reference(x, labels, 1, loss), x, labels, 1, loss)
        for ranks in (1, 3):
            result, w, _ = train(pool3, path, "--no-centering", "--loss", loss, "--tolerance", "1e-7", "--probability-folds", 0,
                                 ranks=ranks)
            ours = objective(w, x, labels, 1, loss)
            check(abs(ours / best - 1) < 1e-6 and "warning" not in result.err,
                  f"{name}, {loss}, {ranks} ranks: objective {ours:.8f}, LIBLINEAR's is {best:.8f}")


def check_small_class(check, pool3, make):
    """One row in a class, in training, in a search with more folds than rows of it, and in an evaluation."""
    x, labels = rows(60)
    labels = np.where(labels == 2, 1, labels)
    labels[40] = 2
    check_optimum(check, pool3, make, "one row of a class", x, labels)
    path = make("small", x, labels)
    for ranks in (1, 2):
        _, _, numbers = train(pool3, path, ranks=ranks)
        check(all(np.isfinite(v).all() for v in numbers.values()), f"{ranks} ranks: model and sigmoids are finite")
        out = make.folder / "search.json"
        pool3("search", "--features", path, "--out", out, "--folds", 30, "--C", 0.1, 1, "--test-fraction", 0, ranks=ranks)
        points = json.loads(out.read_text())["points"]
        check(all(np.isfinite(p["mean"]) and 0 <= p["mean"] <= 1 for p in points),
              f"search with 30 folds, {ranks} ranks: {[p['mean'] for p in points]}")
    model, out = make.folder / "half.h5", make.folder / "evaluation.json"
    pool3("train", "--features", path, "--out", model, "--test-fraction", 0.4, "--probability-folds", 10)
    pool3("evaluate", "--features", path, "--model", model, "--out", out)
    check(np.isfinite(json.loads(out.read_text())["accuracy"]), "an evaluation without rows of a class has an accuracy")


def check_nothing_to_learn(check, pool3, make):
    """All rows alike: centred, they are 0. The best score is that of the larger class."""
    x, labels = np.full((30, DIM), 0.25), np.where(np.arange(30) < 20, 0, 1)
    path = make("alike", x, labels)
    for loss in ("l1", "l2"):
        result, w, numbers = train(pool3, path, "--loss", loss)
        check(all(np.isfinite(v).all() for v in numbers.values()), f"rows that are all alike, {loss}: the model is finite")
        check((x[0] @ w[:, :-1].T + w[:, -1]).argmax() == 0 and "warning" not in result.err, "the larger class wins")


def main():
    check, pool3, folder = support.start_test(__doc__)
    make = Maker(pool3, folder)
    check_not_finite(check, pool3, make)
    x, labels = rows(60)
    x[[3, 4, 5, 50]] = 0
    check_optimum(check, pool3, make, "rows of zeros", x, labels)
    x, labels = rows(60)
    x = np.concatenate([x, x[:20]])
    check_optimum(check, pool3, make, "copies with other labels", x, np.concatenate([labels, (labels[:20] + 1) % CLASSES]))
    check_small_class(check, pool3, make)
    check_nothing_to_learn(check, pool3, make)
    check.finish()


if __name__ == "__main__":
    main()
