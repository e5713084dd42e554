"""Kernel machines beside LIBSVM and LIBLINEAR (both in scikit-learn), on scikit-learn's digits.

One-vs-one is LIBSVM's own problem, so decision values are alike. One-vs-rest is LinearSVC's problem on the rows of a
Cholesky factor of the kernel matrix, so objectives are alike. The whole table of a search is that of GridSearchCV on the
same folds, for any number of ranks. Landmarks are Nystroem's map of scikit-learn. Bad input is a clear line.
"""

import json
import pathlib
import subprocess
import sys
import warnings

import h5py
import numpy as np
from sklearn.datasets import load_digits
from sklearn.kernel_approximation import Nystroem
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.svm import SVC, LinearSVC

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402

CLASSES = 10


def digits(count):
    x, labels = load_digits(return_X_y=True)
    pick = np.random.default_rng(7).permutation(len(x))[:count]
    x = (x[pick] / 16).astype("<f4").astype("f8")
    return x, labels[pick]


def write(pool3, folder, name, x, labels, kind="float32"):
    path = folder / f"{name}.h5"
    x.astype("<f4").tofile(folder / "x.f32")
    np.asarray(labels, "<i4").tofile(folder / "labels.i32")
    subprocess.run([pool3.helper, path, kind, str(x.shape[1]), str(CLASSES), folder / "x.f32", folder / "labels.i32"], check=True,
                   env=support.environment({}))
    return path


def kernel(a, b, gamma):
    distances = np.square(a).sum(1)[:, None] + np.square(b).sum(1) - 2 * a @ b.T
    return np.exp(-gamma * np.maximum(distances, 0))


class Model:
    """An RBF model, by docs/format.md alone."""

    def __init__(self, path):
        with h5py.File(path) as f:
            self.x, self.labels = f["support_vectors"][:].astype("f8"), f["support_labels"][:]
            self.dual, self.intercept = f["dual_coef"][:], f["intercept"][:]
            self.gamma, self.kind, self.gap = f.attrs["gamma"], f["support_vectors"].dtype, f.attrs["relative_gap"]
            self.objective = f.attrs["objective"]

    def one_vs_rest(self, x):
        return kernel(x, self.x, self.gamma) @ self.dual.T + self.intercept

    def one_vs_one(self, x):
        k, columns = kernel(x, self.x, self.gamma), []
        for a in range(CLASSES):
            for b in range(a + 1, CLASSES):
                f = k[:, self.labels == a] @ self.dual[b - 1, self.labels == a] + k[:, self.labels == b] @ self.dual[a, self.labels == b]
                columns.append(f + self.intercept[len(columns)])
        return np.column_stack(columns)


TRAIN = ("--test-fraction", 0, "--no-centering", "--kernel", "rbf", "--probability-folds", 0)


def one_vs_one(check, pool3, folder, path, x, labels):
    for gamma, C in ((0.02, 1), (0.1, 10), (0.5, 100)):
        out = folder / "ovo.h5"
        pool3("train", "--features", path, "--out", out, *TRAIN, "--gamma", gamma, "--C", C, "--multiclass", "ovo", "--loss", "l1",
              "--tolerance", 1e-7)
        theirs = SVC(C=C, gamma=gamma, tol=1e-8, decision_function_shape="ovo", cache_size=500).fit(x, labels)
        away = np.abs(Model(out).one_vs_one(x) - theirs.decision_function(x)).max()
        check(away < 1e-3, f"one-vs-one, gamma {gamma}, C {C}: decision values differ from LIBSVM's by {away:.1e} at most")


def one_vs_rest(check, pool3, folder, path, x, labels):
    for loss, gamma, C in (("l1", 0.1, 1), ("l2", 0.1, 1), ("l2", 0.5, 100), ("l1", 0.5, 100)):
        out = folder / "ovr.h5"
        pool3("train", "--features", path, "--out", out, *TRAIN, "--gamma", gamma, "--C", C, "--loss", loss, "--tolerance", 1e-7)
        model = Model(out)
        z = np.linalg.cholesky(kernel(x, x, gamma) + 1e-10 * np.eye(len(x)))
        dual, objective, scores = loss == "l1", 0, []
        for k in range(CLASSES):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                fit = LinearSVC(C=C, loss="hinge" if dual else "squared_hinge", dual=dual, tol=1e-10, max_iter=20_000,
                                random_state=0).fit(z, labels == k)
            w = np.append(fit.coef_[0], fit.intercept_)
            f = z @ w[:-1] + w[-1]
            slack = np.maximum(0, 1 - np.where(labels == k, 1, -1) * f)
            objective += 0.5 * w @ w + C * (slack if dual else slack**2).sum()
            scores.append(f)
        name = f"one-vs-rest, {loss}, gamma {gamma}, C {C}"
        check(model.objective <= objective * (1 + 1e-6), f"{name}: objective {model.objective / objective - 1:.1e} above LIBLINEAR's")
        check(model.objective >= objective * (1 - 2e-5), "and not below the optimum")
        check(model.gap <= 1e-7, f"the certificate says so: {model.gap:.1e}")
        away = np.abs(model.one_vs_rest(x) - np.column_stack(scores)).max()
        check(away < 2e-2, f"decision values differ by {away:.1e} at most")


def landmarks(check, pool3, folder, path, x, labels):
    """Nystroem's map of scikit-learn on the same landmarks, then its LinearSVC."""
    flags = ("--gamma", 0.1, "--C", 10, "--tolerance", 1e-7, "--max-epochs", 100_000)
    models = []
    for ranks in (1, 2):
        out = folder / f"landmarks-{ranks}.h5"
        result = pool3("train", "--features", path, "--out", out, *TRAIN, *flags, "--landmarks", 120, ranks=ranks)
        models.append(Model(out))
    check("120 landmarks (Nystroem) stand for all 400 rows; as --landmarks says" in result.out + result.err, "the log says so")
    model = models[0]
    check(np.array_equal(model.x, models[1].x) and len(model.x) == 120, "one and two ranks take the same landmarks")
    scores = model.one_vs_rest(x)
    away = np.abs(models[1].one_vs_rest(x) - scores).max()
    check(away < 1e-3, f"and their decision values differ by {away:.1e} at most")
    check({tuple(row) for row in model.x} <= {tuple(row) for row in x}, "landmarks are rows")
    share = np.bincount(model.labels, minlength=CLASSES) / np.bincount(labels, minlength=CLASSES)
    check(share.min() > 0.25 and share.max() < 0.35, "each class gives its share")
    theirs = Nystroem(gamma=0.1, n_components=len(model.x), random_state=0).fit(model.x)
    z, columns = theirs.transform(x), []
    for k in range(CLASSES):
        fit = LinearSVC(C=10, dual=False, tol=1e-8, max_iter=20_000).fit(z, labels == k)
        columns.append(fit.decision_function(z))
    away = np.abs(scores - np.column_stack(columns)).max()
    check(away < 1e-3, f"decision values differ from scikit-learn's Nystroem and LinearSVC by {away:.1e} at most")
    exact, all_rows = folder / "exact.h5", folder / "all.h5"
    pool3("train", "--features", path, "--out", exact, *TRAIN, *flags)
    pool3("train", "--features", path, "--out", all_rows, *TRAIN, *flags, "--landmarks", 100_000)
    exact, all_rows = Model(exact), Model(all_rows)
    away = np.abs(exact.one_vs_rest(x) - all_rows.one_vs_rest(x)).max()
    check(away < 2e-3, f"all rows as landmarks are the exact answer, to {away:.1e}")
    check(abs(all_rows.objective / exact.objective - 1) < 1e-5, "with its objective")


def landmarks_of_a_search(check, pool3, folder, path, x, labels):
    """Each fold of each point beside scikit-learn's Nystroem on the same landmarks, then LinearSVC."""
    flags = ("--test-fraction", 0, "--no-centering", "--split", "stratified", "--folds", 5, "--seed", 3, "--kernel", "linear", "rbf",
             "--gamma", "0.02,0.1", "--C", 1, 10, "--landmarks", 120, "--search-tolerance", 1e-6)
    tables, best = [], folder / "of-search.h5"
    for ranks in (1, 2, 3):
        result = pool3("search", "--features", path, "--out", folder / "landmarks.json", "--best", best, *flags, ranks=ranks)
        tables.append(points(folder / "landmarks.json"))
    check("120 landmarks (Nystroem) stand for all 400 rows" in result.err, "one line says so")
    check(tables[0] == tables[1] == tables[2], "one, two and three ranks make the same table, to the last digit")
    table, winner = tables[0]
    check(table[winner]["kernel"] == "rbf", "RBF is best")
    model = Model(best)
    check(len(model.x) == 120 and model.gamma == table[winner]["gamma"], "--best trains over the same landmarks")
    folds = list(StratifiedKFold(5, shuffle=True, random_state=3).split(x, labels))
    worst = 0
    for point in table:
        z = x
        if point["kernel"] == "rbf":
            z = Nystroem(gamma=point["gamma"], n_components=120, random_state=0).fit(model.x).transform(x)
        for accuracy, (train, test) in zip(point["fold_accuracy"], folds):
            fit = LinearSVC(C=point["C"], dual=False, tol=1e-8, max_iter=20_000).fit(z[train], labels[train])
            worst = max(worst, abs(fit.score(z[test], labels[test]) - accuracy))
    one_row = 1 / (len(x) // 5)
    check(worst < 1.01 * one_row, f"each fold's accuracy is that of Nystroem and LinearSVC, but for one row: {worst:.4f}")


def landmarks_for_memory(check, pool3, folder, x, labels):
    """Copies of the digits make a kernel matrix too large for --max-memory."""
    near = np.concatenate([x] * 5) + np.random.default_rng(3).normal(0, 0.05, (5 * len(x), x.shape[1]))
    path = write(pool3, folder, "large", near, np.tile(labels, 5))
    flags = ("--features", path, "--kernel", "rbf", "--max-memory", 0.015)
    out, table = folder / "memory.h5", folder / "memory.json"
    result = pool3("train", *flags, "--out", out, "--C", 10)
    check("an approximation: " in result.err + result.out and "would hold it" in result.err + result.out, "memory is told, and what it takes")
    check(256 <= len(Model(out).x) <= 1024, f"{len(Model(out).x)} landmarks")
    pool3("evaluate", "--features", path, "--model", out, "--out", table)
    with open(table, encoding="utf-8") as file:
        accuracy = json.load(file)["accuracy"]
    check(accuracy > 0.97, f"accuracy {accuracy:.4f}")
    result = pool3("search", *flags, "--out", table, "--C", 10, "--folds", 3)
    check("an approximation: " in result.err, "a search says so, too")
    with open(table, encoding="utf-8") as file:
        found = json.load(file)
    check(256 <= found["landmarks"] <= 1024 and found["points"][0]["mean"] > 0.97, f"{found['landmarks']} landmarks")
    result = pool3("train", *flags, "--out", folder / "no.h5", "--solver", "gram", code=2)
    check("raise --max-memory" in result.err, "--solver gram never approximates")


def points(path):
    with open(path, encoding="utf-8") as file:
        table = json.load(file)
    for point in table["points"]:
        del point["seconds"]
    return table["points"], table["best"]


def search(check, pool3, folder, path, x, labels):
    flags = ("--test-fraction", 0, "--no-centering", "--split", "stratified", "--folds", 5, "--seed", 3, "--multiclass", "ovo",
             "--loss", "l1", "--kernel", "rbf", "--gamma", "0.01,0.1", "--C", "logspace:0.1:10:3", "--search-tolerance", 1e-6)
    tables = []
    for ranks in (1, 2, 3):
        out = folder / f"search-{ranks}.json"
        pool3("search", "--features", path, "--out", out, *flags, ranks=ranks)
        tables.append(points(out))
    check(tables[0] == tables[1] == tables[2], "one, two and three ranks make the same table, to the last digit")
    folds = StratifiedKFold(5, shuffle=True, random_state=3)
    grid = GridSearchCV(SVC(tol=1e-6, break_ties=True), {"gamma": [0.01, 0.1], "C": [0.1, 1, 10]}, cv=folds).fit(x, labels)
    worst = 0
    for point in tables[0][0]:
        at = next(i for i, p in enumerate(grid.cv_results_["params"]) if np.allclose((p["gamma"], p["C"]), (point["gamma"], point["C"])))
        theirs = [grid.cv_results_[f"split{f}_test_score"][at] for f in range(5)]
        worst = max(worst, np.abs(np.array(theirs) - point["fold_accuracy"]).max())
    one_row = 1 / (len(x) // 5)
    check(worst < 1.01 * one_row, f"each fold's accuracy is GridSearchCV's, but for a row with nearly equal votes: {worst:.4f}")
    best = tables[0][0][tables[0][1]]
    check(np.isclose(grid.best_score_, best["mean"]), f"the best point has {best['mean']:.4f}, theirs {grid.best_score_:.4f}")


def linear_and_rbf(check, pool3, folder, path):
    out, best = folder / "both.json", folder / "best.h5"
    result = pool3("search", "--features", path, "--out", out, "--kernel", "linear", "rbf", "--gamma", "0.25*median", "scale", "--C", 1, 10,
                   "--folds", 3, "--best", best)
    table, winner = points(out)
    check([p["kernel"] for p in table] == ["linear"] * 2 + ["rbf"] * 4, "linear and RBF points in one table")
    check(table[winner]["mean"] == max(p["mean"] for p in table), f"the best mean wins: {table[winner]}")
    check("one kernel matrix" in result.err + result.out, "one line says which solver")
    evaluated = pool3("evaluate", "--features", path, "--model", best, "--out", folder / "best.json")
    check("accuracy" in evaluated.out, "and its model can be measured")


def halving(check, pool3, folder, path):
    flags = ("search", "--features", path, "--kernel", "linear", "rbf", "--gamma", "0.3*median,60*median", "--C", "1,10", "--folds", 4,
             "--test-fraction", 0)
    full = pool3(*flags, "--out", folder / "full.json")
    halved = pool3(*flags, "--out", folder / "halved.json", "--halving", ranks=2)
    (all_points, _), (points_left, best) = points(folder / "full.json"), points(folder / "halved.json")
    dropped = [p for p in points_left if p.get("dropped")]
    check(dropped and "halving, on " in halved.err and all(f"C {p['C']:g} ({p['score']:.4f})" in halved.err for p in dropped),
          f"{len(dropped)} of {len(points_left)} points are dropped, and named")
    check(halved.out.count("dropped") == len(dropped), "in the table, too")
    check(all(a == b for a, b in zip(all_points, points_left) if not b.get("dropped")), "the others are as without it, to the last digit")
    check(points_left[best]["mean"] >= max(p["mean"] for p in all_points) - 0.02, "and the best is among them")
    check("dropped" not in full.out, "without the flag there is no such thing")


def solvers(check, pool3, folder, path):
    objectives = {}
    for solver in ("descent", "newton", "gram", "auto"):
        out = folder / f"{solver}.h5"
        pool3("train", "--features", path, "--out", out, "--solver", solver, "--C", 1, "--tolerance", 1e-5, "--probability-folds", 0,
              "--max-epochs", 100_000)
        with h5py.File(out) as f:
            objectives[solver] = f.attrs["objective"]
            check(f.attrs["relative_gap"] <= 1e-5, f"--solver {solver} reaches a gap of 1e-5")
    spread = max(objectives.values()) / min(objectives.values()) - 1
    check(spread < 2e-5, f"their objectives are alike: {spread:.1e}")


def bad_input(check, pool3, folder, path, x, labels):
    def refused(code, text, *flags, features=path):
        result = pool3("train", "--features", features, "--out", folder / "no.h5", *flags, code=code)
        check(text in result.err, f"{' '.join(map(str, flags))}: {text}")
        check(not (folder / "no.h5").exists(), "and no model")

    refused(2, "--gamma 0 is not", "--kernel", "rbf", "--gamma", 0)
    refused(2, "--C must be at most", "--C", 1e25)
    refused(2, "--multiclass ovo needs", "--multiclass", "ovo")
    refused(2, "raise --max-memory", "--kernel", "rbf", "--max-memory", 1e-4)
    refused(2, "--landmarks needs --kernel rbf", "--landmarks", 10)
    refused(2, "--landmarks needs --kernel rbf", "--landmarks", 10, "--kernel", "rbf", "--multiclass", "ovo")
    refused(2, "--solver gram is exact", "--landmarks", 10, "--kernel", "rbf", "--solver", "gram")
    refused(2, "lower --landmarks", "--landmarks", 300, "--kernel", "rbf", "--max-memory", 1e-4)
    refused(2, "--gamma of train", "--kernel", "rbf", "--gamma", "1,2")
    same = write(pool3, folder, "same", np.ones_like(x), labels)
    refused(2, "same features", "--kernel", "rbf", features=same)
    hard = labels.copy()
    hard[::2] = (hard[1::2][: len(hard[::2])] + 1) % CLASSES
    twice = write(pool3, folder, "twice", np.concatenate([x[::2], x[::2]]), np.concatenate([labels[::2], hard[::2]]))
    for kernel_flags in (("--kernel", "rbf"), ("--kernel", "rbf", "--multiclass", "ovo"), ()):
        for C in (1e-6, 1e9):
            out = folder / "hard.h5"
            pool3("train", "--features", twice, "--out", out, *kernel_flags, "--C", C, "--loss", "l2")
            with h5py.File(out) as f:
                finite = all(np.isfinite(f[name][:]).all() for name in f if f[name].dtype.kind == "f")
                check(finite, f"copies with other labels, C {C} {' '.join(kernel_flags)}: a model of numbers")


def main():
    check, pool3, folder = support.start_test(__doc__)
    x, labels = digits(400)
    path = write(pool3, folder, "digits", x, labels)
    one_vs_one(check, pool3, folder, path, x, labels)
    one_vs_rest(check, pool3, folder, path, x, labels)
    landmarks(check, pool3, folder, path, x, labels)
    landmarks_of_a_search(check, pool3, folder, path, x, labels)
    landmarks_for_memory(check, pool3, folder, x, labels)
    search(check, pool3, folder, path, x, labels)
    linear_and_rbf(check, pool3, folder, path)
    halving(check, pool3, folder, path)
    solvers(check, pool3, folder, path)
    bad_input(check, pool3, folder, path, x, labels)
    check.finish()


if __name__ == "__main__":
    main()
