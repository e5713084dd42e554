"""Tables of other programs become feature files: the same from every format, refused with the row where they are bad.
scikit-learn's digits with its own folds give GridSearchCV's table, and its measures."""

import csv
import gzip
import json
import pathlib
import sys
import warnings

import h5py
import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.datasets import dump_svmlight_file, load_digits
from sklearn.metrics import (accuracy_score, balanced_accuracy_score, confusion_matrix, log_loss, top_k_accuracy_score)
from sklearn.model_selection import GridSearchCV, PredefinedSplit, StratifiedKFold, train_test_split
from sklearn.svm import LinearSVC

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402

GRID = [0.01, 0.1, 1.0]


def write_formats(folder, x, y):
    """The same table in each format, with what flags it wants beside its name."""
    np.save(folder / "y.npy", y)
    np.save(folder / "x.npy", x)
    np.save(folder / "columns.npy", np.asfortranarray(x.astype(">f4")))
    np.savez(folder / "a.npz", X=x.astype("f2"), y=y.astype(str))
    np.savez_compressed(folder / "b.npz", other=x[0], features=x.astype("i2"), target=y.astype("S2"))
    with h5py.File(folder / "a.h5", "w") as f:
        f.create_dataset("X", data=x, chunks=(100, 10), compression="gzip")
        f["y"] = y
        f["group/texts"] = [str(v) for v in y]
    dump_svmlight_file(x, y, str(folder / "a.svm"), zero_based=False)
    (folder / "a.svm.gz").write_bytes(gzip.compress((folder / "a.svm").read_bytes()))
    with open(folder / "a.csv", "w", encoding="utf-8") as f:
        rows = csv.writer(f)
        rows.writerow([f"p{i}" for i in range(x.shape[1])] + ["class"])
        rows.writerows([*row, label] for row, label in zip(x, y))
    with open(folder / "b.csv", "w", encoding="utf-8") as f:
        for row, label in zip(x, y):
            f.write(";".join([f'"{label}"', *map(repr, row.tolist())]) + "\n")
    return {"x.npy": ["--labels", folder / "y.npy"], "columns.npy": ["--labels", folder / "a.h5:group/texts"], "a.npz": [],
            "b.npz": [], "a.h5": [], "a.h5:X": ["--labels", folder / "a.npz:y"], "a.svm": [], "a.svm.gz": [], "a.csv": [],
            "b.csv": ["--label-column", "1"]}


def check_formats(check, pool3, folder, x, y):
    hashes = set()
    for name, flags in write_formats(folder, x, y).items():
        out = folder / "f.h5"
        pool3("import", "--features", folder / name, *flags, "--out", out, "--overwrite")
        f = support.Features(out)
        same = np.array_equal(f.features, x.astype("f4")) and [f.classes[k] for k in f.labels] == [str(v) for v in y]
        check(same and f.rows("training", 42, 0.0).size == len(y), f"{name}: features and labels are those of NumPy")
        hashes.add(f.attributes["catalogue_hash"])
    check(len(hashes) == 1, "all of them are the same catalogue")
    pool3("verify", out)
    gaps = np.where(np.arange(len(y)) % 7 == 3, np.nan, y)
    np.savez(folder / "gaps.npz", X=x, y=gaps)
    line = pool3("import", "--features", folder / "gaps.npz", "--out", folder / "gaps.h5").err
    f = support.Features(folder / "gaps.h5")
    same = np.array_equal(f.labels, np.where(np.isnan(gaps), -1, y)) and list(f.classes) == [str(v) for v in range(10)]
    check(same and f"{np.isnan(gaps).sum()} rows without a label" in line, "NaN is no label, and no class")
    np.savez(folder / "none.npz", X=x, y=np.full(len(y), np.nan))
    line = pool3("import", "--features", folder / "none.npz", "--out", folder / "none.h5").err
    check("0 classes; none has a label" in line, "NaN alone is no class either")
    pool3("import", "--features", f"{folder / 'a.h5'}:/X", "--out", folder / "slash.h5")
    check(list(support.Features(folder / "slash.h5").labels) == list(y), "labels lie beside /X as beside X")
    (folder / "each.txt").write_text("".join(f"name {i}\n" for i in range(len(y))))
    line = pool3("import", "--features", folder / "x.npy", "--labels", folder / "each.txt", "--out", folder / "each.h5").err
    check("1797 classes in 1797 rows" in line, "labels that are all different are told")
    pool3("import", "--features", folder / "x.npy", "--labels", folder / "y.npy", "--out", folder / "two.h5", ranks=2)
    check((folder / "two.h5").read_bytes() == reimported(pool3, folder), "two ranks write the same bytes as one")


def reimported(pool3, folder):
    pool3("import", "--features", folder / "x.npy", "--labels", folder / "y.npy", "--out", folder / "one.h5")
    return (folder / "one.h5").read_bytes()


def check_refusals(check, pool3, folder, x, y):
    bad = x.copy()
    bad[7, 3] = np.nan
    np.save(folder / "nan.npy", bad)
    np.save(folder / "flat.npy", x[0])
    np.save(folder / "objects.npy", np.array([{}, 1], object), allow_pickle=True)
    np.save(folder / "large.npy", x * 1e9)
    (folder / "cut.npy").write_bytes((folder / "x.npy").read_bytes()[:-100])
    (folder / "shape.npy").write_bytes((folder / "x.npy").read_bytes().replace(b"(1797, 64), ", b"(10**9,64), ", 1))
    huge = (folder / "x.npy").read_bytes().replace(b"(1797, 64), }  ", b"(99999999, 64), }", 1)
    (folder / "huge.npy").write_bytes(huge)
    (folder / "word.csv").write_text("a,b,label\n1,2,x\n3,four,y\n")
    (folder / "short.csv").write_text("1,2,x\n3,y\n")
    (folder / "bad.svm").write_text("1 1:2 2:3\n2 1:2 x:3\n")
    (folder / "empty.csv").write_text("")
    (folder / "wide.svm").write_text("1 1:2\n2 9223372036854775807:3\n")
    (folder / "wider.svm").write_text("1 1:2\n2 1048577:3\n")
    np.save(folder / "few.npy", y[:-1])
    np.savez(folder / "images.npz", X=x.reshape(-1, 8, 8), y=y)
    np.savez(folder / "words.npz", X=x, y=y.astype(object))
    np.savez(folder / "complex.npz", X=x.astype(complex), y=y)
    np.savez(folder / "sparse.npz", data=x[0], indices=y, indptr=y, shape=y[:2], format=np.array(b"csr"))
    np.save(folder / "fields.npy", np.zeros(3, [("a", "f4"), ("label", "i4")]))
    with h5py.File(folder / "packed.h5", "w") as f:
        f.create_dataset("X", data=x, compression="lzf")
    layout = h5py.VirtualLayout(x.shape, x.dtype)
    layout[:] = h5py.VirtualSource("gone.h5", "X", x.shape)
    with h5py.File(folder / "parts.h5", "w") as f:
        f.create_virtual_dataset("X", layout)
    cases = {"nan.npy": "row 7, feature 3", "flat.npy": "1 dimensions", "objects.npy": "Python objects", "cut.npy": "ends before",
             "shape.npy": "shape", "huge.npy": "ends before", "word.csv": "line 3, column 2 (b): 'four'", "short.csv": "line 2 has 2 fields",
             "bad.svm": "line 2: 'x:3'", "wide.svm": "line 2: '9223372036854775807:3'", "wider.svm": "a row has 1048577 numbers", "empty.csv": "no rows",
             "images.npz": "3 dimensions: 1797 x 8 x 8", "words.npz": "y.astype(str)", "complex.npz": "X.astype('float32')",
             "sparse.npz": "sparse matrix", "fields.npy": "several fields", "packed.h5": "lacks here, number 32000 (lzf)",
             "parts.h5": "gone.h5 is not there", "a.h5:nothing": "nothing", "missing.npy": "No such file"}
    for name, cause in cases.items():
        errors = pool3("import", "--features", folder / name, "--out", folder / "no.h5", code=1).errors()
        check(len(errors) == 1 and cause in errors[0] and not (folder / "no.h5").exists(), f"{name}: {errors}")
    for flags, cause in ((["x.npy", "--labels", folder / "few.npy"], "1796 labels for 1797 rows"), (["large.npy", "--dtype", "float16"], "float16")):
        errors = pool3("import", "--features", folder / flags[0], *flags[1:], "--out", folder / "no.h5", code=1).errors()
        check(len(errors) == 1 and cause in errors[0], f"refused: {errors}")
    errors = pool3("import", "--features", folder / "a.h5", "--out", folder / "two.h5", "--labels", "none", code=1).errors()
    check("--overwrite" in errors[0], "a file of other rows is not replaced unasked")
    train = ["train", "--features", folder / "one.h5", "--out", folder / "no.h5"]
    for folds, cause in ((y[:-1], "1796 folds for the 1797 rows"), (y * 0, "fewer than two"), (y + 0.5, "is no fold")):
        np.save(folder / "folds.npy", folds)
        errors = pool3(*train, "--folds-from", folder / "folds.npy", code=1).errors()
        check(len(errors) == 1 and cause in errors[0], f"folds are refused: {errors}")


def check_grid(check, pool3, folder, x, y):
    """The table and the winner are GridSearchCV's, with the same folds, on features as they are."""
    kept = np.arange(len(y)) % 3 == 0  # scikit-learn takes its time
    x, y = x[kept] / 16, y[kept]
    folds = np.empty(len(y), int)
    for fold, (_, held) in enumerate(StratifiedKFold(5).split(x, y)):
        folds[held] = fold
    np.savez(folder / "grid.npz", X=x.astype("f4"), y=y, folds=folds)
    pool3("import", "--features", folder / "grid.npz:X", "--labels", folder / "grid.npz:y", "--out", folder / "grid.h5")
    scoring = {"accuracy": "accuracy"}
    theirs = GridSearchCV(LinearSVC(dual=True, tol=1e-6, max_iter=100_000), {"C": GRID}, cv=PredefinedSplit(folds),
                          scoring=list(scoring.values()), refit="accuracy").fit(x.astype("f4").astype(float), y)
    for ranks, (ours, name) in enumerate(scoring.items(), 1):
        out = folder / f"grid-{ours}.json"
        pool3("search", "--features", folder / "grid.h5", "--out", out, "--test-fraction", 0, "--no-centering", "--C", *GRID,
              "--folds-from", folder / "grid.npz:folds", "--search-tolerance", 1e-6, ranks=ranks)
        table = json.loads(out.read_text())
        check(table["fold_rows"] == np.bincount(folds).tolist(), f"{ours}: folds have the rows that the file says")
        # A row whose two best scores are equal but for a hair may fall to either.
        wanted = [[theirs.cv_results_[f"split{f}_test_{name}"][p] for f in range(5)] for p in range(len(GRID))]
        key = "fold_accuracy" if ours == "accuracy" else "fold_score"
        got = [p[key] for p in table["points"]]
        worst = np.abs(np.array(wanted) - got).max()
        check(worst < 1.5 / 10, f"{ours}: every fold's score is GridSearchCV's within {worst:.4f}")
        same = np.mean(np.abs(np.array(wanted) - got) < 1e-9)
        check(same >= 0.8, f"{ours}: {same:.0%} of them to the last digit")
        means = np.mean(wanted, axis=1)
        check(means[table["best"]] > means.max() - 0.003, f"{ours}: the winner is C {GRID[table['best']]}, theirs {GRID[means.argmax()]}")


def check_unseen(check, pool3, folder):
    """A class whose rows are all in one fold is not known there, and one without training rows nowhere, as in scikit-learn."""
    grid = np.load(folder / "grid.npz")
    x, y, folds = grid["X"], grid["y"], grid["folds"].copy()
    folds[y < 3] = 0
    np.save(folder / "unseen.npy", folds)
    theirs = GridSearchCV(LinearSVC(dual=True, tol=1e-6, max_iter=100_000), {"C": [0.1]}, cv=PredefinedSplit(folds)).fit(x.astype(float), y)
    wanted = [theirs.cv_results_[f"split{f}_test_score"][0] for f in range(5)]
    for solver, ranks in (("gram", 2), ("newton", 0), ("newton", 2)):
        out = folder / f"unseen-{solver}-{ranks}.json"
        pool3("search", "--features", folder / "grid.h5", "--out", out, "--test-fraction", 0, "--no-centering", "--C", 0.1,
              "--folds-from", folder / "unseen.npy", "--search-tolerance", 1e-6, "--solver", solver, ranks=ranks)
        got = json.loads(out.read_text())["points"][0]["fold_accuracy"]
        check(np.abs(np.array(got) - wanted).max() < 1e-9, f"{solver}, {ranks} ranks: a fold that lacks three classes is right in {got[0]:.4f}")
    np.save(folder / "sides.npy", np.where(y < 3, "test", "train"))
    for flags in (["--solver", "gram"], ["--solver", "newton"], ["--kernel", "rbf"], ["--kernel", "rbf", "--multiclass", "ovo"]):
        log = pool3("train", "--features", folder / "grid.h5", "--out", folder / "unseen.h5", "--split-from", folder / "sides.npy", *flags).err
        pool3("evaluate", "--features", folder / "grid.h5", "--model", folder / "unseen.h5", "--out", folder / "unseen.json")
        predicted = np.sum(json.loads((folder / "unseen.json").read_text())["confusion_matrix"], axis=0)
        check("will never be predicted: 0, 1, 2" in log and not predicted[:3].any(), f"{' '.join(flags)}: nor are they: {predicted}")


def check_simplest(check, pool3, folder):
    """Of the points within one standard error of the best, the one of the smallest C, whatever its gamma."""
    out = folder / "simplest.json"
    pool3("search", "--features", folder / "grid.h5", "--out", out, "--kernel", "rbf", "--gamma", "0.1*median", "0.5*median", "median",
          "--C", 1, 3, 10, 30, "--folds", 5, "--split", "stratified", "--choose", "simplest")
    table = json.loads(out.read_text())
    points = table["points"]
    best = max(points, key=lambda p: p["mean"])
    enough = best["mean"] - np.std(best["fold_accuracy"], ddof=1) / np.sqrt(5)
    wanted = min((p for p in points if p["mean"] >= enough - 1e-12), key=lambda p: (p["C"], p["gamma"]))
    check(points[table["best"]] == wanted, f"the simplest is C {wanted['C']}, gamma {wanted['gamma']:.3f}")


def check_small_C(check, pool3, folder):
    """Scores then grow with the number of rows: those of the folds tell little of the model's."""
    for flags in (["--kernel", "rbf"], ["--kernel", "rbf", "--loss", "l1"], ["--solver", "newton"]):
        pool3("train", "--features", folder / "grid.h5", "--out", folder / "small.h5", "--split", "stratified", "--C", 1e-5, *flags)
        pool3("evaluate", "--features", folder / "grid.h5", "--model", folder / "small.h5", "--out", folder / "small.json")
        told = json.loads((folder / "small.json").read_text())
        check(told["log_loss"] < 1.5 and told["accuracy"] > 0.4,
              f"C of 1e-5, {' '.join(flags)}: log loss {told['log_loss']:.3f}, chance has {np.log(10):.3f}; accuracy {told['accuracy']:.3f}")


def check_edge(check, pool3, folder):
    """The best C at the edge of the grid is told; --extend goes on from the finished table until it is inside."""
    out, flags = folder / "edge.json", ["--test-fraction", 0, "--folds", 3, "--split", "stratified", "--C", 0.0003, 0.001,
                                             "--search-tolerance", 1e-6]
    log = pool3("search", "--features", folder / "grid.h5", "--out", out, *flags).err
    check("warning: the best C, 0.001, is the largest that was tried" in log and "--extend" in log, "a best C at the edge is told")
    first = json.loads(out.read_text())["points"]
    log = pool3("search", "--features", folder / "grid.h5", "--out", out, *flags, "--extend", ranks=2).err
    table = json.loads(out.read_text())
    grid = [point["C"] for point in table["points"]]
    check(grid == sorted(grid) and 0 < table["best"] < len(grid) - 1, f"--extend: the best of {grid} is inside")
    steps = np.array(grid[2:]) / grid[1:-1]
    check(np.allclose(steps, 0.001 / 0.0003), "in steps of the grid")
    check(table["points"][:2] == first and f"resumed: 2 of {len(grid)} points" in log, "what was done is not computed again")
    check("is the largest" not in log, "and nothing is at the edge any more")
    pool3("search", "--features", folder / "grid.h5", "--out", folder / "anew.json", *flags, "--extend")
    anew = json.loads((folder / "anew.json").read_text())
    check([p["C"] for p in anew["points"]] == grid and anew["best"] == table["best"], "from the start it tries and takes the same C")
    # The solver starts anew where the table had ended: rows that are nearly ties may fall to either side.
    apart = max(np.abs(np.array(p["fold_accuracy"]) - q["fold_accuracy"]).max() for p, q in zip(anew["points"], table["points"]))
    check(apart < 0.01, f"and its points are the same within the tolerance ({apart:.4f})")


def check_split(check, pool3, folder, y):
    """--split stratified: train_test_split's rows, and evaluate's measures are scikit-learn's."""
    model, out, table = folder / "m.h5", folder / "e.json", folder / "p.csv"
    pool3("train", "--features", folder / "one.h5", "--out", model, "--split", "stratified", "--C", 1, ranks=2)
    training, test = train_test_split(np.arange(len(y)), test_size=0.2, stratify=y, random_state=42)
    told = support.Model(model).attributes
    check(told["split"] == "stratified" and told["training_rows"] == len(training), f"the model tells its split, and its {len(training)} rows")
    outputs = []
    for ranks in (1, 2, 3):
        pool3("evaluate", "--features", folder / "one.h5", "--model", model, "--out", out, "--predictions", table,
              "--confusion", folder / "c.csv", ranks=ranks)
        outputs.append(out.read_bytes() + table.read_bytes())
    check(len(set(outputs)) == 1, "report and predictions have the same bytes on 1, 2 and 3 ranks")
    with open(table, newline="", encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    check([int(row["path"].split("-")[1]) for row in rows] == sorted(test), "predictions are of train_test_split's rows, in order")
    truth = np.array([row["true"] for row in rows])
    classes = sorted({str(v) for v in y})
    p = np.array([[float(row[f"p({name})"]) for name in classes] for row in rows])
    predicted = np.array([row["predicted"] for row in rows])
    check((truth == y[sorted(test)].astype(str)).all(), "the true classes are theirs")
    check((np.array(classes)[p.argmax(1)] == predicted).all() and np.allclose(p.sum(1), 1), "predicted is the most probable class")
    told = json.loads(out.read_text())
    hits, confidence = truth == predicted, p.max(1)
    onehot = truth[:, None] == np.array(classes)
    counts = np.histogram(confidence, np.linspace(0, 1, 16))[0]
    accuracies, means = calibration_curve(hits, confidence, n_bins=15)
    measures = {"accuracy": accuracy_score(truth, predicted), "balanced_accuracy": balanced_accuracy_score(truth, predicted),
                "log_loss": log_loss(truth, p, labels=classes), "top5_accuracy": top_k_accuracy_score(truth, p, k=5, labels=classes),
                "brier": np.square(p - onehot).sum(1).mean(), "calibration_error": (counts[counts > 0] @ np.abs(accuracies - means)) / len(rows)}
    for name, value in measures.items():
        check(abs(told[name] - value) < 1e-6, f"{name} {told[name]:.6f} is scikit-learn's")
    low, high = told["accuracy_interval"]
    rng = np.random.default_rng(1)
    drawn = np.percentile(hits[rng.integers(0, len(hits), (4000, len(hits)))].mean(1), [2.5, 97.5])
    check(np.abs(np.array([low, high]) - drawn).max() < 0.004, f"the interval {low:.4f} to {high:.4f} is the bootstrap's {drawn}")
    with open(folder / "c.csv", newline="", encoding="utf-8") as f:
        matrix = [list(map(int, row[1:])) for row in list(csv.reader(f))[1:]]
    check(matrix == confusion_matrix(truth, predicted, labels=classes).tolist() == told["confusion_matrix"], "the matrix is scikit-learn's")


def check_other_file(check, pool3, folder, x, y):
    """A validation set of its own: all its rows count, classes are found by name."""
    some = np.flatnonzero(y >= 4)[:200]
    np.savez(folder / "other.npz", X=x[some], y=y[some])
    pool3("import", "--features", folder / "other.npz", "--out", folder / "other.h5")
    model, out = folder / "all.h5", folder / "o.json"
    pool3("train", "--features", folder / "one.h5", "--out", model, "--test-fraction", 0, "--probability-folds", 0)
    evaluate = ["evaluate", "--model", model, "--out", out, "--features"]
    result = pool3(*evaluate, folder / "other.h5")
    f = support.Model(model)
    accuracy = (np.array(f.classes)[f.scores(x[some].astype("f4")).argmax(1)] == y[some].astype(str)).mean()
    told = json.loads(out.read_text())
    check(told["rows"] == 200 and told["rows_are"] == "all" and abs(told["accuracy"] - accuracy) < 1e-12, f"another file: all 200 rows, accuracy {accuracy:.4f}")
    check(f"accuracy on 200 images of another file than the model's: {accuracy:.4f}" in result.out, "and it says so")
    check("--rows all" in pool3(*evaluate, folder / "one.h5", code=1).errors()[0], "its own file without held-out rows: what to do")
    pool3(*evaluate, folder / "one.h5", "--rows", "training")
    check(json.loads(out.read_text())["rows"] == len(y), "--rows training takes all that trained")
    errors = pool3("predict", "--model", model, folder / "no.png", code=1).errors()
    check("imported" in errors[0], "predict says why it can't embed pictures")


def main():
    check, pool3, folder = support.start_test(__doc__)
    warnings.simplefilter("ignore")
    digits = load_digits()
    check_formats(check, pool3, folder, digits.data, digits.target)
    check_refusals(check, pool3, folder, digits.data, digits.target)
    check_split(check, pool3, folder, digits.target)
    check_other_file(check, pool3, folder, digits.data, digits.target)
    check_grid(check, pool3, folder, digits.data, digits.target)
    check_unseen(check, pool3, folder)
    check_simplest(check, pool3, folder)
    check_small_C(check, pool3, folder)
    check_edge(check, pool3, folder)
    check.finish()


if __name__ == "__main__":
    main()
