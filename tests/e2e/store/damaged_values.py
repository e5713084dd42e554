#!/usr/bin/python3
"""Feature files and models whose checksums are right and whose values can't be: every command that reads them says so in
one line, exit code 1, and makes nothing."""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from reseal import Sealed  # noqa: E402
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402

WIDTH, CLASSES, ROWS = 8, 3, 60
# What is put where, and what the error line says of it.
FEATURES = {
    "label above": (("labels", 5, 1000), "row 5: label 1000 has no class"),
    "label just above": (("labels", 59, CLASSES), f"row 59: label {CLASSES} has no class"),
    "label below": (("labels", 5, -2), "row 5: label -2 has no class"),
    "status": (("status", 7, 77), "row 7: status 77 does not exist"),
    "pending": (("status", 7, 0), "row 7: pending"),
    "key": (("keys", 9, b"g" * 32), "row 9: its key is not hexadecimal"),
    "nan": (("features", (20, 3), np.nan), "row 20: a feature is not a finite number"),
    "infinity": (("features", (0, 0), -np.inf), "row 0: a feature is not a finite number"),
}
# Tried with every command; the others with train and verify.
FULLY = {"label above", "status", "nan"}
# Which of them a command has no need to read.
UNREAD = {"inspect": {"label above", "nan"}}
MODELS = {
    "coef": (("coef", (1, 2), np.nan), "coef holds"), "intercept": (("intercept", 0, np.inf), "intercept holds"),
    "sigmoid_a": (("sigmoid_a", 2, np.nan), "sigmoid_a holds"), "sigmoid_b": (("sigmoid_b", 2, np.nan), "sigmoid_b holds"),
    "temperature": (("temperature", np.nan), "the temperature is not"), "column_gaps": (("column_gaps", 0, np.nan), "column_gaps holds"),
    "C": (("C", np.nan), "C is nan"), "tolerance": (("tolerance", np.inf), "tolerance is inf"),
    "test_fraction": (("test_fraction", -0.5), "test_fraction is -0.5"), "rows": (("training_rows", -1), "a count is negative"),
}  # fmt: skip


def is_in(sealed, what):
    """A model is calibrated with sigmoids or with a temperature."""
    return what[0] in sealed.attributes if len(what) == 2 else sealed.tables[what[0]].size > 0


def put(sealed, what):
    return sealed.put(*what) if len(what) == 3 else sealed.put_attribute(*what)


def commands(features, sound, model, folder):
    """The arguments of each command that reads feature rows, and what it would make."""
    made = folder / "made"
    return {
        "train": ["--features", features, "--out", made], "search": ["--features", features, "--out", made, "--folds", 2, "--C", 1],
        "evaluate": ["--features", features, "--model", model, "--out", made], "diff": [sound, features, "--min-cosine", 0.99],
        "verify": [features], "inspect": [features], "repack": [features, made],
    }  # fmt: skip


def check_refused(check, result, name, says, made):
    lines = result.errors() or [line for line in result.out.splitlines() if "row" in line or "holds" in line]
    told = len(result.errors()) <= 1 and any(says in line for line in lines)
    check(result.code == 1 and told and not made.exists(), f"{name}: {lines or result}")
    made.unlink(missing_ok=True)


def check_features(check, pool3, folder, type_name):
    sound, model = folder / f"{type_name}.h5", folder / f"{type_name}-model.h5"
    support.run_command([pool3.helper, sound, type_name, str(WIDTH), str(CLASSES), str(ROWS)], 60)
    pool3("train", "--features", sound, "--out", model, "--probability-folds", 2, "--test-fraction", 0.5, ranks=0)
    again = Sealed(sound).save(folder / "again.h5")
    check(again.read_bytes() == sound.read_bytes(), f"{type_name}: what is sealed again unchanged has the same bytes")
    for name, (what, says) in FEATURES.items() if type_name == "float32" else [("nan", FEATURES["nan"])]:
        damaged = put(Sealed(sound), what).save(folder / "damaged.h5")
        for command, arguments in commands(damaged, sound, model, folder).items():
            if name in UNREAD.get(command, ()) or (name not in FULLY and command not in ("train", "verify")):
                continue
            result = pool3.start([command, *arguments], 2 if (command, name) in {("train", "nan"), ("diff", "status")} else 0)
            check_refused(check, result, f"{type_name}, {command}, {name}", says, folder / "made")
    return sound, model


def check_models(check, pool3, folder, features, model):
    picture = support.choose_pictures("tools", 1)[0]
    there = {name: of for name, of in MODELS.items() if is_in(Sealed(model), of[0])}
    check(len(there) >= len(MODELS) - 2, f"the model has {', '.join(there)}")
    for name, (what, says) in there.items():
        damaged = put(Sealed(model), what).save(folder / "damaged-model.h5")
        for command, arguments in {
            "evaluate": ["--features", features, "--model", damaged, "--out", folder / "made"],
            "predict": ["--model", damaged, "--weights", pool3.weights, picture],
            "export": ["--model", damaged, "--format", "npz", "--out", folder / "made"],
            "verify": [damaged], "inspect": [damaged],
        }.items():  # fmt: skip
            if name not in ("coef", "C") and command != "verify":
                continue
            check_refused(check, pool3.start([command, *arguments], 0), f"{command}, {name}", says, folder / "made")


def check_update(check, pool3, folder):
    """Rows of an older file are not copied out of damage."""
    support.build_corpus(folder / "corpus", ["tools"], 3)
    old = folder / "old.h5"
    pool3.extract(folder / "corpus", old, ranks=0)
    damaged = Sealed(old).put("features", (1, 7), np.nan).save(folder / "old-damaged.h5")
    result = pool3.start(["extract", "--corpus", folder / "corpus", "--weights", pool3.weights, "--out", folder / "made",
                          "--update-from", damaged], 0)  # fmt: skip
    check_refused(check, result, "--update-from", "row 1: a feature is not a finite number", folder / "made")


def main():
    check, pool3, folder = support.start_test(__doc__)
    features, model = check_features(check, pool3, folder, "float32")
    check_features(check, pool3, folder, "float16")
    check_models(check, pool3, folder, features, model)
    check_update(check, pool3, folder)
    check.finish()


if __name__ == "__main__":
    main()
