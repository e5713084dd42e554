"""predict takes what is there: stored features, folders, tables, lists, tar files, stdin. All say the same of the same
picture, in order, on any number of ranks, in JSON and in CSV."""

import csv
import io
import json
import pathlib
import subprocess
import sys
import tarfile

import h5py
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402

CLASSES = ("animals", "food", "tools")


def lines_of(result):
    return [json.loads(line) for line in result.out.splitlines()]


def without_path(lines):
    return [{key: value for key, value in line.items() if key != "path"} for line in lines]


def close(a, b):
    """The same classes in the same order, and the same numbers: a batch may be another one, its rows are not."""
    return without_path(a) == without_path(b)


def check_features(check, pool3, folder, model):
    """Of stored features: no picture and no weights are read."""
    f, m = support.Features(folder / "f.h5"), support.Model(model)
    outputs = [pool3("predict", "--model", model, "--features", folder / "f.h5", "--top", 2, ranks=n, code=3, cwd=folder,
                     env={"POOL3_WEIGHTS": "/nowhere"}).out for n in (1, 2, 3)]
    check(len(set(outputs)) == 1, "the same bytes on 1, 2 and 3 ranks")
    lines = [json.loads(line) for line in outputs[0].splitlines()]
    check([line["path"] for line in lines] == f.paths, "a line for each row, in order")
    bad = [line for line in lines if "error" in line]
    check([(line["path"], line["stage"], line["code"]) for line in bad] == [("food/bad.png", "decode", "corrupt")], f"a failed row: {bad}")
    good = np.array([status == support.DONE for status in f.status])
    scores = m.scores(f.features[good])
    told = [line for line in lines if "error" not in line]
    worst = max(abs(line["score"] - own[m.classes.index(line["class"])]) for line, own in zip(told, scores))
    check(worst < 1e-6 and all(len(line["top"]) == 2 for line in told), f"scores are those of the model's numbers within {worst:.1e}")
    rows = list(csv.DictReader(io.StringIO(pool3("predict", "--model", model, "--features", folder / "f.h5", "--format", "csv", "--top", 2, code=3).out)))
    same = [row["path"] == line["path"] and (row["class"], row["code"]) == (line.get("class", ""), line.get("code", "")) and
            (not row["score"] or (float(row["score"]), float(row["probability_2"])) == (line["score"], line["top"][1]["probability"]))
            for row, line in zip(rows, lines)]
    check(len(rows) == len(lines) and all(same), "CSV has the same, in the same order")
    return lines


def check_sources(check, pool3, folder, model, pictures):
    predict = ["predict", "--model", model, "--weights", pool3.weights, "--top", 3]
    named = lines_of(pool3(*predict, *pictures, cwd=folder))
    check([line["path"] for line in named] == pictures, "pictures by their names")
    (folder / "list.txt").write_text("".join(f"{p}\n" for p in reversed(pictures)))
    (folder / "table.csv").write_text("kind,path\n" + "".join(f"x,{p}\n" for p in pictures))
    with tarfile.open(folder / "all.tar", "w") as tar:
        for p in pictures:
            tar.add(folder / p, arcname=p)
    for ranks, source in enumerate(("good", "list.txt", "table.csv", "all.tar"), 1):
        got = lines_of(pool3(*predict, source, cwd=folder, ranks=1 + ranks % 2))
        check(close(got, named) and len(got) == len(pictures), f"{source}: the same, in order of paths")
        exists = [p if (folder / (p.split(".tar")[0] + ".tar")).exists() or (folder / p).exists() else "" for p in (line["path"] for line in got)]
        check(all(exists), f"{source}: paths that can be opened, such as {got[0]['path']}")
    member = lines_of(pool3(*predict, f"all.tar/{pictures[1]}", "list.txt", pictures[0], cwd=folder))
    check(close(member, [named[1], *named, named[0]]), "members, lists and pictures together, in the order of the arguments")
    for what, given, expected in (("a list", "\n".join(pictures[::-1]).encode(), named[::-1]), ("a picture", (folder / pictures[2]).read_bytes(), [named[2]]),
                                  ("a list with NUL", b"\0".join(p.encode() for p in pictures), named)):
        done = subprocess.run([str(a) for a in [pool3.program, *predict, "-"]], input=given, stdout=subprocess.PIPE, cwd=folder, env=support.environment({}),
                              check=False, timeout=support.LIMIT_SECONDS)
        got = [json.loads(line) for line in done.stdout.splitlines()]
        check(done.returncode == 0 and close(got, expected), f"{what} on stdin")
    check(got[0]["path"] == pictures[0], "lines of stdin are the paths")


def check_unlike(check, pool3, folder):
    """--catalogue: the nearest training row by NumPy, and what is usual among these."""
    model = folder / "split.h5"
    pool3("train", "--features", folder / "f.h5", "--out", model, "--test-fraction", 0.3, "--split", "stratified", "--probability-folds", 0)
    f = support.Features(folder / "f.h5")
    with h5py.File(model) as file:
        training = np.flatnonzero(file["split"][:] == 0)
    unit = f.features / np.maximum(np.linalg.norm(f.features, axis=1, keepdims=True), 1e-30)
    far = 1 - unit.astype(np.float64) @ unit[training].T.astype(np.float64)
    own = far[training] + np.where(np.eye(len(training)) > 0, 9, 0)
    usual = np.sort(own.min(1))[int(0.95 * (len(training) - 1))]
    predict = ["predict", "--model", model, "--catalogue", folder / "f.h5"]
    result = pool3(*predict, "--features", folder / "f.h5", ranks=2, code=3)
    told = [line for line in lines_of(result) if "error" not in line]
    good = np.flatnonzero(np.array(f.status) == support.DONE)
    nearest = far[good].min(1)
    check(max(abs(line["nearest_distance"] - d) for line, d in zip(told, nearest)) < 1e-5, "the nearest training picture is as far as NumPy says")
    check(all(abs(line["usual_distance"] - usual) < 1e-5 for line in told), f"what is usual, too: {usual:.4f}")
    check(all(line["unlike"] == (line["nearest_distance"] > line["usual_distance"]) for line in told), "unlike is what lies farther")
    unlike = sum(line["unlike"] for line in told)
    check(f"{unlike} of {len(told)} pictures are unlike" in result.err, f"{unlike} are told in the log")
    rows = list(csv.DictReader(io.StringIO(pool3(*predict, "--features", folder / "f.h5", "--format", "csv", code=3).out)))
    same = [float(row["nearest_distance"]) == line["nearest_distance"] and row["unlike"] == str(line["unlike"]).lower()
            for row, line in zip((row for row in rows if not row["error"]), told)]
    check(len(same) == len(told) and all(same) and all(None not in row.values() for row in rows), "CSV has the same")
    one = lines_of(pool3(*predict, "--weights", pool3.weights, folder / f.paths[int(training[0])] if pathlib.Path(f.paths[int(training[0])]).is_absolute()
                         else folder / "corpus" / f.paths[int(training[0])]))[0]
    check(one["nearest_distance"] < 1e-4 and not one["unlike"], "a training picture is like them")
    other = lines_of(pool3("predict", "--model", model, "--features", folder / "f.h5", code=3))
    check(not any("unlike" in line for line in other), "without --catalogue nothing is said")


def check_refusals(check, pool3, folder, model):
    for flags, cause, code in (([], "no IMAGE given", 2), (["--features", folder / "f.h5", "x.png"], "not both", 2), (["x.png", "--format", "xml"], "--format", 2),
                               ([folder / "empty"], "no pictures found", 1)):
        (folder / "empty").mkdir(exist_ok=True)
        errors = pool3("predict", "--model", model, *flags, code=code, ranks=0, env={"POOL3_WEIGHTS": str(pool3.weights)}).errors()
        check(len(errors) == 1 and cause in errors[0], f"refused: {errors}")
    gone = lines_of(pool3("predict", "--model", model, "--weights", pool3.weights, folder / "gone.png", code=3))
    check(gone[0]["code"] == "missing", "a picture that is not there is a line")


def main():
    check, pool3, folder = support.start_test(__doc__)
    for name in CLASSES:
        for i, path in enumerate(support.choose_pictures(name, 5)):
            (folder / "corpus" / name).mkdir(parents=True, exist_ok=True)
            (folder / "corpus" / name / f"{i}.png").write_bytes(path.read_bytes())
    (folder / "corpus/food/bad.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    pool3.extract(folder / "corpus", folder / "f.h5", "--batch", 4, ranks=2, code=3)
    model = folder / "m.h5"
    pool3("train", "--features", folder / "f.h5", "--out", model, "--test-fraction", 0, "--probability-folds", 2)
    check_features(check, pool3, folder, model)
    (folder / "good").mkdir()
    pictures = []
    for i, path in enumerate(support.choose_pictures("office", 3)):
        pictures.append(f"good/{i}.png")
        (folder / pictures[-1]).write_bytes(path.read_bytes())
    check_sources(check, pool3, folder, model, pictures)
    check_unlike(check, pool3, folder)
    check_refusals(check, pool3, folder, model)
    check.finish()


if __name__ == "__main__":
    main()
