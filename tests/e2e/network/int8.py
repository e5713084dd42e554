"""--precision int8: weights calibrated on pictures, features near those of fp32, the same bytes for any ranks."""

import os
import pathlib
import sys

import h5py
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402
from failing import FAILED, USAGE, Errors  # noqa: E402

FOLDERS = ["animals", "tools"]
COUNT = 8


def cpu_flags():
    with open("/proc/cpuinfo", encoding="ascii") as told:
        return set(told.read().split())


def has_int8():
    """Kernels for it that are not forbidden."""
    return "POOL3_MAX_INSTRUCTIONS" not in os.environ and bool({"amx_int8", "avx512_vnni", "avx_vnni"} & cpu_flags())


def features(path):
    with h5py.File(path) as f:
        return f["features"][:], f.attrs["precision"].decode()


def check_features(check, pool3, folder, corpus, weights):
    run = lambda name, *flags, ranks=0: pool3("extract", "--corpus", corpus, "--weights", weights, "--out",  # noqa: E731
                                              folder / f"{name}.h5", "--batch", 4, *flags, ranks=ranks)
    run("fp32", "--precision", "fp32")
    run("int8", "--precision", "int8")
    exact, _ = features(folder / "fp32.h5")
    codes, precision = features(folder / "int8.h5")
    cosine = (exact * codes).sum(1) / np.linalg.norm(exact, axis=1) / np.linalg.norm(codes, axis=1)
    check(precision == "int8" and np.median(cosine) > 0.999 and cosine.min() > 0.98,
          f"features of int8 have a cosine of {np.median(cosine):.5f} to those of fp32, {cosine.min():.5f} at least")
    check(not np.array_equal(exact, codes), "and are not the same")
    run("int8_ranks", "--precision", "int8", "--threads", 2, ranks=2)
    same = (folder / "int8.h5").read_bytes() == (folder / "int8_ranks.h5").read_bytes()
    check(same, "two ranks of two threads give the same file")
    run("auto", "--precision", "auto")
    check(features(folder / "auto.h5")[1] in ("bf16", "fp32"), "auto does not take int8, with calibrated weights either")
    if "avx_vnni" in cpu_flags():
        pool3("extract", "--corpus", corpus, "--weights", weights, "--out", folder / "other.h5", "--batch", 4,
              "--precision", "int8", env={"POOL3_MAX_INSTRUCTIONS": "avx2_vnni"})
        check(np.array_equal(features(folder / "other.h5")[0], codes), "AVX-VNNI gives the same features")


def check_predict(check, pool3, folder, corpus, weights):
    model = folder / "model.h5"
    pool3("train", "--features", folder / "int8.h5", "--out", model, "--test-fraction", 0, "--probability-folds", 0)
    picture = next((corpus / FOLDERS[0]).rglob("*.png"))
    check(support.predicts_as_features(pool3, model, folder / "int8.h5", corpus, picture, weights),
          "predict computes int8 as the features were")


def check_errors(check, pool3, folder, corpus, weights):
    errors = Errors(check, pool3, folder, None)
    out = ["--corpus", corpus, "--out", folder / "never.h5", "--precision", "int8"]
    errors(FAILED, "pool3 convert", "extract", *out, "--weights", pool3.weights)
    errors(USAGE, "--precision int8 is for CPUs", "extract", *out, "--weights", weights, "--device", "cuda")
    convert = ["convert", "--weights", pool3.weights, "--out", folder / "never.safetensors"]
    errors(USAGE, "--pictures must be", *convert, "--calibrate", corpus, "--pictures", 0)
    broken = folder / "broken"
    broken.mkdir()
    (broken / "a.png").write_bytes(b"no picture")
    errors(FAILED, "no pictures", *convert, "--calibrate", broken)
    errors(FAILED, "nowhere", *convert, "--calibrate", folder / "nowhere")
    errors.wait()
    check(not list(folder.glob("never*")), "nothing was begun")


def main():
    check, pool3, folder = support.start_test(__doc__)
    corpus = folder / "corpus"
    support.build_corpus(corpus, FOLDERS, COUNT)
    weights, again = folder / "int8.safetensors", folder / "again.safetensors"
    if not has_int8():
        errors = Errors(check, pool3, folder, None)
        errors(USAGE, "--precision int8 needs AMX, AVX-512 VNNI or AVX-VNNI", "extract", "--corpus", corpus, "--weights", pool3.weights, "--out",
               folder / "never.h5", "--precision", "int8")
        errors.wait()
        check.finish()
    told = pool3("convert", "--weights", pool3.weights, "--out", weights, "--calibrate", corpus, "--pictures", 12)
    check("calibrated on 12 pictures" in told.err, "convert says on how many pictures it calibrated")
    pool3("convert", "--weights", pool3.weights, "--out", again, "--calibrate", corpus, "--pictures", 12, ranks=2)
    check(weights.read_bytes() == again.read_bytes(), "the same pictures give the same weights file")
    check("calibrated" in pool3("inspect", weights).out.splitlines()[-1], "inspect says that they are calibrated")
    check_features(check, pool3, folder, corpus, weights)
    check_predict(check, pool3, folder, corpus, weights)
    check_errors(check, pool3, folder, corpus, weights)
    check.finish()


if __name__ == "__main__":
    main()
