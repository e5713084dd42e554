"""What one night leaves to the next: --update-from, --retry-failed, --part and link, diff, publish, repack, float16,
alignment, stripes."""

import concurrent.futures
import json
import pathlib
import shutil
import sys

import h5py
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import older_file  # noqa: E402
import support  # noqa: E402

FOLDERS = ["animals", "food", "tools"]
COUNT = 10
DONE = 1


def tables(path):
    with h5py.File(path, "r") as f:
        return {name: f[name][:] for name in ("features", "labels", "classes", "paths", "keys", "status", "failures")}


def same(a, b):
    return all(np.array_equal(a[name], b[name]) for name in a)


def make_corpus(root):
    copied = support.build_corpus(root, FOLDERS, COUNT)
    whole = (root / copied["tools"][0]).read_bytes()
    broken = root / "tools" / "broken.png"
    broken.write_bytes(whole[:200])
    (root / "food" / "empty.png").write_bytes(b"")
    return copied, broken, whole


def check_update(check, pool3, folder, corpus, copied):
    """Some rows go, some come, one changes, one gets another name."""
    old, fresh, updated = folder / "old.h5", folder / "fresh.h5", folder / "updated.h5"
    pool3.extract(corpus, old, "--batch", 4, ranks=2, code=3)
    animals = [corpus / path for path in copied["animals"]]
    animals[0].unlink()
    animals[1].rename(animals[1].with_name("another_name.png"))
    shutil.copyfile(animals[2], animals[3])  # now a copy of its neighbour
    for source in support.choose_pictures("buildings", 3):
        (corpus / "buildings").mkdir(exist_ok=True)
        shutil.copyfile(source, corpus / "buildings" / source.name)
    pool3.extract(corpus, fresh, "--batch", 4, ranks=1, code=3)
    result = pool3.extract(corpus, updated, "--batch", 4, "--update-from", old, ranks=2, code=3)
    check(updated.read_bytes() == fresh.read_bytes(), "an updated file is that of a fresh extraction, byte for byte")
    # Three new buildings and two failed rows are tried; the renamed and the copied picture are known by their content.
    check("29 rows copied, 5 tried" in result.err, "only new and failed pictures are tried")
    check("4 added, 1 changed, 2 removed" in result.err, "the counts are printed")
    return old, fresh


def check_retry(check, pool3, folder, corpus, fresh, broken, whole):
    retried = folder / "retried.h5"
    shutil.copyfile(fresh, retried)
    broken.write_bytes(whole)
    result = pool3.extract(corpus, retried, "--batch", 4, "--retry-failed", ranks=2, code=3)
    check("32 rows copied, 2 tried" in result.err, "--retry-failed tries the failed rows")
    anew = folder / "anew.h5"
    pool3.extract(corpus, anew, "--batch", 4, code=3)
    check(retried.read_bytes() == anew.read_bytes(), "the outcome is that of a fresh extraction, byte for byte")
    (corpus / "food" / "one_more.png").write_bytes(whole)
    result = pool3.extract(corpus, retried, "--batch", 4, "--retry-failed", code=1)
    check("--update-from" in result.err, "another catalogue is refused, with advice")
    (corpus / "food" / "one_more.png").unlink()
    return anew


def check_parts(check, pool3, folder, corpus, whole):
    parts = [folder / f"part-{i}.h5" for i in (1, 2, 3)]
    codes = []
    for i, part in enumerate(parts, 1):
        codes.append(pool3.start(["extract", "--corpus", corpus, "--weights", pool3.weights, "--out", part, "--batch", "4",
                                  "--part", f"{i}/3"], ranks=1 + i % 2).code)
    check(set(codes) <= {0, 3}, f"parts are made, exit codes {codes}")
    linked = folder / "linked.h5"
    pool3("link", linked, parts[2], parts[0], parts[1])
    a, b = tables(whole), tables(linked)
    check(same(a, b), "h5py sees one file with the rows of the whole")
    result = pool3("verify", linked, ranks=2)
    check(f"{len(a['labels'])} rows" in result.out, "verify takes it like one file")
    few = pool3.start(["verify", linked], ranks=0, prefix=["prlimit", "--nofile=16:4096"])
    check(few.code == 0, "a low limit of open files is raised for the parts")
    for name, features in (("whole", whole), ("linked", linked)):
        pool3("train", "--features", features, "--out", folder / f"{name}-model.h5", "--max-epochs", 50,
              "--probability-folds", 0)
    models = [support.Model(folder / f"{name}-model.h5").coef for name in ("whole", "linked")]
    check(np.array_equal(*models), "training on it gives the same model")
    tables_of_search = []
    for name, features in (("whole", whole), ("linked", linked)):
        table = folder / f"{name}-search.json"
        pool3("search", "--features", features, "--out", table, "--C", 0.1, 1, "--folds", 3, "--best", folder / "best.h5", ranks=2)
        found = json.loads(table.read_text())["points"]
        tables_of_search.append([{k: v for k, v in point.items() if k != "seconds"} for point in found])
    check(tables_of_search[0] == tables_of_search[1], "a search on it gives the same table")
    reports = [pool3("evaluate", "--features", features, "--model", folder / "linked-model.h5", "--out", folder / "e.json").out
               for features in (whole, linked)]
    check(reports[0] == reports[1], "and evaluate the same report")
    picture = corpus / next(p.decode() for p, s in zip(a["paths"], a["status"]) if s == DONE)
    seen = [pool3("predict", "--model", folder / f"{n}-model.h5", "--weights", pool3.weights, picture).out
            for n in ("whole", "linked")]
    check(seen[0] == seen[1], "and predict, with its model, the same prediction")
    result = pool3("diff", whole, linked, ranks=2)
    check(all(f"{word:14}{0:10}" in result.out for word in ("added", "removed", "changed")), "diff finds no difference")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        links = list(pool.map(lambda _: pool3.start(["link", linked, *parts], ranks=0), range(8)))
    check([link.code for link in links] == [0] * 8, "eight jobs that link at the same time all succeed")
    check(same(a, tables(linked)), "and leave the same rows")
    check("is one of 3 parts, but 2 are given" in pool3("link", folder / "x.h5", *parts[:2], code=1).err, "a missing part")
    check("is part 1, where part 2" in pool3("link", folder / "x.h5", parts[0], parts[0], parts[2], code=1).err, "one twice")
    shutil.copyfile(parts[0], parts[1])
    check("is not the file that was linked" in pool3("verify", linked, code=1).err, "a part that was replaced is noticed")


def expected_diff(a, b):
    """Counts and cosines, by numpy."""
    rows_a = {p: i for i, p in enumerate(a["paths"])}
    rows_b = {p: i for i, p in enumerate(b["paths"])}
    both = [(rows_a[p], rows_b[p]) for p in rows_a if p in rows_b]
    kept = [(i, j) for i, j in both if a["keys"][i] == b["keys"][j] and a["status"][i] == b["status"][j] == DONE]
    x, y = (t["features"][[pair[k] for pair in kept]].astype(float) for k, t in enumerate((a, b)))
    cosines = (x * y).sum(1) / np.sqrt((x * x).sum(1) * (y * y).sum(1))
    changed = sum(a["keys"][i] != b["keys"][j] for i, j in both)
    return len(rows_b) - len(both), len(rows_a) - len(both), changed, cosines


def check_diff(check, pool3, folder, corpus, old, anew):
    half = folder / "half.h5"
    pool3.extract(corpus, half, "--batch", 4, "--dtype", "float16", code=3)
    a, b = tables(anew), tables(half)
    check(b["features"].dtype == np.float16, "--dtype float16 stores half floats")
    check(np.array_equal(a["features"].astype(np.float16), b["features"]), "which are the float32 ones, rounded")
    added, removed, changed, cosines = expected_diff(tables(old), b)
    for ranks in (1, 3):
        result = pool3("diff", old, half, ranks=ranks)
        lines = dict(line.rsplit(None, 1) for line in result.out.splitlines() if line[:1].isalpha() and "cosine" not in line)
        found = [int(lines[name]) for name in ("added", "removed", "changed", "compared")]
        check(found == [added, removed, changed, len(cosines)], f"diff on {ranks} ranks counts {found}")
        check(f"mean {cosines.mean():.6f}, least {cosines.min():.6f}" in result.out, "and finds numpy's cosines")
    pool3("diff", old, half, "--min-cosine", "0.9", code=0)
    check(pool3("diff", old, half, "--min-cosine", "0.99999999999", code=1).code == 1, "--min-cosine is a gate")


def check_alignment(check, pool3, folder, corpus, anew):
    """Where the rows start is a matter of the disk alone. By default it is a page."""
    def start(path):
        with h5py.File(path) as f:
            return f["features"].id.get_offset()

    check(start(anew) % 4096 == 0, f"rows start at a page: byte {start(anew)}")
    wide = folder / "wide.h5"
    pool3.extract(corpus, wide, "--batch", 4, "--alignment", 65536, "--update-from", anew, code=3)
    check(start(wide) % 65536 == 0, f"--alignment 65536: they start at byte {start(wide)}")
    check(same(tables(anew), tables(wide)), "with the same content")
    pool3("verify", wide)


def check_stripes(check, pool3, folder, corpus, anew):
    """MPI-IO gets the hints when it makes the file, and the file that it made is the one that is filled."""
    place = folder / "striped"
    place.mkdir()
    out, log = place / "striped.h5", folder / "hints.txt"
    env = {"LD_PRELOAD": pool3.library, "POOL3_TEST_HINTS": str(log)}
    pool3.extract(corpus, out, "--batch", 4, "--stripe-count", 8, "--stripe-size", 1048576, "--update-from", anew, code=3,
                  ranks=2, env=env)
    calls = [line.split("\t") for line in log.read_text().splitlines()]
    check(len(calls) == 1 and calls[0][0] == f"{out}.partial" and int(calls[0][1]) == out.stat().st_ino,
          "one rank makes the file through MPI-IO, and it stays the same file")
    check(set(calls[0][2].split()) == {"striping_factor=8", "striping_unit=1048576", "stripe_width=8", "stripe_size=1048576"},
          f"with the hints {calls[0][2]}")
    left = sorted(p.name for p in place.iterdir())
    check(left == ["striped.h5", "striped.h5.failures.tsv"], f"nothing else is left: {left}")
    check(same(tables(anew), tables(out)), "the stripes change no byte of the tables")
    for wrong in (("--stripe-count", -1), ("--stripe-size", 1000)):
        check(wrong[0] in pool3.extract(corpus, folder / "no.h5", *wrong, code=2).err, f"{wrong} is refused")


def check_publish(check, pool3, folder, old, anew):
    link = folder / "catalogue" / "current.h5"
    link.parent.mkdir()
    pool3("publish", old, "--as", link)
    pool3("publish", anew, "--as", link, ranks=2)
    check(link.is_symlink() and link.resolve() == anew.resolve(), "publish points the link to the file")
    damaged = folder / "damaged.h5"
    data = bytearray(anew.read_bytes())
    data[len(data) // 2] ^= 4
    damaged.write_bytes(data)
    pool3("publish", damaged, "--as", link, code=1)
    check(link.resolve() == anew.resolve(), "a damaged file is not published")
    plain = folder / "plain.h5"
    plain.write_text("mine")
    pool3("publish", anew, "--as", plain, code=1)
    check(plain.read_text() == "mine", "a file that is no link is left alone")


def check_older(check, pool3, folder, corpus, anew):
    """Files from before `missing` had a name: they are read, and their rows taken."""
    older, updated, part = folder / "older.h5", folder / "from-older.h5", folder / "linked-older.h5"
    older_file.make_older(anew, older)
    with h5py.File(older) as f:
        check(len(h5py.check_enum_dtype(f["status"].dtype)) == 8, "an older file has 8 names of status")
    check(same(tables(anew), tables(older)) and "sound" in pool3("verify", older).out, "an older file is sound")
    pool3("inspect", older)
    result = pool3.extract(corpus, updated, "--batch", 4, "--update-from", older, ranks=2, code=3)
    check(updated.read_bytes() == anew.read_bytes(), "its rows are taken, byte for byte")
    check("33 rows copied, 1 tried" in result.err, "all of them but what failed")
    pool3("link", part, older)
    check(same(tables(anew), tables(part)), "it can be linked")
    damaged = bytearray(older.read_bytes())
    damaged[older.stat().st_size // 2] ^= 1
    older.write_bytes(damaged)
    pool3("verify", older, code=1)


def check_repack(check, pool3, folder, anew):
    packed = folder / "packed.h5"
    pool3("repack", anew, packed, "--chunk-rows", 8)
    a = tables(anew)
    with h5py.File(packed, "r") as f:
        check(f["features"].chunks == (8, 2048) and f["features"].compression == "gzip", "repack makes compressed chunks")
        check(all(np.array_equal(a[n], f[n][:]) for n in a if n != "failures"), "with the same content")
    check("is a pool3 repacked file" in pool3("verify", packed, code=1).err, "pool3 says what it is")


def main():
    check, pool3, folder = support.start_test(__doc__)
    corpus = folder / "corpus"
    copied, broken, whole = make_corpus(corpus)
    old, fresh = check_update(check, pool3, folder, corpus, copied)
    anew = check_retry(check, pool3, folder, corpus, fresh, broken, whole)
    check_parts(check, pool3, folder, corpus, anew)
    check_diff(check, pool3, folder, corpus, old, anew)
    check_alignment(check, pool3, folder, corpus, anew)
    check_stripes(check, pool3, folder, corpus, anew)
    check_publish(check, pool3, folder, old, anew)
    check_older(check, pool3, folder, corpus, anew)
    check_repack(check, pool3, folder, anew)
    check.finish()


if __name__ == "__main__":
    main()
