"""Catalogues as they come: tar shards of Python's tarfile, tables of its csv, mixes, copies, a disk that fails."""

import collections
import csv
import io
import json
import pathlib
import shutil
import subprocess
import sys
import tarfile

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402

FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}
FLAGS = ["--batch", 4, "--threads", 1, "--precision", "fp32"]


def add(tar, name, data):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def write_shards(folder, pictures):
    """One shard of each format. {path in the catalogue: (bytes, label)}."""
    expected = {}
    for number, (name, kind) in enumerate(FORMATS.items()):
        shard = f"shard-{number:03d}.tar"
        with tarfile.open(folder / shard, "w", format=kind) as tar:
            for i, picture in enumerate(pictures[number * 3 : number * 3 + 3]):
                data = picture.read_bytes()
                stem = ["plain", "häs/" + "long" * 20 + "/x", "w.x/y"][i] + str(i)
                label = f"class {i}"
                add(tar, f"{stem}.{name}.png", data)
                files = [(".cls", label), (".json", json.dumps({"label": label, "size": 3})), (".txt", label + "\n")]
                add(tar, stem + files[i][0], files[i][1].encode())
                if i == 0:
                    add(tar, stem + ".txt", b"a caption that does not count")
                expected[f"{shard}/{stem}.{name}.png"] = (data, label)
    return expected


def compress(folder):
    """Shard 1 as gzip, shard 2 as zstd; what they are called then."""
    with tarfile.open(folder / "shard-001.tar") as old, tarfile.open(folder / "packed-1.tar.gz", "w:gz") as new:
        for member in old:
            new.addfile(member, old.extractfile(member))
    subprocess.run(["zstd", "-q", folder / "shard-002.tar", "-o", folder / "packed-2.tar.zst"], check=True)
    return {"shard-001.tar": "packed-1.tar.gz", "shard-002.tar": "packed-2.tar.zst"}


def check_rows(check, what, f, expected):
    """Paths, labels and keys, and that equal bytes have equal features."""
    image_key = support.load_image_key()
    check(f.paths == sorted(expected, key=str.encode), f"{what}: the members in byte order")
    check([f.classes[k] if k >= 0 else "" for k in f.labels] == [expected[p][1] for p in f.paths], f"{what}: labels")
    check(f.keys == [image_key(expected[p][0]) for p in f.paths], f"{what}: keys are of the members' bytes")
    check((f.status == support.DONE).all(), f"{what}: all done")


def check_shards(check, pool3, folder, pictures):
    expected = write_shards(folder, pictures)
    packed = compress(folder)
    plain = folder / "plain.h5"
    corpus = folder / "shard-{000..002}.tar"
    pool3.extract(corpus, plain, "--labels", "column", *FLAGS, ranks=2)
    check_rows(check, "tar", support.Features(plain), expected)
    check(len(list(folder.glob("*.pool3-index"))) == 3, "an index is kept beside each shard")
    renamed = {packed.get(p.split("/")[0], "shard-000.tar") + p[p.index("/") :]: e for p, e in expected.items()}
    out = folder / "packed.h5"
    names = [folder / "shard-000.tar", *(folder / name for name in packed.values())]
    pool3("extract", "--corpus", *names, "--weights", pool3.weights, "--out", out, "--labels", "column", *FLAGS, ranks=2,
          env={"TMPDIR": str(folder)})
    f = support.Features(out)
    check_rows(check, "gz and zst", f, renamed)
    features = {key: row.tobytes() for key, row in zip(f.keys, f.features)}
    same = support.Features(plain)
    check(all(features[k] == row.tobytes() for k, row in zip(same.keys, same.features)), "with the same features")
    check(not list(folder.glob("pool3-shard-*")), "no unpacked shard is left")
    member = f"{folder}/shard-001.tar/plain0.gnu.png"
    pool3("inspect-image", member, "--weights", pool3.weights, "--out", folder / "look")
    check((folder / "look/index.html").exists(), "inspect-image reads a member")


def check_mix(check, pool3, folder, pictures):
    """A folder, a table, a list and a shard, on 1, 2 and 4 ranks."""
    root = folder / "mix"
    for name in ("pics/a", "pics/b", "other"):
        (root / name).mkdir(parents=True)
    for i, picture in enumerate(pictures[:6]):
        shutil.copyfile(picture, root / ["pics/a", "pics/b", "other"][i % 3] / f"{i}.png")
    shutil.copyfile(pictures[0], root / "other/copy, of 0.png")
    with open(root / "t.tsv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter="\t").writerows([["path", "label"], ["other/copy, of 0.png", "x"], ["pics/a/0.png", "y"]])
    (root / "list.txt").write_text("other/2.png\nother/5.png\nmissing.png\n")
    shutil.copyfile(folder / "shard-000.tar", root / "s.tar")
    config = folder / "mix.ini"
    config.write_text("".join(f"corpus = {root / name}\n" for name in ("list.txt", "pics", "t.tsv", "s.tar")))
    digests, copies = {}, {}
    for ranks in (1, 2, 4):
        out = folder / f"mix-{ranks}.h5"
        result = pool3("extract", "--config", config, "--labels", "none", "--weights", pool3.weights, "--out", out, *FLAGS,
                       ranks=ranks, code=3)
        digests[ranks] = out.read_bytes()
        copies[ranks] = [line for line in result.err.splitlines() if "are copies" in line]
    check(len(set(digests.values())) == 1, "a mix gives the same bytes on 1, 2 and 4 ranks")
    f = support.Features(out)
    with tarfile.open(root / "s.tar") as tar:
        members = ["s.tar/" + m.name for m in tar if m.name.endswith(".png")]
    files = ["pics/a/0.png", "pics/a/3.png", "pics/b/1.png", "pics/b/4.png", "other/2.png", "other/5.png", "missing.png",
             "other/copy, of 0.png"]
    check(f.paths == sorted([*files, *members], key=str.encode), "its rows are those of all parts, each once")
    check_copies(check, f, copies)
    row = {path: i for i, path in enumerate(f.paths)}
    a, b = row["pics/a/0.png"], row["other/copy, of 0.png"]
    check(f.features[a].tobytes() == f.features[b].tobytes() and f.keys[a] == f.keys[b], "a copy has the same features")


def check_copies(check, f, lines):
    """Copies are counted over the whole file, whatever the number of ranks."""
    rows = collections.defaultdict(list)
    for row in np.flatnonzero(f.status == support.DONE):
        rows[f.keys[row]].append(row)
    groups = [group for group in rows.values() if len(group) > 1]
    most = max(groups, key=lambda group: (len(group), -group[0]))
    text = (f"{sum(map(len, groups)) - len(groups)} images are copies: {len(groups)} pictures occur more than once, "
            f"{len(most)} times {f.paths[most[0]]}")
    for ranks, found in lines.items():
        check(len(found) == 1 and found[0].endswith(text), f"{ranks} ranks count copies: {found}; {text}")


def check_many(check, pool3, folder, pictures):
    """More names of shards or lists than an attribute of HDF5 holds: 64 KiB."""
    root, out = folder / ("long" * 50), folder / "many.h5"
    root.mkdir()
    lists = [root / f"{i}.txt" for i in range(500)]
    for i, path in enumerate(lists):
        path.write_text(f"{pictures[i % 3]}\n")
    command = ["extract", "--corpus", *lists, "--labels", "none", "--weights", pool3.weights, "--out", out, *FLAGS]
    pool3(*command)
    f = support.Features(out)
    config = json.loads(f.attributes["config"])["corpus"]
    check(len(f.paths) == 3 and f.attributes["corpus"].endswith(" ... (500 in all)"), "500 lists with long names are one corpus")
    check(config[-1] == "... (500 in all)" and config[:-1] == [str(p) for p in lists[:len(config) - 1]] and len(config) > 50,
          f"the file names the first {len(config) - 1} of them, and their number")
    result = pool3(*command)
    check("already done" in result.err, "and the same command knows its file")


def check_split(check, pool3, folder, pictures):
    """Ten copies of one picture, in both classes, are all held out or not at all."""
    root, out, model, report = (folder / name for name in ("twins", "twins.h5", "twins-model.h5", "twins.json"))
    for name in ("a", "b"):
        (root / name).mkdir(parents=True)
        for i in range(5):
            shutil.copyfile(pictures[0], root / name / f"copy {i}.png")
    for i, picture in enumerate(pictures[1:]):
        shutil.copyfile(picture, root / "ab"[i % 2] / f"{i}.png")
    pool3.extract(root, out, *FLAGS, ranks=2)
    f = support.Features(out)
    ways = set()
    for seed in range(1, 40):
        options = ("--features", out, "--test-fraction", 0.5, "--seed", seed)
        sides = [set(f.rows(side, seed, 0.5)) for side in ("training", "test")]
        if len({f.labels[row] for row in sides[0]}) < 2 or (len(sides[1]) >= 10) in ways:
            continue  # one class alone can't be trained
        pool3("train", *options, "--out", model)
        pool3("evaluate", "--features", out, "--model", model, "--out", report)
        held_out = json.loads(report.read_text())["rows"]
        ways.add(held_out >= 10)
        check(held_out == len(sides[1]) and not 8 < held_out < 10, f"seed {seed}: {held_out} of 18 are held out")
    check(ways == {True, False}, "copies are held out with some seeds, and not with others")


def check_classes(check, pool3, folder, pictures):
    root = folder / "classes"
    for name, count in (("a", 3), ("b", 1), ("c", 2)):
        (root / name).mkdir(parents=True)
        for i in range(count):
            shutil.copyfile(pictures[i], root / name / f"{i}.png")
    names = folder / "classes.txt"
    names.write_text("c\nnever seen\na\n")

    def plan(*flags, weights=folder / "none"):
        out = pool3("extract", "--corpus", root, "--out", folder / "never.h5", "--weights", weights, *FLAGS, *flags,
                    "--dry-run").out.splitlines()
        counts = [line.split(None, 1) for line in out if line.split()[0].isdigit()]
        return [(int(n), name) for n, name in counts], out

    counts, lines = plan(weights=pool3.weights)
    check(counts == [(3, "a"), (1, "b"), (2, "c")], f"--dry-run counts classes: {counts}")
    text = "\n".join(lines)
    check(all(word in text for word in ("images        6 ", "feature file", "blocks", "images/s", "memory")), text)
    check(plan("--classes", names)[0] == [(2, "c"), (0, "never seen"), (3, "a")], "--classes fixes set and order")
    check(plan("--min-per-class", 2)[0] == [(3, "a"), (2, "c")], "--min-per-class")
    check(plan("--limit-per-class", 2)[0] == [(2, "a"), (1, "b"), (2, "c")], "--limit-per-class")
    lines = pool3("extract", "--corpus", folder / "shard-{000..002}.tar", "--weights", folder / "none", "--out", "x.h5",
                  "--dry-run").out
    check("shard-002.tar: 3 images" in lines and "not measured" in lines, "the plan lists shards, and works without weights")


def check_bad_disk(check, pool3, folder, pictures, library):
    """Every kind of unreadable picture is a row with a reason, and a line of a table."""
    root = folder / "bad"
    root.mkdir()
    good = [shutil.copyfile(p, root / f"{i}.png").name for i, p in enumerate(pictures[:2])]
    for name in ("a eio.png", "b vanish.png", "c\twith \"tab\".png"):
        shutil.copyfile(pictures[2], root / name)
    (root / "c\twith \"tab\".png").write_bytes(pictures[2].read_bytes()[:150])
    shutil.copyfile(pictures[3], root / "really png.jpg")
    shutil.copyfile(root / good[0], root / "plain file")
    (root / "empty.png").write_bytes(b"")
    (root / "text.png").write_text("no picture\n" * 9)
    out = folder / "bad.h5"
    result = pool3.extract(root, out, *FLAGS, code=3, ranks=2, env={"LD_PRELOAD": str(library)})
    expected = {"a eio.png": ("read", "unreadable", "Input/output error"),
                "b vanish.png": ("read", "missing", "No such file or directory"),
                "c\twith \"tab\".png": ("decode", "corrupt", None),
                "empty.png": ("read", "empty", None), "text.png": ("decode", "unknown_format", None)}
    f = support.Features(out)
    bad = {p for p, s in zip(f.paths, f.status) if s != support.DONE}
    check(bad == set(expected), f"these failed: {sorted(bad)}")
    with open(f"{out}.failures.tsv", newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file, delimiter="\t"))
    for line in table:
        path = f.paths[int(line["row"])]
        stage, code, message = expected.get(path, ("", "", ""))
        fine = (line["stage"], line["code"]) == (stage, code) and message in (None, line["message"])
        check(fine and line["path"] == path.replace("\t", "\\t"), f"in the table: {dict(line)}")
    stored = [(int(x["row"]), *(x[n].decode() for n in ("path", "stage", "code", "message"))) for x in f.failures]
    check(stored == [(int(x["row"]), x["path"].replace("\\t", "\t"), x["stage"], x["code"], x["message"]) for x in table],
          "the table beside the file is that in the file")
    check("1 failed, unreadable: Input/output error, e.g. a eio.png" in result.err, "the end tells the kinds")
    (folder / "bad.h5").unlink()
    for limit, code in (("4", 1), ("50%", 1), ("5", 3), ("70%", 3)):
        result = pool3.start(["extract", "--corpus", root, "--weights", pool3.weights, "--out", out, *FLAGS,
                              "--max-failures", limit], ranks=2, env={"LD_PRELOAD": str(library)})
        told = code == 3 or (len(result.errors()) == 1 and "--max-failures allows" in result.errors()[0])
        check(result.code == code and told, f"--max-failures {limit}: exit code {result.code}")
        for path in folder.glob("bad.h5*"):
            path.unlink()


def main():
    check, pool3, folder = support.start_test(__doc__)
    pictures = support.choose_pictures("shapes", 9, most_pixels=400_000)
    check_shards(check, pool3, folder, pictures)
    check_mix(check, pool3, folder, pictures)
    check_many(check, pool3, folder, pictures)
    check_split(check, pool3, folder, pictures)
    check_classes(check, pool3, folder, pictures)
    check_bad_disk(check, pool3, folder, pictures, pool3.library)
    check.finish()


if __name__ == "__main__":
    main()
