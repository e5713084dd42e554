"""Training, search, evaluation and prediction against LIBLINEAR, scikit-learn and plain NumPy.

Features of real pictures, not centred, have |x|^2 of about 9 here. With C 0.01 to 0.1, LIBLINEAR and pool3 both come
near enough to their optimum in seconds. With C 1, LIBLINEAR's 1000 iterations end 5e-4 above it.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import warnings

import h5py
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, classification_report, confusion_matrix
from sklearn.svm import LinearSVC

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402

# Relative duality gap, summed over the classes. For the L1 loss, float32 weights end between 1e-6 and 3e-6.
TOLERANCE = {"l2": 1e-6, "l1": 1e-5}
CASES = [("l2", 0.01), ("l2", 0.1), ("l1", 0.01), ("l1", 0.03)]


def objectives(w, b, x, labels, C, loss):
    """Primal objective of each class's binary problem; the intercept is regularised, as with bias 1."""
    values = []
    for k in range(len(b)):
        y = np.where(labels == k, 1.0, -1.0)
        slack = np.maximum(0, 1 - y * (x @ w[k] + b[k]))
        values.append(0.5 * (w[k] @ w[k] + b[k] ** 2) + C * (slack**2 if loss == "l2" else slack).sum())
    return np.array(values)


def write_svmlight(path, x, labels):
    with open(path, "w", encoding="ascii") as file:
        for row, label in zip(x, labels):
            file.write(f"{label + 1} " + " ".join(f"{j + 1}:{row[j]:.9g}" for j in np.flatnonzero(row)) + "\n")


def liblinear(data, model, loss, C, classes, dim):
    """Weights and intercepts of `liblinear-train`, one-vs-rest as it does for several classes."""
    solver = {"l2": "1", "l1": "3"}[loss]
    command = ["liblinear-train", "-s", solver, "-B", "1", "-e", "1e-8", "-c", str(C), str(data), str(model)]
    said = subprocess.run(command, check=True, capture_output=True, text=True)
    if "reaching max number of iterations" in said.stdout + said.stderr:
        print(f"note: LIBLINEAR stopped at its 1000 iterations for the {loss} loss and C {C}")
    lines = model.read_text().splitlines()
    order = next(line for line in lines if line.startswith("label")).split()[1:]
    table = np.loadtxt(lines[lines.index("w") + 1 :])
    assert table.shape == (dim + 1, classes), table.shape
    w = np.empty((classes, dim + 1))
    for column, label in enumerate(order):
        w[int(label) - 1] = table[:, column]
    return w[:, :-1], w[:, -1]


def check_certificate(check, path, model, result, ranks):
    """What lies beside the model says what the model and the command's output say."""
    told = json.loads(path.with_name(path.name + ".certificate.json").read_text())
    same = {"passes": "epochs", "rows": "training_rows", **{name: name for name in ("C", "objective", "relative_gap", "tolerance")}}
    check(all(told[name] == model.attributes[there] for name, there in same.items()), f"{path.name}: its certificate")
    check([k["name"] for k in told["classes"]] == model.classes and told["ranks"] == ranks and told["converged"], "the same model")
    check(f", {told['seconds']:.2f} s, " in result.err and 0 < told["seconds"] < result.seconds, "the seconds that were printed")
    check((told["bytes_sent"] > 0) == (ranks > 1), f"{told['bytes_sent']} bytes sent")


def check_optimum(check, pool3, folder, f):
    """The objective is LIBLINEAR's, for every class and any number of ranks."""
    if not shutil.which("liblinear-train"):
        sys.exit("FAILED: there is no liblinear-train; install it with: scripts/setup test")
    rows = f.rows("training")
    x, labels = f.features[rows].astype(np.float64), f.labels[rows]
    print(f"{len(rows)} training rows, mean |x|^2 {np.square(x).sum(1).mean():.1f}")
    write_svmlight(folder / "train.txt", f.features[rows], labels)
    for loss, C in CASES:
        name = f"--loss {loss} --C {C}"
        w, b = liblinear(folder / "train.txt", folder / "liblinear.model", loss, C, len(f.classes), x.shape[1])
        best = objectives(w, b, x, labels, C, loss)
        totals = {}
        for ranks in (1, 2, 4):
            path = folder / f"{loss}-{C}-{ranks}.h5"
            result = pool3("train", "--features", f.path, "--out", path, "--loss", loss, "--C", C, "--no-centering",
                           "--tolerance", TOLERANCE[loss], "--max-epochs", 20000, "--probability-folds", 0, ranks=ranks)
            model = support.Model(path)
            ours = objectives(model.coef, model.intercept, x, labels, C, loss)
            totals[ranks] = ours.sum()
            worst = np.abs(ours / best - 1).max()
            epochs, gap = model.attributes["epochs"], model.attributes["relative_gap"]
            check(worst < 1e-4, f"{name}, {ranks} ranks: objective of every class within {worst:.1e} of LIBLINEAR's "
                                f"({epochs} epochs, {result.seconds:.1f} s)")
            check(gap <= TOLERANCE[loss] and "warning" not in result.err, f"its relative gap is {gap:.1e}")
            stated = model.attributes["objective"]
            check(abs(stated / totals[ranks] - 1) < 1e-6, f"its stated objective {stated:.6f} is the one recomputed")
            check(model.attributes["training_rows"] == len(rows), "it was trained on the rows that Python chose")
            check_certificate(check, path, model, result, ranks)
        spread = max(totals.values()) / min(totals.values()) - 1
        check(spread <= 2 * TOLERANCE[loss], f"{name}: 1, 2 and 4 ranks differ by {spread:.1e}")


def check_row_weights(check, pool3, folder, f):
    """Weights of single rows give scikit-learn's optimum; those that don't fit are refused."""
    C, rows = 0.03, f.rows("training")
    weights = np.random.default_rng(1).integers(0, 4, len(f.labels)).astype(np.float64) / 2
    with h5py.File(folder / "weights.h5", "w") as file:
        file["weights"] = weights
        file["mine/integers"] = (2 * weights).astype("i2")
        file["short"] = weights[:-1]
        file["broken"] = np.where(np.arange(len(weights)) == 7, np.nan, weights)
    used = rows[weights[rows] > 0]
    x, labels = f.features[used].astype(np.float64), f.labels[used]
    theirs = LinearSVC(C=C, dual=False, tol=1e-8, max_iter=100000).fit(x, labels, sample_weight=weights[used])

    def objective(w, b, k):
        slack = np.maximum(0, 1 - np.where(labels == k, 1.0, -1.0) * (x @ w + b))
        return 0.5 * (w @ w + b**2) + C * (weights[used] * slack**2).sum()

    best = sum(objective(theirs.coef_[i], theirs.intercept_[i], k) for i, k in enumerate(theirs.classes_))
    train = ("train", "--features", f.path, "--out", folder / "weighted.h5", "--no-centering", "--probability-folds", 0)
    for ranks, source, cost in ((1, "weights.h5", C), (2, "weights.h5:weights", C), (1, "weights.h5:mine/integers", C / 2)):
        pool3(*train, "--C", cost, "--tolerance", 1e-6, "--row-weights", folder / source, ranks=ranks)
        model = support.Model(folder / "weighted.h5")
        ours = sum(objective(model.coef[k], model.intercept[k], k) for k in theirs.classes_)
        check(abs(ours / best - 1) < 5e-6, f"{source}, {ranks} ranks: objective {ours:.6f}, scikit-learn's is {best:.6f}")
        check(model.attributes["training_rows"] == len(used), "rows of weight 0 are left out")
    for source, cause in (("weights.h5:short", "one number for each"), ("weights.h5:broken", "weight of row 7"),
                          ("weights.h5:none", "none")):
        errors = pool3(*train, "--row-weights", folder / source, code=1).errors()
        check(len(errors) == 1 and cause in errors[0], f"{source} is refused in one line: {errors}")


def check_evaluation(check, pool3, folder, f):
    """`pool3 evaluate` says what scikit-learn says of predictions made in NumPy."""
    model_path, out = folder / "model.h5", folder / "evaluation.json"
    pool3("train", "--features", f.path, "--out", model_path, ranks=2)
    model, rows = support.Model(model_path), f.rows("test")
    check(model.classes == f.classes, "the model has the features' classes")
    truth, predicted = f.labels[rows], model.predicted(model.scores(f.features[rows]))
    present = sorted({*truth, *predicted})
    names = [f.classes[k] for k in present]
    expected = classification_report(truth, predicted, labels=present, target_names=names, zero_division=0)
    for ranks in (1, 2):
        result = pool3("evaluate", "--features", f.path, "--model", model_path, "--out", out, ranks=ranks)
        printed = result.out.split("\naccuracy on ")[0]
        if not check(printed.split() == expected.split(), f"{ranks} ranks: the report is scikit-learn's"):
            print(printed, expected)
        check(printed.rstrip("\n") == expected.rstrip("\n"), "to the last blank")
        report = json.loads(out.read_text())
        matrix = confusion_matrix(truth, predicted, labels=range(len(f.classes)))
        check(report["confusion_matrix"] == matrix.tolist(), "the JSON's confusion matrix is scikit-learn's")
        check(report["classes"] == f.classes and report["rows"] == len(rows), "it names the classes and rows")
        accuracy = accuracy_score(truth, predicted)
        check(abs(report["accuracy"] - accuracy) < 1e-12, f"accuracy {accuracy:.4f}")
        check(f"accuracy on {len(rows)} held-out images: {accuracy:.4f}" in result.out, "is printed too")
    check(accuracy > 2 / len(f.classes), "the classifier is better than guessing")
    return model_path


def standardised(x):
    """Centred, and scaled by one number so that the mean |x|^2 is 1."""
    x = x - x.mean(0)
    return x / np.sqrt(np.square(x).sum(1).mean())


def reference_hits(x, labels, held, C):
    """scikit-learn's hits on the rows that were held out."""
    fit = LinearSVC(C=C, loss="squared_hinge", dual=True, tol=1e-7, max_iter=200_000, random_state=0)
    fit.fit(x[~held], labels[~held])
    return int((fit.predict(x[held]) == labels[held]).sum())


def set_threshold(model, coverage):
    """As docs/format.md says, of a model that keeps each of its rows or every so many-th."""
    n, kept = model.attributes["calibration_rows"], model.held_out_truth
    k = int((n + 1) * (1 - coverage) + 1e-9)
    places = np.arange(len(kept)) * (n - 1) // max(1, len(kept) - 1)
    return kept[np.searchsorted(places, k - 1, side="right") - 1] if k else 0.0


def check_sets(check, pool3, folder, f, model_path):
    """Prediction sets hold the true class of as many held-out rows as they are asked for."""
    model, rows = support.Model(model_path), f.rows("test")
    check(model.attributes["calibration_rows"] == len(f.rows("training")), "the sets go by all training rows, held out in turn")
    p = model.probabilities(model.scores(f.features[rows]))
    for coverage in (0.8, 0.95):
        inside = (p >= set_threshold(model, coverage)) | (p == p.max(1, keepdims=True))
        covered, size = inside[np.arange(len(rows)), f.labels[rows]].mean(), inside.sum(1).mean()
        out = folder / "sets.json"
        result = pool3("evaluate", "--features", f.path, "--model", model_path, "--out", out, "--coverage", coverage, ranks=2)
        told = json.loads(out.read_text())["sets"]
        check(told["coverage"] == coverage and abs(told["covered"] - covered) < 1e-9 and abs(told["mean_size"] - size) < 1e-9,
              f"coverage {coverage}: {told} is what NumPy counts")
        check(f"{covered:.4f} hold the true class; {size:.2f} classes" in result.out, "and what is printed")
        error = np.sqrt(coverage * (1 - coverage) / len(rows))
        check(covered > coverage - 4 * error, f"and enough of {len(rows)} rows are covered")
    pool3("train", "--features", f.path, "--out", folder / "none.h5", "--probability-folds", 0, "--C", 0.01)
    check(support.Model(folder / "none.h5").held_out_truth is None, "a model without probabilities keeps nothing for sets")
    picture = f.paths[rows[0]]
    errors = pool3("predict", "--model", folder / "none.h5", "--weights", pool3.weights, "--coverage", 0.9, picture, code=2).errors()
    check(len(errors) == 1 and "--probability-folds" in errors[0], f"and predict says so: {errors}")
    for coverage in (0.5, 0.99):
        line = json.loads(pool3("predict", "--model", model_path, "--weights", pool3.weights, "--coverage", coverage, "--top", 1000,
                                picture).out)
        threshold = set_threshold(model, coverage)
        expected = [e["class"] for i, e in enumerate(line["top"]) if i == 0 or e["probability"] >= threshold]
        check(line["set"] == expected, f"coverage {coverage}: the set of a picture, {len(expected)} classes")


def check_search(check, pool3, folder, f):
    """The table of `pool3 search` against refits with scikit-learn, at any number of ranks."""
    rows = f.rows("training")
    x, labels = standardised(f.features[rows].astype(np.float64)), f.labels[rows]
    folds = np.array([int(support.key_uniform(42, f.keys[r], 2) * 5) for r in rows])
    sizes = np.bincount(folds, minlength=5)
    tables = {}
    for ranks in (1, 2, 4):
        out, best = folder / f"search-{ranks}.json", folder / f"best-{ranks}.h5"
        result = pool3("search", "--features", f.path, "--out", out, "--best", best, "--folds", 5, "--C", 0.1, 1,
                       "--search-tolerance", TOLERANCE["l2"], "--max-epochs", 20000, ranks=ranks)
        table = tables[ranks] = json.loads(out.read_text())
        check(table["fold_rows"] == sizes.tolist(), f"search on {ranks} ranks: fold sizes {sizes.tolist()}")
        check([p["C"] for p in table["points"]] == [0.1, 1], "has a point for each C")
        check(all(p["relative_gap"] <= TOLERANCE["l2"] for p in table["points"]), "every point has converged")
        check_table(check, table, result)
        C = table["points"][table["best"]]["C"]
        model = support.Model(best)
        check(model.attributes["C"] == C and model.attributes["training_rows"] == len(rows), f"--best is of C {C}")
    # Two solvers that stop a hair apart may disagree on a row whose two best scores are equal but for that hair: one
    # row a fold is let pass. The numbers of ranks and the machine's matrix products move scores by such hairs too.
    for point, C in enumerate((0.1, 1.0)):
        for fold in range(5):
            hits = reference_hits(x, labels, folds == fold, C)
            ours = [round(t["points"][point]["fold_accuracy"][fold] * sizes[fold]) for t in tables.values()]
            check(max(ours) - min(ours) <= 1 and max(abs(h - hits) for h in ours) <= 1,
                  f"C {C}, fold {fold}: hits {ours} on 1, 2, 4 ranks; {hits} of {sizes[fold]} by scikit-learn")


def check_table(check, table, result):
    for p in table["points"]:
        mean, deviation = np.mean(p["fold_accuracy"]), np.std(p["fold_accuracy"])
        error = max(abs(p["mean"] - mean), abs(p["deviation"] - deviation))
        check(error < 1e-12, "mean and deviation are those of the folds")
        check(any(line.split()[:3] == [f"{p['C']:g}", f"{mean:.4f}", f"{deviation:.4f}"]
                  for line in result.out.splitlines()), f"C {p['C']:g} is printed as {mean:.4f} +- {deviation:.4f}")
    means = [p["mean"] for p in table["points"]]
    check(table["best"] == int(np.argmax(means)), "the best has the highest mean")


def check_prediction(check, pool3, folder, f, model_path):
    """`pool3 predict` gives the class that the feature row gives."""
    model = support.Model(model_path)
    rows = [*f.rows("test")[:10], *f.rows("training")[:8]]  # more than a batch of the network
    scores = model.scores(f.features[rows])
    bad = folder / "bad.png"
    bad.write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    pictures = [f.paths[r] for r in rows]
    pictures.insert(3, str(bad))
    for ranks in (1, 2):
        result = pool3("predict", "--model", model_path, "--weights", pool3.weights, "--top", 100, *pictures,
                       ranks=ranks, code=3)
        lines = [json.loads(line) for line in result.out.splitlines()]
        check([line["path"] for line in lines] == pictures, f"predict on {ranks} ranks: a line each, in order")
        failed = lines.pop(3)
        told = (failed["stage"], failed["code"])
        check(told == ("decode", "corrupt") and failed["error"], f"a bad picture: {failed}")
        for line, own in zip(lines, scores):
            by_class = {entry["class"]: entry for entry in line["top"]}
            got = np.array([by_class[name]["score"] for name in model.classes])
            name, error = os.path.basename(line["path"]), np.abs(got - own).max()
            check(error < 0.02 * np.abs(own).max(), f"{name}: scores are the feature row's, within {error:.1e}")
            told = [entry["probability"] for entry in line["top"]]
            p = model.probabilities(got[None])[0]
            check(np.abs(np.sort(p)[::-1] - told).max() < 1e-9, "probabilities are what the model's numbers give")
            check(line["class"] == line["top"][0]["class"] == model.classes[p.argmax()], "the most probable one wins")
            margin = np.diff(np.sort(own)[-2:])[0]
            if margin > 2 * error and model.attributes["temperature"] > 0:
                check(line["class"] == model.classes[own.argmax()], f"and is the feature row's class, {line['class']}")
            probabilities = [entry["probability"] for entry in line["top"]]
            check(abs(sum(probabilities) - 1) < 1e-9 and min(probabilities) >= 0, "probabilities sum to 1")
    fewer = pool3("predict", "--model", model_path, "--weights", pool3.weights, "--top", 2, pictures[0])
    check(len(json.loads(fewer.out)["top"]) == 2, "--top 2 lists two classes, and good pictures give exit code 0")


def main():
    warnings.simplefilter("error", ConvergenceWarning)
    check, pool3, folder = support.start_test(__doc__)
    f = support.Features(pool3.shared_features)
    check_optimum(check, pool3, folder, f)
    check_row_weights(check, pool3, folder, f)
    model_path = check_evaluation(check, pool3, folder, f)
    check_search(check, pool3, folder, f)
    check_prediction(check, pool3, folder, f, model_path)
    check_sets(check, pool3, folder, f, model_path)
    check.finish()


if __name__ == "__main__":
    main()
