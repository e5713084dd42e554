"""pool3 audit: rows of a formula with known faults; what is found of them, beside NumPy's and scikit-learn's numbers."""

import csv
import json
import pathlib
import sys

import numpy as np
from PIL import Image
from sklearn.metrics.pairwise import cosine_distances

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402

CLASSES, OF_CLASS, WIDTH = 5, 60, 32
LISTS = ("same_bytes", "wrong_labels", "near_copies", "outliers", "overlaps", "small_classes")
random = np.random.default_rng(3)


def catalogue():
    """Rows and labels, and which rows have which fault."""
    centres = 4 * np.abs(random.normal(size=(CLASSES, WIDTH)))
    y = np.repeat(np.arange(CLASSES), OF_CLASS)
    x = centres[y] + random.normal(size=(len(y), WIDTH)) * 0.8
    faults = {"wrong": np.array([3, 70, 130, 200, 270])}
    y[faults["wrong"]] = (y[faults["wrong"]] + 1) % CLASSES
    sources = np.array([10, 80, 150, 220])
    near = x[sources] + random.normal(size=(4, WIDTH)) * 0.01
    far = -10 * np.abs(random.normal(size=(3, WIDTH)))
    few = centres[:1] * [[-1.0] * (WIDTH // 2) + [1.0] * (WIDTH // 2)] + random.normal(size=(6, WIDTH)) * 0.8
    start = len(x)
    faults["near"] = dict(zip(range(start, start + 4), sources))
    faults["outliers"] = list(range(start + 4, start + 7))
    faults["same"] = (start + 13, 20)
    x = np.vstack([x, near, far, few, x[20:21]])
    y = np.concatenate([y, y[sources[:2]], [(c + 1) % CLASSES for c in y[sources[2:]]], [0, 1, 2], [CLASSES] * 6, [(y[20] + 1) % CLASSES]])
    return x.astype(np.float32), y, faults


def rows_of(folder, name):
    with open(folder / f"{name}.csv", newline="") as f:
        return list(csv.DictReader(f))


def check_lists(check, folder, x, y, faults, told):
    same = {int(r["row"]) for r in rows_of(folder, "same_bytes")}
    check(same == set(faults["same"]), f"same bytes with other labels: {sorted(same)}")
    wrong = [int(r["row"]) for r in rows_of(folder, "wrong_labels")]
    doubtful = set(faults["wrong"]) | set(faults["same"]) | set(faults["outliers"]) | set(faults["near"]) | set(faults["near"].values())
    check(set(faults["wrong"]) <= set(wrong), f"all changed labels are found: {wrong}")
    check(set(wrong) <= doubtful, "and no label in order is doubted")
    for r in rows_of(folder, "wrong_labels"):
        if int(r["row"]) in faults["wrong"]:
            check(int(r["suggested"]) == (y[int(r["row"])] - 1) % CLASSES, f"row {r['row']}: {r['label']} should be {r['suggested']}")
    pairs = {int(r["row"]): r for r in rows_of(folder, "near_copies")}
    found = {frozenset((row, int(r["other_row"]))) for row, r in pairs.items()}
    check(found == {frozenset(p) for p in faults["near"].items()}, f"near copies: {sorted(map(sorted, found))}")
    across = sum("across classes" in r["where"] for r in pairs.values())
    check(across == 2, "two of them are across classes, and come first" )
    keep = np.setdiff1d(np.arange(len(x)), [max(faults["same"])])
    distance = np.sort(cosine_distances(x[keep].astype(np.float64)), axis=1)
    check(abs(told["near_limit"] / (0.13 * np.median(distance[:, 1])) - 1) < 0.02, "the limit is 0.13 of NumPy's median distance")
    mean = distance[:, 1:11].mean(1)
    first, third = np.percentile(mean, [25, 75])
    fence = third + 1.7 * (third - first)
    check(abs(told["outlier_limit"] / fence - 1) < 1e-6, "outliers are above NumPy's fence")
    outliers = {int(r["row"]) for r in rows_of(folder, "outliers")}
    check(outliers == set(keep[mean > fence]) and set(faults["outliers"]) <= outliers, f"outliers: {sorted(outliers)}")
    small = rows_of(folder, "small_classes")
    check(len(small) == 1 and small[0]["label"] == str(CLASSES) and small[0]["rows"] == "6", "one class is too small")


def check_json(check, folder, result, features):
    told = json.loads((folder / "audit.json").read_text())
    counts = json.loads(result.out)
    check(tuple(told["lists"]) == LISTS and counts == {n: len(told["lists"][n]) for n in LISTS}, "audit.json has every list, --json their lengths")
    check(all(len(rows_of(folder, n)) == counts[n] for n in LISTS), "so have the tables")
    check(told["provenance"]["features"] == str(features) and len(told["provenance"]["catalogue_hash"]) == 32, "and says of which file")
    return told


def check_both_ways(check, pool3, folder, features, faults):
    """evaluate --group-near-copies, on rows whose copies are known."""
    out, f = folder / "evaluation.json", support.Features(features)
    line = pool3("evaluate", features, "--model", folder / "M.h5", "--out", out, "--group-near-copies", ranks=2).out
    held_out, training = set(f.rows("test")), set(f.rows("training"))
    pairs = [*faults["near"].items(), faults["same"]]
    known = {a for p in pairs for a, b in (p, p[::-1]) if a in held_out and b in training}
    told = json.loads(out.read_text())
    copies = told["near_copies"]
    check(copies["rows_with"] == len(known) and copies["rows_without"] == len(held_out) - len(known), f"{len(known)} held-out rows have a near copy in training")
    check(abs(copies["accuracy_without"] - told["accuracy"]) <= len(known) / len(held_out) + 1e-9, "the accuracy both ways")
    check("without near copies in training" in line, "stdout says it, too")


def check_small_catalogues(check, pool3, folder):
    """Fewer rows than neighbours are asked for, and rows that differ in nothing that counts."""
    few = {"one row": (np.ones((1, 8)), [0]), "two rows": (np.eye(2, 8), [0, 1]), "two rows alike": (np.ones((2, 8)), [0, 1]),
           "one direction": (random.random((60, 1)) + 1, np.arange(60) % 3), "zeros": (np.zeros((40, 8)), np.arange(40) % 2)}
    for name, (x, y) in few.items():
        np.savez(folder / "few.npz", X=x.astype(np.float32), y=np.array(y))
        pool3("import", "--features", folder / "few.npz", "--out", folder / "few.h5", "--overwrite", ranks=0)
        told = json.loads(pool3("audit", folder / "few.h5", "--out", folder / "few", "--json", ranks=0).out)
        pairs = rows_of(folder / "few", "near_copies")
        check(tuple(told) == LISTS and len(pairs) == {"one direction": 59, "zeros": 19}.get(name, 0), f"{name}: {len(pairs)} near copies")


def draw_pictures(folder):
    """40 drawings of blocks, and a rescaled, a recompressed and a cropped copy of three of them: paths, and the copies."""
    folder.mkdir()
    for i in range(40):
        blocks = Image.fromarray(random.integers(0, 256, (6, 6, 3), dtype=np.uint8))
        blocks.resize((96, 72), Image.BICUBIC).save(folder / f"{i}.png")
    one, two, three = (Image.open(folder / f"{i}.png") for i in (4, 15, 26))
    one.resize((64, 48), Image.BICUBIC).save(folder / "40.png")
    two.save(folder / "41.jpg", quality=75)
    three.crop((2, 1, 94, 71)).save(folder / "42.png")
    names = [*(f"{i}.png" for i in range(41)), "41.jpg", "42.png"]
    return names, {frozenset(p) for p in (("4.png", "40.png"), ("15.png", "41.jpg"), ("26.png", "42.png"))}


def check_pictures(check, pool3, folder):
    """Pictures whose features have nothing in common, but for two that are other pictures."""
    names, copies = draw_pictures(folder / "pictures")
    x = random.normal(size=(len(names), 16))
    x[9] = x[8] + 1e-4
    np.savez(folder / "seen.npz", X=x.astype(np.float32), y=np.arange(len(names)) % 2, paths=np.array([f"pictures/{n}" for n in names]))
    features, out = folder / "seen.h5", folder / "seen"
    pool3("import", "--features", folder / "seen.npz", "--out", features, ranks=0)

    def found(*flags, ranks=0):
        text = pool3("audit", features, "--out", out, *flags, ranks=ranks).err
        rows = rows_of(out, "near_copies")
        return {frozenset(r[k].split("/")[-1] for k in ("path", "other_path")) for r in rows}, rows, text

    by_features = {frozenset(("8.png", "9.png"))}
    pairs, rows, text = found()
    check(pairs == copies, f"with pictures, their near copies are found, and what only features call one is not: {pairs}")
    check(all("laid on it" in r["reason"] and float(r["score"]) >= 0.5 for r in rows) and "not to be had" not in text, "each with its reason")
    check(json.loads((out / "audit.json").read_text())["pictures"] == len(names), "audit.json has their number")
    lists = (out / "near_copies.csv").read_bytes()
    found(ranks=2)
    check((out / "near_copies.csv").read_bytes() == lists, "two ranks find the same")
    check(found("--no-pictures")[0] == by_features, "--no-pictures goes by features alone")
    (folder / "pictures").rename(folder / "moved")
    pairs, _, text = found()
    check(pairs == by_features and text.count("not to be had") == 1, "so it is where the pictures are gone, which is told")
    check(found("--corpus", folder / "moved")[0] == copies, "--corpus says where they are now")
    for i in (8, 40):
        (folder / "moved" / f"{i}.png").write_bytes(b"damaged")
    pairs, _, text = found("--corpus", folder / "moved")
    check(pairs == copies - {frozenset(("4.png", "40.png"))} | by_features and "2 of 43 pictures" in text, "a damaged one goes by its features")


def main():
    check, pool3, folder = support.start_test(__doc__)
    x, y, faults = catalogue()
    np.savez(folder / "x.npz", X=x, y=y)
    features, out = folder / "F.h5", folder / "audit"
    pool3("import", "--features", folder / "x.npz", "--out", features, ranks=0)
    result = pool3("audit", features, "--out", out, "--json", ranks=0)
    told = check_json(check, out, result, features)
    check_lists(check, out, x, y, faults, told)
    pool3("train", features, "--out", folder / "M.h5", "--kernel", "rbf", ranks=0)
    pool3("audit", features, "--model", folder / "M.h5", "--out", folder / "by_model", ranks=0)
    wrong = {int(r["row"]) for r in rows_of(folder / "by_model", "wrong_labels")}
    check(set(faults["wrong"]) <= wrong, "with the kernel of a model, too")
    check_both_ways(check, pool3, folder, features, faults)
    text = pool3("audit", features, "--out", out, ranks=2).out
    check(all(name in text for name in LISTS), "two ranks: a line for each list")
    again = json.loads((out / "audit.json").read_text())
    lists = [[(n, f.get("row"), f["label"], f.get("suggested")) for n in LISTS for f in sorted(t["lists"][n], key=lambda f: f.get("row"))] for t in (told, again)]
    scores = [[f["score"] for n in LISTS for f in sorted(t["lists"][n], key=lambda f: f.get("row"))] for t in (told, again)]
    check(lists[0] == lists[1] and np.allclose(*scores, rtol=0, atol=0.05), "and the same lists, over the old ones")
    (folder / "mine").mkdir()
    (folder / "mine" / "thesis.tex").write_text("mine")
    refused = pool3("audit", features, "--out", folder / "mine", ranks=2, code=1)
    check("thesis.tex" in refused.err and len(refused.errors()) == 1 and len(list((folder / "mine").iterdir())) == 1, "a folder with other files is refused")
    for flags in (["--folds", 1], ["--near", 0], ["--C", 0], ["--threads", -1], ["--outlier-reach", -1]):
        check(len(pool3("audit", features, "--out", folder / "no", *flags, ranks=0, code=2).errors()) == 1, f"{flags} are refused")
    np.savez(folder / "one.npz", X=x[:30], y=np.zeros(30, int))
    pool3("import", "--features", folder / "one.npz", "--out", folder / "one.h5", ranks=0)
    one = pool3("audit", folder / "one.h5", "--out", folder / "one", ranks=0)
    check_small_catalogues(check, pool3, folder)
    check_pictures(check, pool3, folder)
    check("fewer than two classes" in one.err, "of one class, labels are not judged, and that is told")
    check.finish()


if __name__ == "__main__":
    main()
