"""Kernel models in the formats of others: scikit-learn's SVC as a model file, exported, and read by LIBSVM's svm-predict,
by NumPy, and by ONNX Runtime if it is there. And evaluate says what scikit-learn says."""

import csv
import itertools
import json
import pathlib
import shutil
import subprocess
import sys

import numpy as np
from sklearn.datasets import load_digits
from sklearn.svm import SVC

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402
from exporting import run_onnx  # noqa: E402
from training import write_svmlight  # noqa: E402

def write_model(helper, folder, name, svc, a=(), b=()):
    """One-vs-one as LIBSVM has it, of a fitted SVC with three classes or more; or a list of SVCs, each against the rest."""
    parts = folder / name
    parts.mkdir()
    if isinstance(svc, list):
        support_rows = np.unique(np.concatenate([s.rows for s in svc]))
        support_rows = support_rows[np.argsort(Y[support_rows], kind="stable")]
        dual = np.zeros((len(svc), len(support_rows)))
        for row, s in zip(dual, svc):
            row[[np.flatnonzero(support_rows == i)[0] for i in s.rows]] = s.dual_coef_[0]
        x, labels, intercept, gamma = X[support_rows], Y[support_rows], np.array([s.intercept_[0] for s in svc]), svc[0].gamma
    else:
        x, dual, intercept, gamma = svc.support_vectors_, svc.dual_coef_, svc.intercept_, svc.gamma
        labels = np.repeat(np.arange(len(svc.n_support_)), svc.n_support_)
    for file, values, kind in (("x.f32", x, "<f4"), ("labels.i32", labels, "<i4"), ("dual_coef.f64", dual, "<f8"),
                               ("intercept.f64", intercept, "<f8"), ("a.f64", a, "<f8"), ("b.f64", b, "<f8")):
        np.asarray(values, kind).tofile(parts / file)
    path = folder / f"{name}.h5"
    kind = "ovr" if isinstance(svc, list) else "ovo"
    classes = len(svc) if isinstance(svc, list) else len(svc.classes_)
    subprocess.run([helper, path, kind, str(classes), str(x.shape[1]), repr(gamma), parts], check=True)
    return path


def export(pool3, model, kind):
    out = model.with_suffix("." + kind)
    pool3("export", "--model", model, "--format", kind, "--out", out)
    return out


def sure(values, margin=1e-4):
    """Rows whose two best values are not equal but for a hair."""
    return np.diff(np.sort(values, axis=1)[:, -2:], axis=1)[:, 0] > margin


def run_libsvm(folder, model, x, probabilities):
    write_svmlight(folder / "rows.svm", x, np.zeros(len(x), int))
    words = ["svm-predict", "-b", str(int(probabilities)), folder / "rows.svm", model, folder / "told.txt"]
    subprocess.run([str(w) for w in words], check=True, capture_output=True)
    lines = (folder / "told.txt").read_text().splitlines()
    if not probabilities:
        return np.array([int(line) for line in lines]), None
    table = np.array([[float(word) for word in line.split()] for line in lines[1:]])
    return table[:, 0].astype(int), table[:, 1:]


def check_pairs(check, pool3, folder, test):
    svc = SVC(C=5, gamma=GAMMA, decision_function_shape="ovo", probability=True, random_state=0).fit(X[~test], Y[~test])
    x = X[test].astype("f4").astype(float)
    plain = write_model(pool3.helper, folder, "plain", svc)
    sigmoids = write_model(pool3.helper, folder, "sigmoids", svc, svc.probA_, svc.probB_)
    votes, wanted = svc.predict(x), svc.predict_proba(x)
    told, _ = run_libsvm(folder, export(pool3, plain, "libsvm"), x, False)
    check((told == votes).all(), f"libsvm: svm-predict gives SVC's classes of {len(x)} rows")
    told, p = run_libsvm(folder, export(pool3, sigmoids, "libsvm"), x, True)
    check(np.abs(p - wanted).max() < 1e-5, f"and its probabilities, within {np.abs(p - wanted).max():.1e}")
    check((told == wanted.argmax(1))[sure(wanted)].all(), "and the most probable classes")
    with np.load(export(pool3, sigmoids, "npz"), allow_pickle=False) as a:
        check(np.array_equal(a["dual_coef"], svc.dual_coef_) and np.array_equal(a["intercept"], svc.intercept_) and
              np.array_equal(a["support_vectors"], svc.support_vectors_.astype("f4")) and a["gamma"] == svc.gamma and
              np.array_equal(a["sigmoid_a"], svc.probA_) and str(a["multiclass"][0]) == "one-vs-one" and
              np.array_equal(np.bincount(a["support_labels"]), svc.n_support_), "npz: the arrays are SVC's")
    onnx = run_onnx(export(pool3, sigmoids, "onnx"), x)
    if onnx:
        check(np.abs(onnx["probabilities"] - wanted).max() < 1e-3, "onnx: SVMClassifier gives its probabilities")
        agree = onnx["label"].astype(int) == wanted.argmax(1)
        check(agree[sure(wanted, 1e-3)].all(), f"onnx: and the most probable class as label ({agree.mean():.4f})")
    onnx = run_onnx(export(pool3, plain, "onnx"), x)
    if onnx:
        check((onnx["label"].astype(int) == votes).mean() > 0.995, "onnx: without sigmoids the votes decide")
        check(np.abs(onnx["scores"] - svc.decision_function(x)).max() < 1e-3, "onnx: scores are the pairs' decision values")
    for kind in ("liblinear", "torchscript"):
        errors = pool3("export", "--model", plain, "--format", kind, "--out", folder / "no", code=1).errors()
        check(len(errors) == 1 and "not linear" in errors[0], f"{kind}: {errors}")
    return sigmoids, wanted, svc


def check_rest(check, pool3, folder, test):
    rest = [SVC(C=5, gamma=GAMMA).fit(X[~test], Y[~test] == k) for k in range(10)]
    for s in rest:
        s.rows = np.flatnonzero(~test)[s.support_]
    x = X[test].astype("f4").astype(float)
    wanted = np.stack([s.decision_function(x) for s in rest], axis=1)
    model = write_model(pool3.helper, folder, "rest", rest)
    with np.load(export(pool3, model, "npz")) as a:
        d = np.square(x[:, None] - a["support_vectors"].astype(float)).sum(2)
        scores = np.exp(-a["gamma"] * d) @ a["dual_coef"].T + a["intercept"]
    check(np.abs(scores - wanted).max() < 1e-6, "npz, one-vs-rest: the arrays give SVC's decision values")
    onnx = run_onnx(export(pool3, model, "onnx"), x)
    if onnx:
        check((onnx["label"].astype(int) == wanted.argmax(1))[sure(wanted, 1e-3)].all(), "onnx, one-vs-rest: the highest is the label")
        check(np.abs(onnx["scores"] - wanted).max() < 1e-3, f"onnx, one-vs-rest: within {np.abs(onnx['scores'] - wanted).max():.1e}")
    a, b = -np.linspace(1, 6, 10), np.linspace(-1, 2, 10)
    onnx = run_onnx(export(pool3, write_model(pool3.helper, folder, "rest_sigmoids", rest, a, b), "onnx"), x)
    if onnx:
        p = 1 / (1 + np.exp(a * wanted + b))
        p /= p.sum(1, keepdims=True)
        check(np.abs(onnx["probabilities"] - p).max() < 1e-3, "onnx, one-vs-rest: probabilities by sigmoids")
        check((onnx["label"].astype(int) == p.argmax(1))[sure(p, 1e-3)].all(), "and the most probable class as label")
    errors = pool3("export", "--model", model, "--format", "libsvm", "--out", folder / "no", code=1).errors()
    check("column for each pair" in errors[0], f"libsvm, one-vs-rest: {errors}")


def coupled(values, a, b, classes):
    """Wu, Lin, Weng (2004), eq. 21, solved exactly: LIBSVM itself stops at 0.005 / classes."""
    p = []
    for row in 1 / (1 + np.exp(a * values + b)):
        system = np.zeros((classes + 1, classes + 1))
        system[:classes, classes] = system[classes, :classes] = 1
        for r, (i, j) in zip(row, itertools.combinations(range(classes), 2)):
            system[i, i] += (1 - r) ** 2
            system[j, j] += r**2
            system[i, j] = system[j, i] = -r * (1 - r)
        p.append(np.linalg.solve(system, np.eye(classes + 1)[classes])[:classes])
    return np.array(p)


def check_evaluate(check, pool3, folder, model, test, wanted, svc):
    np.savez(folder / "test.npz", X=X[test].astype("f4"), y=Y[test])
    pool3("import", "--features", folder / "test.npz", "--out", folder / "test.h5")
    pool3("evaluate", "--features", folder / "test.h5", "--model", model, "--out", folder / "e.json", "--predictions", folder / "p.csv", ranks=2)
    with open(folder / "p.csv", newline="", encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    p = np.array([[float(row[f"p({k})"]) for k in range(10)] for row in rows])
    exact = coupled(svc.decision_function(X[test]), svc.probA_, svc.probB_, 10)
    check(np.abs(p - exact).max() < 1e-5, f"evaluate: probabilities are coupled from SVC's pairs, within {np.abs(p - exact).max():.1e}")
    check(np.abs(p - wanted).max() < 5e-3, f"and SVC's own within its tolerance, {np.abs(p - wanted).max():.1e}")
    told = json.loads((folder / "e.json").read_text())
    check(abs(told["accuracy"] - (p.argmax(1) == Y[test]).mean()) < 1e-12, f"and the accuracy {told['accuracy']:.4f} is theirs")


def main():
    check, pool3, folder = support.start_test(__doc__)
    if not shutil.which("svm-predict"):
        sys.exit("FAILED: there is no svm-predict; install it with: scripts/setup test")
    test = np.arange(len(Y)) % 4 == 0
    model, wanted, svc = check_pairs(check, pool3, folder, test)
    check_evaluate(check, pool3, folder, model, test, wanted, svc)
    check_rest(check, pool3, folder, test)
    check.finish()


X, Y = load_digits(return_X_y=True)
X, GAMMA = X / 16, 0.05

if __name__ == "__main__":
    main()
