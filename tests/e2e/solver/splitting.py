"""Splits as people have them: folders train/ and test/, a column, a list, groups; the model's table says them, and evaluate
and h5py read the very same."""

import csv
import json
import pathlib
import shutil
import sys

import h5py
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402

CLASSES = ("animals", "food")


def make_corpus(root):
    """train/CLASS and test/CLASS; test has a class that train has not, train one that test has not."""
    for name in CLASSES:
        for i, path in enumerate(support.choose_pictures(name, 12)):
            side = "test" if i % 4 == 0 else "train"
            (root / side / name).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, root / side / name / f"{name}_{i}.png")
    for side, name in (("test", "tools"), ("train", "transportation")):
        (root / side / name).mkdir()
        for i, path in enumerate(support.choose_pictures(name, 3)):
            shutil.copyfile(path, root / side / name / f"{name}_{i}.png")


class Split:
    """A model's table of its split, as another program reads it."""

    def __init__(self, model):
        with h5py.File(model) as f:
            names = {number: name for name, number in h5py.check_enum_dtype(f["split"].dtype).items()}
            self.sides = np.array([names[v] for v in f["split"][:]])
            self.folds = f["folds"][:] if "folds" in f else None
            self.search_folds = f["search_folds"][:] if "search_folds" in f else None
            self.rule, self.grouped = f.attrs["split"].decode(), f.attrs["grouped"]


def evaluated(pool3, features, model, folder, *flags, **how):
    """The rows that evaluate counts, by path, and the report."""
    result = pool3("evaluate", "--features", features, "--model", model, "--out", folder / "e.json", "--predictions",
                   folder / "p.csv", *flags, **how)
    with open(folder / "p.csv", newline="", encoding="utf-8") as f:
        return [row["path"] for row in csv.DictReader(f)], json.loads((folder / "e.json").read_text()), result


def check_folders(check, pool3, folder, features, f):
    paths = np.array(f.paths)
    check(sorted(f.classes) == sorted([*CLASSES, "tools", "transportation"]), "labels are the folders below train and test")
    model = folder / "m.h5"
    log = pool3("train", "--features", features, "--out", model, "--probability-folds", 3, ranks=2).err
    split = Split(model)
    wanted = np.where(np.char.startswith(paths, "test/"), "held_out", "training")
    check(split.rule == "folders" and (split.sides == wanted).all(), "the folders are the split, unasked")
    check("1 of 4 classes has no training row, and will never be predicted: tools" in log, "a class without training rows is named")
    check("1 of 4 classes has no held-out row, so that nothing is measured of them: transportation" in log, "one without held-out rows too")
    rows, report, result = evaluated(pool3, features, model, folder)
    check(rows == sorted(paths[wanted == "held_out"]), "evaluate takes the rows of test/")
    support_of = {entry["class"]: entry["support"] for entry in report["per_class"]} if isinstance(report["per_class"], list) else \
        {name: entry["support"] for name, entry in report["per_class"].items()}
    check(support_of["transportation"] == 0 and support_of["tools"] == 3 and "transportation" in result.out, "both stand in the report")
    check((split.folds >= 0).tolist() == (wanted == "training").tolist() and split.folds.max() == 2, "each training row has its fold")
    pool3("train", "--features", features, "--out", folder / "key.h5", "--split", "key")
    check(Split(folder / "key.h5").rule == "key", "--split key still goes by content")


def check_files(check, pool3, folder, corpus, features, f):
    """A column of a table, one value a row, a list of paths, row numbers: each says the same rows."""
    sides = np.array(["train", "test", "val"])[np.arange(len(f.paths)) % 3]
    with open(corpus / "t.csv", "w", encoding="utf-8") as file:
        file.write("file,kind,split\n" + "".join(f"{path},x,{side}\n" for path, side in reversed(list(zip(f.paths, sides)))))
    np.save(folder / "sides.npy", np.arange(len(sides)) % 3)
    wanted = np.array(["training", "held_out", "left_out"])[np.arange(len(sides)) % 3]
    train = ["train", "--features", features, "--out", folder / "m.h5", "--probability-folds", 0]
    models = []
    for source in (corpus / "t.csv", f"{corpus / 't.csv'}:split", folder / "sides.npy"):
        pool3(*train, "--split-from", source, ranks=1 + len(models) % 2)
        split = Split(folder / "m.h5")
        models.append(split.sides.tolist())
        check(split.rule == "given" and models[-1] == wanted.tolist(), f"--split-from {source}")
    rows = evaluated(pool3, features, folder / "m.h5", folder, ranks=2)[0]
    check(rows == [p for p, side in zip(f.paths, sides) if side == "test"], "evaluate takes the rows that were held out")
    rows = evaluated(pool3, features, folder / "m.h5", folder, "--rows", "left-out")[0]
    check(rows == [p for p, side in zip(f.paths, sides) if side == "val"], "--rows left-out takes those of val")
    (corpus / "test.txt").write_text("".join(p + "\n" for p, side in zip(f.paths, sides) if side == "test"))
    (folder / "rows.txt").write_text("".join(f"{i}\n" for i in range(len(sides)) if i % 3 == 1))
    for source in (corpus / "test.txt", folder / "rows.txt"):
        pool3(*train, "--test-rows", source)
        check((Split(folder / "m.h5").sides == np.where(wanted == "held_out", "held_out", "training")).all(), f"--test-rows {source}")
    pool3("train", "--features", features, "--out", folder / "n.h5", "--split-from", f"{folder / 'm.h5'}:split")
    check((Split(folder / "n.h5").sides == Split(folder / "m.h5").sides).all(), "the split of another model")
    other = folder / "other.csv"
    other.write_text("path,split\nelsewhere/a.png,train\nelsewhere/b.png,test\n")
    for flags, cause in ((["--split-from", other], "none of its 2 paths"), (["--split-from", f"{corpus / 't.csv'}:kind"], "'x' is no side"),
                         (["--split-from", corpus / "test.txt"], "--test-rows"), (["--test-rows", corpus / "t.csv", "--split", "folders"], "twice")):
        errors = pool3.start([*train, *flags]).errors()
        check(len(errors) == 1 and cause in errors[0], f"refused: {errors}")


def check_groups(check, pool3, folder, corpus, features, f):
    names = [f"g{i // 3}" if i % 7 else "" for i in range(len(f.paths))]
    with open(corpus / "groups.csv", "w", encoding="utf-8") as file:
        file.write("path;group\n" + "".join(f"{path};{name}\n" for path, name in zip(f.paths, names)))
    for rule in ("key", "stratified"):
        bytes_of = []
        for ranks in (1, 2):
            pool3("search", "--features", features, "--out", folder / "s.json", "--best", folder / "m.h5", "--folds", 4, "--split", rule,
                  "--probability-folds", 3, "--C", 1, 10, "--test-fraction", 0.3, "--groups-from", corpus / "groups.csv", ranks=ranks)
            bytes_of.append(Split(folder / "m.h5"))
        split = bytes_of[0]
        same = all((a == b).all() for a, b in zip((split.sides, split.folds, split.search_folds), (bytes_of[1].sides, bytes_of[1].folds, bytes_of[1].search_folds)))
        check(same and split.grouped == 1, f"{rule}: one split and the same folds on 1 and 2 ranks")
        places = {}
        for name, *place in zip(names, split.sides, split.folds, split.search_folds):
            places.setdefault(name, set()).add(tuple(place))
        together = all(len(found) == 1 for name, found in places.items() if name)
        check(together and len(places[""]) > 1 and 0 < (split.sides == "held_out").mean() < 0.6, f"{rule}: groups are whole on sides and in folds")
        table = json.loads((folder / "s.json").read_text())
        check(table["fold_rows"] == np.bincount(split.search_folds[split.search_folds >= 0], minlength=4).tolist(), f"{rule}: the search's folds are the table's")
        rows = evaluated(pool3, features, folder / "m.h5", folder)[0]
        check(rows == [p for p, side in zip(f.paths, split.sides) if side == "held_out"], f"{rule}: evaluate takes the held-out rows")


def check_near_copies(check, pool3, folder):
    """Of 160 drawn rows the last 40 are nearly the first."""
    random = np.random.default_rng(7)
    x = random.normal(size=(120, 16)).astype(np.float32)
    x = np.vstack([x, x[:40] + 1e-4 * random.normal(size=(40, 16)).astype(np.float32)])
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", np.concatenate([np.arange(120) % 3, np.arange(40) % 3]))
    features, best = folder / "near.h5", folder / "best.h5"
    pool3("import", "--features", folder / "x.npy", "--labels", folder / "y.npy", "--out", features)
    flags = ["--features", features, "--test-fraction", 0.3, "--probability-folds", 3]
    pairs = np.arange(40), np.arange(120, 160)
    together = {}
    for name, more, ranks in (("plain", [], 0), ("one", ["--group-near-copies"], 0), ("two", ["--group-near-copies"], 2),
                              ("class", ["--group-near-copies", "--split", "stratified"], 0)):
        log = pool3("train", *flags, "--out", folder / f"{name}.h5", *more, ranks=ranks).err
        together[name] = Split(folder / f"{name}.h5")
        if more:
            check("near copies: 40 rows go with others" in log, f"{name}: the log says how many")
    torn = {name: int((s.sides[pairs[0]] != s.sides[pairs[1]]).sum()) for name, s in together.items()}
    check(torn["plain"] > 5 and torn["one"] == torn["class"] == 0, f"pairs on both sides of the split: {torn}")
    check(all((s.folds[pairs[0]] == s.folds[pairs[1]]).all() for name, s in together.items() if name != "plain"), "they share a fold")
    check((together["one"].sides == together["two"].sides).all() and (together["one"].folds == together["two"].folds).all(),
          "one rank or two: the same split")
    pool3("search", *flags, "--group-near-copies", "--C", 1, 10, "--folds", 4, "--out", folder / "s.json", "--best", best, ranks=2)
    folds = Split(best).search_folds
    check((folds[pairs[0]] == folds[pairs[1]]).all(), "also in a search")
    with open(folder / "names.txt", "w", encoding="utf-8") as file:  # row 0 and its copy, and row 1 with its own, hang together
        file.write("".join("a\n" if i in (0, 1) else f"{i}\n" for i in range(160)))
    pool3("train", *flags, "--group-near-copies", "--groups-from", folder / "names.txt", "--out", folder / "both.h5")
    both = Split(folder / "both.h5")
    check(len({both.sides[i] for i in (0, 1, 120, 121)}) == 1, "groups and near copies join")


def check_copies(check, pool3, folder):
    """Rows that are all alike stay together, so that a split by content leaves nothing on one side."""
    np.savez(folder / "alike.npz", x=np.full((30, 16), 0.25, "f4"), y=np.arange(30) % 2)
    alike, out = folder / "alike.h5", folder / "alike.out"
    pool3("import", "--features", folder / "alike.npz", "--out", alike)

    def says(ranks, command, *flags):
        errors = pool3(command, "--features", alike, "--out", out, *flags, ranks=ranks, code=1).errors()
        return errors[0] if len(errors) == 1 else f"{len(errors)} errors"

    held_out, training = ("--seed", 5), ("--test-fraction", 0)  # with this seed that content is held out
    for ranks in (0, 2):
        for command in ("train", "search", "baseline"):
            said = says(ranks, command, *held_out)
            check("of 30 rows with a label 30 are held out" in said and "same content" in said
                  and "(give --split stratified, or --test-fraction 0)" in said, f"{command}, {ranks} ranks: {said}")
        said = says(ranks, "search", *training)
        check("all 30 training rows are in fold" in said and "(give --split stratified)" in said, f"folds, {ranks} ranks: {said}")
    said = pool3("train", "--features", alike, "--out", folder / "alike-m.h5", "--seed", 1).err
    check("probabilities say no more than how many rows a class has: all 30 training rows are in fold" in said, "told by train")
    said = says(0, "evaluate", "--model", folder / "alike-m.h5")
    check("same content" in said and "(give --rows all, or train with --split stratified)" in said, f"evaluate: {said}")
    (folder / "one-group.txt").write_text("a\n" * 30)
    said = says(0, "train", *held_out, "--groups-from", folder / "one-group.txt", "--test-fraction", 0.999)
    check("of one group" in said and "other groups" in said, f"one group: {said}")
    check(not out.exists(), "nothing was written")
    for command, *flags in (["train"], ["search", "--folds", 3, "--C", 1]):
        said = pool3(command, "--features", alike, "--out", out, *held_out, "--split", "stratified", *flags).err
        check("probabilities say no more" not in said, f"nothing is said of {command} with stratified folds")


def check_other_catalogue(check, pool3, folder, corpus, features):
    """Groups are known for their file alone."""
    (corpus / "train" / "food" / "more.png").write_bytes(support.choose_pictures("office", 1)[0].read_bytes())
    pool3.extract(corpus, folder / "grown.h5", "--update-from", features)
    errors = pool3("evaluate", "--features", folder / "grown.h5", "--model", folder / "m.h5", "--out", folder / "e.json", code=1).errors()
    check("with groups" in errors[0] and "--rows all" in errors[0], f"another file: {errors}")
    pool3("train", "--features", features, "--out", folder / "m.h5")
    rows = evaluated(pool3, folder / "grown.h5", folder / "m.h5", folder)[0]
    check(rows and all(row.startswith("test/") for row in rows), "folders tell it of a catalogue that has grown")


def main():
    check, pool3, folder = support.start_test(__doc__)
    corpus, features = folder / "corpus", folder / "f.h5"
    make_corpus(corpus)
    pool3.extract(corpus, features, ranks=2)
    f = support.Features(features)
    check_folders(check, pool3, folder, features, f)
    check_files(check, pool3, folder, corpus, features, f)
    check_groups(check, pool3, folder, corpus, features, f)
    check_near_copies(check, pool3, folder)
    check_copies(check, pool3, folder)
    check_other_catalogue(check, pool3, folder, corpus, features)
    check.finish()


if __name__ == "__main__":
    main()
