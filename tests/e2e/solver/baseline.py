"""Baselines beside scikit-learn's LogisticRegression, nearest neighbour and nearest centroid, and SciPy's exact test."""

import json
import pathlib
import shutil
import subprocess
import sys

import numpy as np
from scipy.stats import binomtest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, balanced_accuracy_score, log_loss
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402

CLASSES, FOLDS = 10, 4


def write(pool3, folder, x, labels):
    path = folder / "digits.h5"
    x.astype("<f4").tofile(folder / "x.f32")
    np.asarray(labels, "<i4").tofile(folder / "labels.i32")
    subprocess.run([pool3.helper, path, "float32", str(x.shape[1]), str(CLASSES), folder / "x.f32", folder / "labels.i32"], check=True,
                   env=support.environment({}))
    return path


class Sides:
    """Rows of both sides, standardised as docs/solver.md says."""

    def __init__(self, f):
        self.training, self.test = f.rows("training"), f.rows("test")
        x = f.features.astype("f8")
        mean = x[self.training].mean(0)
        scale = np.sqrt(np.square(x[self.training] - mean).sum(1).mean())
        x = (x - mean) / scale
        self.x, self.y = x[self.training], f.labels[self.training]
        self.x_test, self.y_test = x[self.test], f.labels[self.test]
        self.folds = np.array([int(support.key_uniform(42, f.keys[r], 2) * FOLDS) for r in self.training])


def objective(model, x, labels, C):
    f = x @ model.coef_.T + model.intercept_
    top = f.max(1)
    columns = np.searchsorted(model.classes_, labels)
    return C * (np.log(np.exp(f - top[:, None]).sum(1)) + top - f[np.arange(len(f)), columns]).sum() + 0.5 * np.square(model.coef_).sum()


def told(result, name):
    lines = [json.loads(line) for line in result.err.splitlines() if line.startswith("{")]
    return [float(line[name]) for line in lines if name in line]


def table(path):
    j = json.loads(path.read_text())
    return j, {e["kind"]: e for e in j["baselines"]}


def check_optimum(check, pool3, path, folder, name, costs):
    f = support.Features(path)
    s = Sides(f)
    for C in costs:
        theirs = LogisticRegression(C=C, tol=1e-9, max_iter=20000).fit(s.x, s.y)
        best = objective(theirs, s.x, s.y, C)
        for ranks in (1, 2):
            out = folder / f"{name}-{C}-{ranks}.json"
            result = pool3("baseline", path, "--kind", "softmax", "--C", C, "--out", out, "--log-format", "json", ranks=ranks)
            ours = told(result, "objective")[0]
            check(abs(ours / best - 1) < 1e-6, f"{name}, C {C}, {ranks} ranks: objective {ours:.6f}, scikit-learn's {best:.6f}")
            j, entries = table(out)
            same = (np.array(entries["softmax"]["predicted"]) == theirs.predict(s.x_test)).mean()
            check(same >= 0.99, f"its predictions are scikit-learn's in {same:.4f} of the rows")
            loss = log_loss(s.y_test, theirs.predict_proba(s.x_test), labels=theirs.classes_)
            check(abs(entries["softmax"]["log_loss"] / loss - 1) < 1e-2, f"log loss {entries['softmax']['log_loss']:.5f}, {loss:.5f}")


def check_others(check, pool3, path, folder):
    s = Sides(support.Features(path))
    model = folder / "model.h5"
    pool3("train", path, "--C", 0.01, "--out", model)
    tables = []
    for ranks in (1, 2, 4):
        out = folder / f"all-{ranks}.json"
        result = pool3("baseline", path, "--model", model, "--C", 1, 10, "--folds", FOLDS, "--out", out, ranks=ranks)
        check(all(kind in result.out for kind in ("svm", "softmax", "nearest", "centroid")), "the table is printed")
        tables.append(table(out))
    j, entries = tables[0]
    check(j["rows"] == s.test.tolist() and j["truth"] == s.y_test.tolist() and j["training_rows"] == len(s.y), "the rows are those of train")
    check(all(t[1][k]["predicted"] == entries[k]["predicted"] for t in tables for k in entries), "the same for 1, 2 and 4 ranks")
    nearest = KNeighborsClassifier(1, algorithm="brute").fit(s.x, s.y).predict(s.x_test)
    check(entries["nearest"]["predicted"] == nearest.tolist(), "the nearest neighbours are scikit-learn's")
    check(entries["centroid"]["predicted"] == NearestCentroid().fit(s.x, s.y).predict(s.x_test).tolist(), "so are the means")
    for kind, e in entries.items():
        p = np.array(e["predicted"])
        right = abs(e["accuracy"] - accuracy_score(s.y_test, p)) < 1e-9 and abs(e["balanced_accuracy"] - balanced_accuracy_score(s.y_test, p)) < 1e-9
        low, high = e["accuracy_interval"]
        check(right and low < e["accuracy"] < high and e["model_bytes"] > 0, f"{kind}: accuracy {e['accuracy']:.4f}")
    svm = np.array(entries["svm"]["predicted"]) == s.y_test
    for kind in ("softmax", "nearest", "centroid"):
        this, paired = np.array(entries[kind]["predicted"]) == s.y_test, entries[kind]["paired"]
        a, b = int((svm & ~this).sum()), int((this & ~svm).sum())
        p = binomtest(a, a + b).pvalue if a + b else 1
        check(paired["only_svm_right"] == a and paired["only_this_right"] == b and abs(paired["p"] - p) < 1e-9, f"{kind}: p {p:.3g}")
    for point in entries["softmax"]["search"]:
        worst = 0
        for fold in range(FOLDS):
            held = s.folds == fold
            fit = LogisticRegression(C=point["C"], tol=1e-6, max_iter=5000).fit(s.x[~held], s.y[~held])
            worst = max(worst, abs(round((fit.predict(s.x[held]) == s.y[held]).sum() - point["fold_accuracy"][fold] * held.sum())))
        check(worst <= 1, f"C {point['C']}: accuracies of the folds are scikit-learn's within {worst} rows")
    best = max(entries["softmax"]["search"], key=lambda point: point["mean"])
    check(entries["softmax"]["C"] == best["C"], "the best C is taken")
    out = folder / "evaluation.json"
    result = pool3("evaluate", path, "--model", model, "--baselines", folder / "all-1.json", "--out", out, ranks=2)
    joined = {e["kind"]: e for e in json.loads(out.read_text())["baselines"]}
    check(joined["nearest"]["paired"] == entries["nearest"]["paired"] and "predicted" not in joined["nearest"], "evaluate has them, too")
    check("nearest" in result.out, "and prints them")


def check_resuming(check, pool3, path, folder):
    out, partial = folder / "resumed.json", folder / "resumed.json.partial"
    pool3("baseline", path, "--kind", "nearest", "--out", out)
    first = table(out)[1]["nearest"]
    out.rename(partial)
    result = pool3("baseline", path, "--kind", "nearest", "centroid", "--out", out, ranks=2)
    check("nearest: done earlier" in result.err and table(out)[1]["nearest"] == first and not partial.exists(), "what was done is kept")
    pool3("baseline", path, "--kind", "softmax", "--C", 1, "--out", out)
    check(set(table(out)[1]) == {"nearest", "centroid", "softmax"}, "a later call adds to the table")
    result = pool3("baseline", path, "--kind", "softmax", "--C", 2, "--out", out)
    check(table(out)[1]["softmax"]["C"] == 2, "another C is another softmax")
    result = pool3("baseline", path, "--kind", "centroid", "--seed", 1, "--out", out)
    check("another split" in result.err and set(table(out)[1]) == {"centroid"}, "another split starts anew")
    lines = [json.loads(line) for line in pool3("baseline", path, "--kind", "centroid", "--json", "--out", folder / "j.json").out.splitlines()]
    check([line["kind"] for line in lines] == ["centroid"], "--json prints a line each")
    out.write_text("{}")
    result = pool3("baseline", path, "--kind", "centroid", "--out", out)
    check("starting anew" in result.err and "centroid" in table(out)[1], "a file that is none is made anew")


def check_pictures(check, pool3, folder):
    """HoG looks at the pictures: where they are, or by their content where they are now."""
    path, f = pool3.shared_features, support.Features(pool3.shared_features)
    root = pathlib.Path(f.attributes["root"])
    tables = []
    moved = folder / "moved"
    moved.mkdir()
    for row, name in enumerate(f.paths):
        if f.status[row] == support.DONE:
            shutil.copyfile(root / name, moved / f"{row}{pathlib.Path(name).suffix}")
    for ranks, flags in ((1, ()), (2, ("--corpus", moved))):
        out = folder / f"hog-{ranks}.json"
        pool3("baseline", path, "--kind", "hog", "--out", out, *flags, ranks=ranks)
        tables.append(table(out)[1]["hog"])
    check(tables[0]["predicted"] == tables[1]["predicted"], "HoG: the same on two ranks, and for pictures that have moved")
    truth = table(folder / "hog-1.json")[0]["truth"]
    check(tables[0]["accuracy"] > np.bincount(truth).max() / len(truth) * 0.8, f"its accuracy is {tables[0]['accuracy']:.3f}")
    for ranks in (1, 2):
        pool3("baseline", path, "--kind", "cnn", "--epochs", 2, "--corpus", moved, "--out", folder / f"cnn-{ranks}.json", ranks=ranks)
    one, two = (table(folder / f"cnn-{ranks}.json")[1]["cnn"] for ranks in (1, 2))
    check(one["predicted"] == two["predicted"] and abs(one["log_loss"] - two["log_loss"]) < 1e-6, "the network is the same on two ranks")
    check(not (folder / "cnn-1.json.cnn").exists(), "no checkpoint is left")
    for picture in moved.iterdir():
        picture.write_bytes(b"another")
    for ranks in (1, 2):
        errors = pool3("baseline", path, "--kind", "hog", "--corpus", moved, "--out", folder / "e.json", code=1, ranks=ranks).errors()
        check(len(errors) == 1 and "no picture of this content" in errors[0], f"a picture that is not there: {errors}")


def check_errors(check, pool3, path, folder):
    out = folder / "none.json"
    for flags, code, cause in ((("--kind", "forest"), 2, "forest"), (("--test-fraction", 0), 2, "--test-fraction"), (("--C", 0), 2, "--C"),
                               (("--folds", 1, "--kind", "softmax"), 2, "--folds"), (("--model", folder / "nothing.h5"), 1, "nothing.h5"),
                               (("--model", folder / "other.h5"), 1, "other features")):
        if cause == "other features":
            other = support.make_features(pool3, folder / "wide.h5", "float32", width=32)
            pool3("train", other, "--out", folder / "other.h5", "--probability-folds", 0)
        for ranks in (1, 2):
            errors = pool3("baseline", path, "--out", out, *flags, code=code, ranks=ranks).errors()
            check(len(errors) == 1 and cause in errors[0], f"{flags}, {ranks} ranks: {errors}")
    check(not out.exists(), "nothing was written")
    pool3("baseline", path, "--kind", "centroid", "--seed", 5, "--out", out)
    errors = pool3("evaluate", path, "--model", folder / "model.h5", "--baselines", out, "--out", folder / "e.json", code=1, ranks=2).errors()
    check(len(errors) == 1 and "other rows" in errors[0], f"baselines of other rows are refused: {errors}")


def main():
    check, pool3, folder = support.start_test(__doc__)
    x, labels = load_digits(return_X_y=True)
    pick = np.random.default_rng(7).permutation(len(x))[:1000]
    path = write(pool3, folder, x[pick] / 16, labels[pick])
    check_optimum(check, pool3, path, folder, "digits", (0.1, 10, 1000))
    check_optimum(check, pool3, pool3.shared_features, folder, "features", (1, 100))
    check_others(check, pool3, path, folder)
    check_resuming(check, pool3, path, folder)
    check_pictures(check, pool3, folder)
    check_errors(check, pool3, path, folder)
    check.finish()


if __name__ == "__main__":
    main()
