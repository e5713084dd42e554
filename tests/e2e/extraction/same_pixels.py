"""Whatever shapes pixels belongs to the features: predict gives the scores of the stored rows, --update-from and evaluate
mix no kinds, and files that told it by their flags alone are read the same way.
"""

import json
import pathlib
import shutil
import sys

import numpy as np
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import older_file  # noqa: E402
import support  # noqa: E402

LIMIT = 300_000


def write_pictures(folder):
    """Two classes of JPEGs that lie on their side, and one picture above the limit."""
    for label in ("animals", "tools"):
        (folder / label).mkdir(parents=True)
        for i, file in enumerate(support.choose_pictures(label, 3)):
            exif = Image.Exif()
            exif[0x0112] = 6
            Image.open(file).convert("RGB").resize((640, 320)).save(folder / label / f"{i}.jpg", exif=exif)
    Image.new("RGB", (1000, 400), "red").save(folder / "tools" / "large.png")


def predicted(pool3, model, pictures, code):
    lines = pool3("predict", "--model", model, "--weights", pool3.weights, "--top", 2, *pictures, code=code).out.splitlines()
    return [json.loads(line) for line in lines]


def check_scores(check, pool3, corpus, features, model, what):
    """The scores that predict gives are those of the stored rows, by numpy."""
    rows, classifier = support.Features(features), support.Model(model)
    expected = classifier.scores(rows.features)
    code = 0 if (rows.status == support.DONE).all() else 3
    worst = 0.0
    lines = predicted(pool3, model, [corpus / path for path in rows.paths], code)
    for line, scores, status in zip(lines, expected, rows.status):
        if status != support.DONE:
            check(line.get("code") == "too_large", f"{what}: what was too large for the features is for predict")
            continue
        found = {entry["class"]: entry["score"] for entry in line["top"]}
        worst = max(worst, *(abs(found[k] - s) for k, s in zip(classifier.classes, scores)))
    return check(worst < 1e-4, f"{what}: predict gives the scores of the stored rows (off by {worst:.1e})")


def make(pool3, corpus, folder, name, *flags, code):
    features, model = folder / f"{name}.h5", folder / f"{name}-model.h5"
    pool3.extract(corpus, features, *flags, code=code)
    pool3("train", "--features", features, "--out", model, "--test-fraction", 0, "--probability-folds", 0)
    return features, model


def check_mixing(check, pool3, corpus, folder, usual, ignoring, limited):
    lying, upright = support.Features(ignoring[0]).features, support.Features(usual[0]).features
    check(not np.allclose(lying[0], upright[0], atol=1e-3), "orientation changes features")
    error = pool3("evaluate", "--features", ignoring[0], "--model", usual[1], "--out", folder / "e.json", code=1).err
    check("ignore-orientation" in error, "evaluate names the difference")
    result = pool3.extract(corpus, folder / "mixed.h5", "--update-from", ignoring[0])
    check("no row of" in result.err and "ignore-orientation" in result.err, "--update-from takes no row, and says why")
    result = pool3.extract(corpus, folder / "raised.h5", "--fast-decode", "--update-from", limited[0])
    check("no row of" in result.err and "--max-pixels" in result.err, "another limit of pixels takes no row either")
    check((support.Features(folder / "mixed.h5").features == upright).all(), "and the file is that of a fresh extraction")


def check_older(check, pool3, corpus, folder, features, model):
    """As the files of an earlier pool3, which had the flags in their configuration."""
    old_features, old_model = folder / "old.h5", folder / "old-model.h5"
    shutil.copyfile(features, old_features)
    shutil.copyfile(model, old_model)
    older_file.shorten_profile(old_features, "profile")
    older_file.shorten_profile(old_model, "features_profile", tables=())
    check(support.Model(old_model).attributes["features_profile"] == "nsfwjs", "a model with a shorter profile")
    check_scores(check, pool3, corpus, old_features, old_model, "an older model")
    result = pool3.extract(corpus, folder / "updated.h5", "--ignore-orientation", "--update-from", old_features)
    check("7 rows copied, 0 tried" in result.err, "rows of an older file are taken")
    result = pool3.extract(corpus, old_features, "--ignore-orientation")
    check("already done" in result.err, "an older file is known as done")


def main():
    check, pool3, folder = support.start_test(__doc__)
    corpus = folder / "corpus"
    write_pictures(corpus)
    usual = make(pool3, corpus, folder, "usual", code=0)
    ignoring = make(pool3, corpus, folder, "ignoring", "--ignore-orientation", code=0)
    limited = make(pool3, corpus, folder, "limited", "--max-pixels", LIMIT, "--fast-decode", code=3)
    for what, (features, model) in {"as usual": usual, "--ignore-orientation": ignoring, "--max-pixels": limited}.items():
        check_scores(check, pool3, corpus, features, model, what)
    check("fast-decode, max-pixels 300000" in pool3("inspect", limited[1]).out, "a model says how its pictures were decoded")
    check_mixing(check, pool3, corpus, folder, usual, ignoring, limited)
    check_older(check, pool3, corpus, folder, *ignoring)
    check.finish()


if __name__ == "__main__":
    main()
