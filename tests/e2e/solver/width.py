"""Files of another width than Inception's: every command on rows of 64 features, checked with NumPy, scikit-learn and h5py."""

import json
import pathlib
import sys
import warnings

import h5py
import numpy as np
from sklearn.svm import LinearSVC

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import exporting  # noqa: E402
import support  # noqa: E402

WIDTH, CLASSES, ROWS = 64, 4, 400


def objective(coef, intercept, x, labels, C):
    signs = np.where(labels[:, None] == np.arange(CLASSES), 1, -1)
    slack = np.maximum(0, 1 - signs * (x @ coef.T + intercept))
    return 0.5 * (np.square(coef).sum() + np.square(intercept).sum()) + C * np.square(slack).sum()


def reference_objective(x, labels, C):
    """scikit-learn's optimum, class by class."""
    warnings.simplefilter("ignore")
    fits = [LinearSVC(C=C, dual=False, tol=1e-10, max_iter=100_000).fit(x, labels == k) for k in range(CLASSES)]
    return objective(np.vstack([f.coef_ for f in fits]), np.array([f.intercept_[0] for f in fits]), x, labels, C)


def check_training(check, pool3, f, model_path, ranks):
    rows = f.rows("training")
    x, labels = f.features[rows].astype(np.float64), f.labels[rows]
    pool3("train", "--features", f.path, "--out", model_path, "--no-centering", "--C", 1, "--tolerance", 1e-6, ranks=ranks)
    model = support.Model(model_path)
    check(model.coef.shape == (CLASSES, WIDTH), f"the model has a coefficient for each of {WIDTH} features")
    ours, best = objective(model.coef, model.intercept, x, labels, 1), reference_objective(x, labels, 1)
    check(abs(ours / best - 1) < 5e-6, f"objective {ours:.6f}, scikit-learn's is {best:.6f}")
    return model


def check_evaluation(check, pool3, folder, f, model, model_path, ranks):
    rows, out = f.rows("test"), folder / "evaluation.json"
    pool3("evaluate", "--features", f.path, "--model", model_path, "--out", out, ranks=ranks)
    told = json.loads(out.read_text())
    accuracy = (model.predicted(model.scores(f.features[rows])) == f.labels[rows]).mean()
    check(told["rows"] == len(rows) and abs(told["accuracy"] - accuracy) < 1e-12, f"evaluate: accuracy {accuracy:.4f}, as NumPy has it")


def check_search(check, pool3, folder, f, ranks):
    out, best = folder / "search.json", folder / "best.h5"
    pool3("search", "--features", f.path, "--out", out, "--best", best, "--folds", 3, "--C", 0.01, 1, "--class-weight",
          "balanced", ranks=ranks)
    table = json.loads(out.read_text())
    check(sum(table["fold_rows"]) == len(f.rows("training")) and len(table["points"]) == 2, "search: all rows are in a fold")
    check(support.Model(best).coef.shape == (CLASSES, WIDTH), "search: so is the best model")


def check_files(check, pool3, folder, f, model_path, kind, ranks):
    said = pool3("inspect", f.path, model_path).out
    check(f"{ROWS} of {WIDTH} {kind}" in said and f"{WIDTH} features" in said, f"inspect: {ROWS} rows of {WIDTH} {kind}")
    said = pool3("verify", f.path, model_path, ranks=ranks).out
    check(said.count("sound") == 2, "verify: file and model are sound")
    out = folder / "diff.json"
    pool3("diff", f.path, f.path, "--out", out, ranks=ranks)
    told = json.loads(out.read_text())
    check(told["compared"] == ROWS and told["cosine"]["least"] > 1 - 1e-12, "diff: a file is like itself")
    copy = folder / "copy.h5"
    copy.unlink(missing_ok=True)
    pool3("repack", f.path, copy)
    with h5py.File(copy) as packed:
        same = np.array_equal(packed["features"][:], f.features) and packed["features"].dtype == f.features.dtype
        check(same and packed["features"].chunks == (64, WIDTH), "repack: the same numbers in chunks")


def check_exports(check, pool3, folder, f, model, model_path):
    x = f.features[f.rows("test")].astype(np.float32)
    coef, intercept = exporting.check_npz(check, pool3, folder, model_path)
    scores = x.astype(np.float64) @ coef.T + intercept
    exporting.check_liblinear(check, pool3, folder, model_path, x, scores)
    exporting.check_onnx(check, pool3, folder, model_path, x, scores)
    graph = (folder / "model.onnx").read_bytes()
    check(model.coef.astype("<f4").tobytes() in graph, "ONNX: the coefficients are in the graph")


def check_mixing(check, pool3, folder, f, model_path):
    """Rows of another width are refused in one line."""
    wide = support.make_features(pool3, folder / "wide.h5", "float32", width=2 * WIDTH)
    for ranks in (1, 2):
        for command in (["evaluate", "--features", wide, "--model", model_path, "--out", folder / "none"],
                        ["diff", f.path, wide]):
            errors = pool3(*command, ranks=ranks, code=1).errors()
            check(len(errors) == 1 and f"width: {2 * WIDTH} here, {WIDTH} there" in errors[0],
                  f"{command[0]} of another width, {ranks} ranks: {errors}")


def main():
    check, pool3, folder = support.start_test(__doc__)
    for kind in ("float32", "float16"):
        f = support.Features(support.make_features(pool3, folder / f"{kind}.h5", kind))
        check(f.features.shape == (ROWS, WIDTH) and f.features.dtype == kind, f"{kind}: a file of {ROWS} x {WIDTH}")
        for ranks in (1, 2):
            print(f"{kind}, {ranks} ranks")
            model_path = folder / f"{kind}-{ranks}.model.h5"
            model = check_training(check, pool3, f, model_path, ranks)
            check_evaluation(check, pool3, folder, f, model, model_path, ranks)
            check_search(check, pool3, folder, f, ranks)
            check_files(check, pool3, folder, f, model_path, kind, ranks)
        check_exports(check, pool3, folder, f, model, model_path)
    check_mixing(check, pool3, folder, f, model_path)
    check.finish()


if __name__ == "__main__":
    main()
