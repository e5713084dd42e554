"""`pool3 neighbours` finds what NumPy finds in doubles: for rows, pictures and folders, every metric and filter, any
number of ranks and threads, with copies folded."""

import json
import pathlib
import shutil
import sys

import numpy as np
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402


def distances(metric, x, query):
    x, query = x.astype(np.float64), query.astype(np.float64)
    if metric == "cosine":
        with np.errstate(invalid="ignore"):  # rows that failed are zeros
            return 1 - x @ query / np.sqrt((x * x).sum(1) * (query @ query))
    return np.sqrt(((x - query) ** 2).sum(1))


def answers(result):
    """The lines of each query, in order."""
    found = {}
    for line in map(json.loads, result.out.splitlines()):
        found.setdefault(line["query"], []).append(line)
    return found


def nearest(d, allowed, keys, own, top):
    """Rows by distance, the first of each picture; the query's own row is none of them."""
    order, seen = [], set()
    for i in np.lexsort((np.arange(len(d)), d)):
        if not allowed[i] or i == own or keys[i] in seen:
            continue
        seen.add(keys[i])
        order.append(int(i))
    return order[:top]


def agrees(lines, d, expected):
    rows = [line["row"] for line in lines]
    near = np.allclose([line["distance"] for line in lines], d[rows], atol=1e-9, rtol=1e-9)
    return near and rows == expected and [line["rank"] for line in lines] == list(range(1, len(lines) + 1))


def check_rows(check, pool3, f):
    done = f.status == support.DONE
    for metric in ("cosine", "euclidean"):
        result = pool3("neighbours", "--features", f.path, "7", "123", "--metric", metric, "--top", "9")
        for row in (7, 123):
            d = distances(metric, f.features, f.features[row])
            lines = answers(result)[f.paths[row]]
            check(agrees(lines, d, nearest(d, done, f.keys, row, 9)), f"{metric}: row {row} has NumPy's neighbours")
            check(all(line["path"] == f.paths[line["row"]] and line["label"] == f.classes[f.labels[line["row"]]]
                      for line in lines), "with their paths and labels")
        for ranks, threads in ((2, 1), (1, 3), (3, 2)):
            other = pool3("neighbours", "--features", f.path, "7", "123", "--metric", metric, "--top", "9", "--threads",
                          threads, ranks=ranks)
            check(other.out == result.out, f"the same bytes from {ranks} ranks of {threads} threads")


def check_filters(check, pool3, f):
    done = f.status == support.DONE
    d = distances("cosine", f.features, f.features[7])
    lines = answers(pool3("neighbours", "--features", f.path, "7", "--class", "people"))[f.paths[7]]
    people = done & (f.labels == f.classes.index("people"))
    check(agrees(lines, d, nearest(d, people, f.keys, 7, 12)), "--class: of this class alone")
    for side in ("training", "held-out"):
        rows = np.zeros(len(done), bool)
        rows[f.rows("training" if side == "training" else "test")] = True
        lines = answers(pool3("neighbours", "--features", f.path, "7", "--split", side))[f.paths[7]]
        check(agrees(lines, d, nearest(d, rows, f.keys, 7, 12)), f"--split {side}: of these rows alone")
    result = pool3("neighbours", "--features", f.path, "7", "--class", "peeple", code=2)
    check("people" in result.err, "a class that is not there: the next one is named")


def check_margins(check, pool3, f, folder):
    model = folder / "m.h5"
    pool3("train", "--features", f.path, "--out", model)
    m = support.Model(model)
    scores = m.scores(f.features.astype(np.float64))
    d = distances("euclidean", scores, scores[7])
    lines = answers(pool3("neighbours", "--features", f.path, "7", "--metric", "svm", "--model", model))[f.paths[7]]
    close = np.allclose([line["distance"] for line in lines], d[[line["row"] for line in lines]], atol=1e-4)
    check(close and {line["row"] for line in lines[:6]} <= set(nearest(d, f.status == support.DONE, f.keys, 7, 12)),
          "--metric svm: distances of margins")


def check_pictures(check, pool3, f, folder):
    pictures = folder / "mine"
    pictures.mkdir()
    shutil.copyfile(f.paths[7], pictures / "copy.png")
    Image.open(f.paths[123]).convert("RGB").save(pictures / "other.jpg", quality=80)
    (pictures / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    sheet = folder / "sheet.png"
    result = pool3("neighbours", "--features", f.path, "--weights", pool3.weights, pictures, "9", "--top", "5", "--sheet",
                   sheet, code=3)
    found = answers(result)
    first = found[str(pictures / "copy.png")][0]
    check(first["row"] == 7 and first["distance"] < 1e-5, "a copy of a picture finds it, at no distance")
    check(found[str(pictures / "other.jpg")][0]["row"] == 123, "one that was saved again finds the first")
    bad = found[str(pictures / "bad.png")]
    check(len(bad) == 1 and bad[0]["stage"] == "decode", "a bad picture is a line that says so")
    check(len(found[f.paths[9]]) == 5, "rows go together with pictures")
    drawn = Image.open(sheet)
    check(drawn.height > 4 * 128 and drawn.width > 6 * 128, "the sheet has four lines of six")
    pixels = np.asarray(drawn.convert("RGB"))
    blue = (pixels == (30, 90, 200)).all(2)
    check(blue.any(1).sum() >= 4 * 134, "each with its query framed")
    same = pool3("neighbours", "--features", f.path, "--weights", pool3.weights, pictures, "9", "--top", "5", ranks=2, code=3)
    check(same.out == result.out, "the same bytes from two ranks")


def check_copies(check, pool3, folder):
    random = np.random.default_rng(3)
    x = np.abs(random.normal(size=(300, 40))).astype("f2").astype("f4")
    x[10] = x[200] = x[250]
    np.savez(folder / "x.npz", X=x, y=np.arange(300) % 3)
    out = folder / "copies.h5"
    pool3("import", "--features", folder / "x.npz", "--out", out, "--dtype", "float16")
    f = support.Features(out)
    found = answers(pool3("neighbours", "--features", out, "10", "11", "--top", "4"))
    first = found[f.paths[10]][0]
    check(first["row"] == 200 and first["copies"] == [250] and first["distance"] == 0, "copies of the query are one answer")
    other = answers(pool3("neighbours", "--features", out, "10", "--top", "1", "--class", f.classes[f.labels[250]]))[f.paths[10]][0]
    own = [i for i in (10, 200, 250) if f.labels[i] == f.labels[250] and i != 10]
    check([other["row"], *other["copies"]] == own, f"of one class, copies are those of the class: {own}")
    d = distances("cosine", x, x[11])
    check(agrees(found[f.paths[11]], d, nearest(d, np.ones(300, bool), f.keys, 11, 4)), "copies of an answer are one")
    every = pool3("neighbours", "--features", out, "--all", "--top", "3", "--metric", "euclidean", ranks=2)
    found = answers(every)
    check(len(found) == 298, "--all: each picture is asked for once")
    for row in (0, 11, 299):
        d = distances("euclidean", x, x[row])
        check(agrees(found[f.paths[row]], d, nearest(d, np.ones(300, bool), f.keys, row, 3)), f"--all: row {row}")


def check_index(check, pool3, f, folder):
    index = folder / "index.h5"
    questions = ["7", "123", "--top", "9"]
    for more in ([], ["--metric", "euclidean"], ["--class", "people"], ["--split", "held-out"], ["--top", "1000"]):
        words = questions[:2] + more if "--top" in more else questions + more
        plain = pool3("neighbours", "--features", f.path, *words)
        for ranks in (1, 2) if not more else (2,):
            found = pool3("neighbours", "--features", f.path, *words, "--index", index, ranks=ranks)
            check(found.out == plain.out, f"--index: the same bytes with {more}, {ranks} ranks")
    made = index.stat().st_mtime_ns
    pool3("neighbours", "--features", f.path, "7", "--index", index)
    check(index.stat().st_mtime_ns == made, "an index is made once")
    told = json.loads(pool3("inspect", "--json", index, ranks=0).out)
    check(told["kind"] == "index" and told["rows"] == len(f.status), "inspect knows it")
    pool3("verify", index, ranks=0)
    random = np.random.default_rng(9)
    np.save(folder / "others.npy", random.random((400, 30), dtype="f4"))
    pool3("import", "--features", folder / "others.npy", "--out", folder / "others.h5", ranks=0)
    words = ["neighbours", "--features", folder / "others.h5", "11"]
    found = pool3(*words, "--index", index)
    check("made anew" in found.err and found.out == pool3(*words).out, "an index of other features is made anew")
    index.write_bytes(b"my thesis")
    refused = pool3(*words, "--index", index, code=1)
    check(len(refused.errors()) == 1 and index.read_bytes() == b"my thesis", "another file is refused, and stays")
    pool3("neighbours", "--features", f.path, "--all", "--index", index, code=2)


def check_usage(check, pool3, f):
    result = pool3("neighbours", "--features", f.path, "100000", code=2)
    check("there is no row 100000" in result.err, "a row beyond the end is refused")
    pool3("neighbours", "--features", f.path, code=2)
    pool3("neighbours", "--features", f.path, "--all", "3", code=2)
    pool3("neighbours", "--features", f.path, "3", "--metric", "svm", code=2)


def main():
    check, pool3, folder = support.start_test(__doc__)
    f = support.Features(pool3.shared_features)
    f.path = pool3.shared_features
    check_rows(check, pool3, f)
    check_filters(check, pool3, f)
    check_margins(check, pool3, f, folder)
    check_pictures(check, pool3, f, folder)
    check_copies(check, pool3, folder)
    check_index(check, pool3, f, folder)
    check_usage(check, pool3, f)
    check.finish()


if __name__ == "__main__":
    main()
