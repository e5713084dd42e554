"""From real pictures, some of them bad, to feature files: any number of ranks and threads gives the same bytes."""

import hashlib
import json
import pathlib
import shutil
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402
from reference import Reference  # noqa: E402

FOLDERS = ["animals", "food", "plants", "tools", "transportation"]
COUNT = 22


class Corpus:
    """The pictures, and what must become of each."""

    def __init__(self, root):
        self.root = root
        by_folder = support.build_corpus(root, FOLDERS, COUNT)
        self.good = [path for paths in by_folder.values() for path in paths]
        picture, other = by_folder["animals"][0], by_folder["food"][0]
        self.bad = support.add_bad_pictures(root, "tools", other)
        self.copies = {"food/a copy, renamed.png": picture, "plants/link.png": other, "tools/h\u00e4schen.jpg": picture}
        for path, source in self.copies.items():
            if path.endswith("link.png"):
                (root / path).symlink_to(root / source)
            else:
                shutil.copyfile(root / source, root / path)
        (root / "tools" / "notes.txt").write_text("not a picture by its name, so no row\n")
        self.paths = sorted([*self.good, *self.bad, *self.copies], key=str.encode)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def extract_all(pool3, corpus, folder):
    """Features of both precisions, each by several layouts of ranks and threads. {precision: path}."""
    layouts = {"fp32": [(0, 1), (1, 2), (2, 1), (4, 1)], "bf16": [(1, 2), (2, 1), (4, 1)]}
    kept = {}
    for precision, cases in layouts.items():
        for ranks, threads in cases:
            out = folder / f"{precision}-{ranks}-{threads}.h5"
            flags = ["--precision", precision, "--threads", threads]
            if ranks == 0:  # without mpirun, so that stderr holds pool3's lines alone
                flags += ["--log-format", "json"]
            result = pool3.extract(corpus.root, out, *flags, ranks=ranks, code=3)
            if ranks == 0:
                check_json_log(pool3.check, result, len(corpus.paths))
            first = kept.setdefault(precision, out)
            pool3.check(not out.with_name(out.name + ".partial").exists(), f"{out.name}: no .partial is left")
            if first != out:
                same = digest(first) == digest(out)
                pool3.check(same, f"{out.name}: the same bytes as {first.name} ({result.seconds:.1f} s)")
    return kept


def check_json_log(check, result, rows):
    lines = result.err.splitlines()
    try:
        entries = [json.loads(line) for line in lines]
    except ValueError:
        check(False, f"every line of the log is JSON\n{result}")
        return
    check(all({"time", "stage", "message"} <= e.keys() for e in entries), "log lines have time, stage and message")
    progress = [e for e in entries if "rate" in e]
    check(progress and progress[-1]["done"] == progress[-1]["total"] == rows, "the last progress line says all rows")
    check(progress and progress[-1]["rate"] > 0, "and a rate")
    # A line comes every 5 s. Before the first picture is done there is no rate, so no time left.
    between = [e for e in progress[:-1] if e["done"] > 0]
    check(all(e["eta_seconds"] >= 0 for e in between), f"{len(between)} lines on the way say the time left")
    check(not between or 0 < between[0]["done"] < rows, "and how far it is")
    check(sum("network_seconds" in e for e in entries) == 1, "one line says where the rank's time went")


def check_content(check, corpus, features):
    """Everything but the numbers of the features, against what Python makes of the corpus."""
    f = features
    check(f.paths == corpus.paths, "paths are the catalogue in byte order")
    check(f.classes == FOLDERS, "classes are the top folders")
    check([f.classes[k] for k in f.labels] == [p.split("/")[0] for p in corpus.paths], "labels are the top folders")
    expected = [corpus.bad.get(p, (None, "done"))[1] for p in corpus.paths]
    names = ["pending", "done", "unreadable", "empty", "unknown_format", "corrupt", "too_large", "network_failed", "missing"]
    check([names[s] for s in f.status] == expected, "every row has its status")
    table = {x["path"].decode(): (x["stage"].decode(), x["code"].decode()) for x in f.failures}
    check(table == corpus.bad, f"failures table: {table}")
    check([f.paths[r] for r in f.failures["row"]] == [x.decode() for x in f.failures["path"]], "its rows fit its paths")
    check(all(len(m) > 5 for m in f.failures["message"]), f"messages: {[m.decode() for m in f.failures['message']]}")
    check(f.attributes["corpus"] == f.attributes["root"] == str(corpus.root), "the corpus is noted")

    image_key = support.load_image_key()
    def expected_key(path):
        return "0" * 32 if path.endswith(("dangling.png", "film.png")) else image_key((corpus.root / path).read_bytes())

    wrong = [p for p, key in zip(f.paths, f.keys) if key != expected_key(p)]
    check(not wrong, f"keys are XXH3-128 of the files' bytes {wrong}")
    check(image_key(b"") == "99aa06d3014798d86001c324468d497f", "by the published hash of no bytes")
    row = {path: i for i, path in enumerate(f.paths)}
    check(all(f.keys[row[a]] == f.keys[row[b]] for a, b in corpus.copies.items()), "copies share the key")
    good = [f.keys[row[p]] for p in corpus.good]
    check(len(set(good)) == len(good), "different pictures have different keys")
    return row


def cosines(a, b):
    a, b = a.astype(np.float64), b.astype(np.float64)
    return (a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))


def check_numbers(check, corpus, fp32, bf16, row):
    done = fp32.status == support.DONE
    check(fp32.features.dtype == np.float32 and fp32.features.shape == (len(corpus.paths), 2048), "float32 [n, 2048]")
    for name, f in (("fp32", fp32), ("bf16", bf16)):
        check(f.attributes["precision"] == name, f"{name}: the precision is noted")
        check(np.isfinite(f.features).all(), f"{name}: features are finite")
        check(not f.features[~done].any(), f"{name}: zeros where it failed")
        check((f.features[done] >= 0).all(), f"{name}: not negative, as means of ReLUs are")
    # Bfloat16 keeps 8 bits. PyTorch's own bfloat16 network is as far from float32, on the same pictures: see below.
    cosine = cosines(fp32.features[done], bf16.features[done])
    check(np.quantile(cosine, 0.02) >= 0.999 and cosine.min() >= 0.998,
          f"bf16 is close to fp32: least cosine {cosine.min():.6f}, 2% quantile {np.quantile(cosine, 0.02):.6f}")
    check(not np.array_equal(fp32.features, bf16.features), "and is not the same numbers")
    good = fp32.features[[row[p] for p in corpus.good]]
    good = good.astype(np.float64) / np.linalg.norm(good, axis=1, keepdims=True)
    nearest = np.median((good @ good.T - 2 * np.eye(len(good))).max(1))
    check(nearest < 0.99, f"different pictures differ: median cosine to the nearest {nearest:.4f}")
    for copy, source in corpus.copies.items():
        cosine = cosines(fp32.features[[row[copy]]], fp32.features[[row[source]]])[0]
        check(cosine > 0.999999, f"{copy} has the features of {source}")


def check_reference(check, corpus, fp32, bf16, row, weights):
    """Features are those of Pillow and PyTorch: of some pictures, and of those where bf16 is farthest from fp32."""
    reference = Reference(weights)
    rows = [row[p] for p in corpus.good]
    distance = 1 - cosines(fp32.features[rows], bf16.features[rows])
    worst = [rows[i] for i in np.argsort(-distance)[:2]]
    for r in [*worst, *rows[:: COUNT // 2]]:
        expected = reference(corpus.root / fp32.paths[r])
        cosine = cosines(expected[None], fp32.features[[r]])[0]
        scale = np.linalg.norm(fp32.features[r]) / np.linalg.norm(expected)
        what = f"{fp32.paths[r]}: cosine to PyTorch's features {cosine:.8f}, length {scale:.6f} of theirs"
        check(cosine >= 0.99999 and abs(scale - 1) < 1e-3, what)
    # One picture says little, and the worst of one program is not the worst of the other: sums over all of these.
    ours = theirs = 0.0
    for r in [*worst, *rows[:: COUNT // 2]]:
        ours += 1 - cosines(fp32.features[[r]], bf16.features[[r]])[0]
        theirs += 1 - cosines(fp32.features[[r]], reference(corpus.root / fp32.paths[r], bf16=True)[None])[0]
    check(ours < 1.5 * theirs, f"bf16 is off by {ours:.6f} in all, PyTorch's own bf16 by {theirs:.6f}")


def check_verify(pool3, path, folder, rows, failed):
    result = pool3("verify", path, ranks=2)
    wanted = f"sound: {rows} rows ({rows - failed} done, {failed} failed)"
    pool3.check(wanted in result.out, f"verify says {wanted}")
    whole = path.read_bytes()
    with support.h5py.File(path) as f:
        start, size = f["features"].id.get_offset(), f["features"].nbytes
    places = {"in a feature": start + size // 3, "in the last byte": len(whole) - 1, "in the seal": 40,
              "in HDF5's own bytes": 600, "before the features": start - 1}
    broken = folder / "broken.h5"
    for what, at in places.items():
        broken.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        result = pool3.start(["verify", broken], ranks=0)
        told = "broken.h5" in result.out + result.err and ("DAMAGED" in result.out or len(result.errors()) == 1)
        pool3.check(result.code == 1 and told, f"verify finds a flipped bit {what}")
        if not (result.code == 1 and told):
            print(result)
    broken.write_bytes(whole[:-100])
    pool3.check(pool3.start(["verify", broken], ranks=2).code == 1, "verify finds a short file")


def check_again(pool3, corpus, path):
    """The same command finds its file."""
    before = (digest(path), path.stat().st_mtime_ns, path.stat().st_ino)
    result = pool3.extract(corpus.root, path, "--precision", "fp32", ranks=2, code=3)
    pool3.check("nothing to do" in result.err, "the same command says that there is nothing to do")
    pool3.check("images/s" not in result.err, f"and computes nothing, after {result.seconds:.1f} s")
    pool3.check(before == (digest(path), path.stat().st_mtime_ns, path.stat().st_ino), "and leaves the file alone")


def check_dry_run(pool3, corpus, folder):
    out = folder / "dry.h5"
    result = pool3.extract(corpus.root, out, "--dry-run", ranks=2)
    pool3.check(f"images        {len(corpus.paths)} " in result.out, "--dry-run counts the pictures")
    pool3.check(not out.exists() and not list(folder.glob("dry*")), "and writes nothing")


def main():
    check, pool3, folder = support.start_test(__doc__)
    corpus = Corpus(folder / "corpus")
    check_dry_run(pool3, corpus, folder)
    files = extract_all(pool3, corpus, folder)
    fp32, bf16 = support.Features(files["fp32"]), support.Features(files["bf16"])
    row = check_content(check, corpus, fp32)
    check(bf16.keys == fp32.keys and list(bf16.status) == list(fp32.status), "bf16: the same keys and status")
    check_numbers(check, corpus, fp32, bf16, row)
    check_reference(check, corpus, fp32, bf16, row, pool3.weights)
    check_verify(pool3, files["fp32"], folder, len(corpus.paths), len(corpus.bad))
    check_again(pool3, corpus, files["fp32"])
    check.finish()


if __name__ == "__main__":
    main()
