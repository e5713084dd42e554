"""A pipe, a socket, a device, a folder or a link that leads to itself, in the place of any file that a command reads or of any
that `run` makes or looks for, keeps nobody waiting: one line names it, or it is replaced."""

import os
import pathlib
import shutil
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402

MADE_BY_RUN = ("features.h5", "features.h5.partial", "features.h5.partial.undo", "features.h5.lock", "features.h5.failures.tsv",
               "search.json", "search.json.points", "search.json.state-1-0", "model.h5", "model.h5.certificate.json",
               "baselines.json", "baselines.json.partial", "baselines.json.cnn", "evaluation.json", "report.html")  # fmt: skip


def make_pipe(place):
    os.mkfifo(place)


def make_socket(place):
    before = os.getcwd()
    os.chdir(place.parent)  # its path must be short
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(place.name)
    os.chdir(before)


KINDS = {"a pipe": make_pipe, "a socket": make_socket, "a device": lambda place: place.symlink_to("/dev/zero"),
         "a link to itself": lambda place: place.symlink_to(place.name), "a folder": lambda place: place.mkdir()}  # fmt: skip


def remove(place):
    if place.is_dir() and not place.is_symlink():
        place.rmdir()
    else:
        place.unlink(missing_ok=True)


def readers(f, x):
    """Every way to name a file that is read. `x` is the odd one."""
    features, model, out = f / "f.h5", f / "m.h5", f / "out"
    train = ["train", features, "--out", out, "--probability-folds", 0]
    dry = ["extract", "--dry-run", "--out", out, "--weights", "none", "--corpus"]
    baseline = ["baseline", features, "--out", out, "--kind", "nearest"]
    report = ["report", "--features", features, "--no-pictures", "--out", out]
    return [
        ["verify", x], ["inspect", x], ["status", x], ["diff", x, features], ["diff", features, x], ["repack", x, out],
        ["link", out, x], ["publish", x, "--as", f / "link"], ["export", "--model", x, "--format", "npz", "--out", out],
        ["train", x, "--out", out], [*train, "--config", x], [*train, "--split-from", x], [*train, "--folds-from", x],
        [*train, "--groups-from", x], [*train, "--test-rows", x], [*train, "--row-weights", x],
        ["search", x, "--out", out], ["evaluate", "--features", x, "--model", model, "--out", out],
        ["evaluate", "--features", features, "--model", x, "--out", out],
        ["evaluate", "--features", features, "--model", model, "--out", out, "--baselines", x], ["baseline", x, "--out", out],
        [*baseline, "--model", x], ["map", x, "--out", out], ["audit", x, "--out", out], ["audit", features, "--model", x, "--out", out],
        ["neighbours", "--features", x, 0], ["neighbours", "--features", features, 0, "--model", x],
        ["predict", "--model", x, "--features", features], ["predict", "--model", model, "--features", x],
        ["report", "--features", x, "--out", out], [*report, "--model", x], [*report, "--evaluation", x], [*report, "--search", x],
        [*report, "--map", x], [*report, "--baselines", x], [*dry, x], [*dry, f / "list.txt", "--classes", x],
        [*dry, f / "list.txt", "--update-from", x], ["convert", x, "--out", out], ["import", "--features", x, "--out", out],
        ["import", "--features", f / "x.csv", "--labels", x, "--out", out], ["neighbours", "--features", features, 0, "--index", x],
        ["serve", "--features", x, "--model", model, "--listen", "127.0.0.1:0"],
        ["serve", "--features", features, "--model", x, "--listen", "127.0.0.1:0"],
    ]  # fmt: skip


def test_inputs(check, pool3, folder):
    odd = folder / "odd"
    for number, (kind, make) in enumerate(KINDS.items()):
        make(odd)
        for arguments in readers(folder, odd)[number :: 1 if kind == "a pipe" else len(KINDS)]:
            done = pool3.start(arguments, ranks=0, limit_seconds=support.LIMIT_SECONDS, cwd=folder)
            lines = done.errors()
            fine = done.code in (1, 2) and len(lines) == 1 and "odd" in lines[0]
            words = " ".join(str(a).replace(str(folder) + "/", "") for a in arguments)
            check(fine, f"{kind}: {words}: {done.code}, {lines}")
        remove(odd)
        shutil.rmtree(folder / "out", ignore_errors=True)


def test_run(check, pool3, folder):
    out = folder / "job"
    run = ["run", "--corpus", folder / "corpus", "--weights", pool3.weights, "--out", out, "--C", 1, 2, "--folds", 2, "--batch", 1,
           "--test-fraction", 0.3, "--probability-folds", 0, "--baselines", "nearest", "--threads", 2]  # fmt: skip
    for name in MADE_BY_RUN:
        out.mkdir()
        make_pipe(out / name)
        done = pool3.start(run, ranks=0, limit_seconds=support.LIMIT_SECONDS)
        lines = done.errors()
        refused = done.code in (1, 2) and len(lines) == 1 and name in lines[0] and (out / name).is_fifo()
        check(refused or (done.code == 0 and not lines), f"run, a pipe in place of {name}: {done.code}, {lines}")
        shutil.rmtree(out)


def test_long_names(check, pool3, folder):
    """What is made beside an output is longer: that is told at the start."""
    for name, arguments in {"x" * 245: ["extract", "--corpus", folder / "corpus", "--weights", pool3.weights],
                            "y" * 245: ["train", folder / "f.h5"]}.items():  # fmt: skip
        done = pool3.start([*arguments, "--out", folder / name], ranks=0, limit_seconds=support.LIMIT_SECONDS)
        lines = done.errors()
        fine = done.code == 1 and len(lines) == 1 and "File name too long" in lines[0] and not list(folder.glob(name[:9] + "*"))
        check(fine, f"{arguments[0]}: an --out of {len(name)} bytes: {done.code}, {lines}")


def test_temporary_folder(check, pool3, folder):
    """A $TMPDIR in which nothing can be made is none of a rank's that is alone."""
    (folder / "text").write_text("no folder")
    for place in ("/proc", folder / "text"):
        for arguments in (["inspect", folder / "f.h5"], ["extract", "--corpus", folder / "corpus", "--weights", pool3.weights,
                          "--stripe-count", 2, "--overwrite", "--out", folder / "t.h5"]):  # fmt: skip
            done = pool3.start(arguments, ranks=0, limit_seconds=support.LIMIT_SECONDS, env={"TMPDIR": str(place)})
            check(done.code == 0, f"TMPDIR={place}: {arguments[0]}: {done.code}, {done.err[-200:] if done.code else ''}")


def main():
    check, pool3, folder = support.start_test(__doc__)
    for i, picture in enumerate(support.choose_pictures("shapes", 6)):
        place = folder / "corpus" / "ab"[i % 2]
        place.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(picture, place / f"{i}.png")
    (folder / "list.txt").write_text("corpus/a/0.png\n")
    (folder / "x.csv").write_text("1,2\n3,4\n5,6\n")
    support.make_features(pool3, folder / "f.h5", "float32")
    pool3("train", folder / "f.h5", "--out", folder / "m.h5", "--probability-folds", 0, ranks=0)
    test_inputs(check, pool3, folder)
    test_run(check, pool3, folder)
    test_long_names(check, pool3, folder)
    test_temporary_folder(check, pool3, folder)
    check.finish()


if __name__ == "__main__":
    main()
