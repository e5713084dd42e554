"""What goes wrong ends with the right exit code and one line that names it, on one rank and on two, in time."""

import os
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402
from failing import FAILED, USAGE, Errors  # noqa: E402


def weights_errors(errors):
    folder, pool3 = errors.folder, errors.pool3
    corpus, out = folder / "two", folder / "w.h5"
    extract = ["extract", "--corpus", corpus, "--out", out]
    missing = folder / "no-weights.safetensors"
    errors(FAILED, missing, *extract, "--weights", missing)
    # Alone in a folder without weights; the advice must tell how to get them.
    lonely = folder / "bin" / "pool3"
    lonely.parent.mkdir()
    shutil.copy(pool3.program, lonely)
    errors(FAILED, "weights/inception_v3.safetensors", *extract, program=lonely, cwd=folder)
    errors(FAILED, "scripts/setup weights", *extract, program=lonely, cwd=folder)
    garbage, short = folder / "garbage.safetensors", folder / "short.safetensors"
    garbage.write_bytes(b"no weights " * 1000)
    errors(FAILED, garbage, *extract, "--weights", garbage)
    with open(pool3.weights, "rb") as whole:
        short.write_bytes(whole.read(1_000_000))
    errors(FAILED, short, *extract, "--weights", short)
    errors.wait()
    errors.check(not list(folder.glob("w.h5*")), "no features were begun")


def output_errors(errors):
    """An output that can't be made is told before the work, and so before what is read."""
    folder = errors.folder
    none, a_file = folder / "nowhere" / "out", folder / "a-file"
    a_file.write_text("in the place of a folder")
    missing = folder / "missing.h5"
    for command in (["train", "--features", missing], ["search", "--features", missing], ["map", missing], ["diff", missing, missing],
                    ["evaluate", "--features", missing, "--model", missing], ["export", "--model", missing, "--format", "npz"],
                    ["convert", missing, "--calibrate", missing], ["baseline", missing], ["report", "--features", missing]):  # fmt: skip
        errors(FAILED, f"the folder {none.parent} does not exist", *command, "--out", none)
    errors(FAILED, f"{a_file} is not a folder", "audit", missing, "--out", a_file / "audit" / "deeper")
    errors(FAILED, f"inspect: {missing}: No such file", "inspect", missing)
    errors(FAILED, "is not a folder", "run", "--corpus", missing, "--out", a_file / "run")
    errors.wait()


def corpus_errors(errors):
    folder = errors.folder
    weights = ["--weights", errors.pool3.weights, "--out", folder / "c.h5"]
    empty = folder / "empty"
    (empty / "deeper").mkdir(parents=True)
    (empty / "deeper" / "notes.txt").write_text("no picture\n")
    errors(FAILED, empty, "extract", "--corpus", empty, *weights)
    errors(FAILED, folder / "nowhere", "extract", "--corpus", folder / "nowhere", *weights)
    manifest = folder / "bad.csv"
    manifest.write_text('path,label\n/a.png,a\n"/b.png,b\n')
    errors(FAILED, manifest, "extract", "--corpus", manifest, "--labels", "column", *weights)
    unreadable_folder(errors)


def unreadable_folder(errors):
    """A folder whose entries may not be listed. Root may read everything, so it tries as nobody."""
    locked = errors.folder / "locked"
    (locked / "inside").mkdir(parents=True)
    shutil.copy(errors.folder / "two/a/1.png", locked)
    (locked / "inside").chmod(0o000)
    how = {}
    if os.geteuid() == 0:
        how["prefix"] = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        if support.run_command([*how["prefix"], "true"], 10).code != 0:
            errors.wait()
            print("not checked: a folder that can't be read (root reads all, and setpriv does not work here)")
            return
        how.update(program=errors.folder / "bin/pool3", cwd="/", env={"HOME": "/tmp"})
    errors(FAILED, locked / "inside", "extract", "--corpus", locked, "--weights", errors.pool3.weights, "--out",
           "/tmp/never.h5", **how)
    errors.wait()
    (locked / "inside").chmod(0o755)


def output_errors(errors):
    folder = errors.folder
    extract = ["extract", "--corpus", folder / "two", "--weights", errors.pool3.weights, "--out"]
    features = ["--features", errors.shared]
    train = ["train", *features, "--max-epochs", 1, "--probability-folds", 0, "--out"]
    search = ["search", *features, "--max-epochs", 1, "--C", 1, "--folds", 2, "--out"]
    evaluate = ["evaluate", *features, "--model", folder / "model.h5", "--out"]
    text = folder / "text"
    text.write_text("keep me\n")
    for place in (folder / "no-folder/x", "/proc/x", text / "x"):
        for command in (extract, train, search, evaluate):
            errors(FAILED, place, *command, place)
    errors(FAILED, text, *extract, text)
    errors(FAILED, text, "run", "--corpus", folder / "two", "--weights", errors.pool3.weights, "--out", text / "x")
    errors.wait()
    errors.check(text.read_text() == "keep me\n", "a file that is no feature file is left alone")


def usage_errors(errors):
    folder = errors.folder
    extract = ["extract", "--corpus", folder / "two", "--weights", errors.pool3.weights, "--out", folder / "u.h5"]
    train = ["train", "--features", errors.shared, "--out", folder / "u.h5"]
    search = ["search", "--features", errors.shared, "--out", folder / "u.json"]
    errors(USAGE, "'trian'", "trian")
    errors(USAGE, "--bach", *extract, "--bach", 3)
    errors(USAGE, "--corpus", "extract", "--out", folder / "u.h5")
    errors(USAGE, "--model", "predict", folder / "two/a/1.png")
    errors(USAGE, "no IMAGE given", "predict", "--model", folder / "model.h5")
    errors(USAGE, folder / "none.ini", *extract, "--config", folder / "none.ini")
    typo = folder / "typo.ini"
    typo.write_text("batch = 16\ntolerence = 0.1\n")
    errors(USAGE, "'tolerence'", *train, "--config", typo)
    errors(USAGE, typo, *train, "--config", typo)
    for flag, value in (("--batch", 0), ("--batch", "many"), ("--precision", "half"), ("--threads", -1),
                        ("--max-pixels", 0), ("--log-format", "xml")):
        errors(USAGE, flag, *extract, flag, value)
    errors(USAGE, 'label rule "colour"', *extract, "--labels", "colour")
    errors(USAGE, 'label pattern "("', *extract, "--labels", "regex:(")
    for flag, value in (("--C", -1), ("--C", "nan"), ("--C", "inf"), ("--test-fraction", 2), ("--loss", "l3"),
                        ("--tolerance", 0), ("--bias", -1), ("--class-weight", "some"), ("--max-epochs", 0),
                        ("--max-seconds", -1),
                        ("--probability-folds", 1), ("--seed", "x")):
        errors(USAGE, flag, *train, f"{flag}={value}")
    for flag, value in (("--C", "0"), ("--C", "1,x"), ("--folds", 1), ("--kernel", "poly"), ("--groups", -1),
                        ("--search-tolerance", 0)):
        errors(USAGE, flag, *search, f"{flag}={value}")
    run = ["run", "--corpus", folder / "two", "--weights", errors.pool3.weights, "--out", folder / "u.run"]
    for flag, value in (("--folds", 1), ("--C", 0), ("--test-fraction", 1)):
        errors(USAGE, flag, *run, f"{flag}={value}")
    errors.wait()
    errors.check(not list(folder.glob("u.*")), "nothing was written")
    for ranks in (0, 2):
        result = errors.pool3.start([], ranks)
        errors.check(result.code == USAGE and "Commands:" in result.out, "no command: the overview, and exit code 2")


def file_errors(errors):
    folder, shared = errors.folder, errors.shared
    model, out = folder / "model.h5", ["--out", folder / "f.out"]
    whole = shared.read_bytes()
    text, short, partial, damaged = (folder / name for name in ("text.h5", "short.h5", "f.h5.partial", "damaged.h5"))
    text.write_text("This is no HDF5 file.\n" * 100)
    short.write_bytes(whole[: len(whole) // 2])
    # What a killed job leaves: all there, but the seal is open.
    partial.write_bytes(whole[:40] + bytes(8) + whole[48:])
    with support.h5py.File(shared) as f:
        at = f["features"].id.get_offset() + f["features"].nbytes // 2
    damaged.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    for path in (folder / "none.h5", text, short, partial, model):
        errors(FAILED, path, "train", "--features", path, *out)
        if path != model:
            errors(FAILED, path, "verify", path)
    for command in (["train"], ["search", "--folds", 2]):
        errors(FAILED, damaged, *command, "--features", damaged, "--test-fraction", 0, *out)
    for path in (folder / "none.h5", text, shared):
        errors(FAILED, path, "evaluate", "--features", shared, "--model", path, *out)
        errors(FAILED, path, "predict", "--weights", errors.pool3.weights, "--model", path, folder / "two/a/1.png")
    errors.wait()
    errors.check(not (folder / "f.out").exists(), "nothing was written")


def training_errors(errors):
    """Files that are sound, but don't fit what is asked."""
    folder, pool3 = errors.folder, errors.pool3
    one, none, all_used = folder / "one.h5", folder / "none-labelled.h5", folder / "all.h5"
    pool3.extract(folder / "two/a", one, "--labels", "regex:([a-z]+)$")
    pool3.extract(folder / "two", none, "--labels", "none")
    for features, says in ((one, "one class"), (none, "no training rows with a label")):
        for command in ("train", "search"):
            errors(FAILED, says, command, "--features", features, "--test-fraction", 0, "--out", folder / "t.out")
    pool3("train", "--features", errors.shared, "--test-fraction", 0, "--max-epochs", 1, "--probability-folds", 0,
          "--out", all_used)
    errors(FAILED, "no rows are held out", "evaluate", "--features", errors.shared, "--model", all_used, "--out",
           folder / "t.out")

    # The same weights with another SHA-256: blanks after the header of the file.
    other = folder / "other.safetensors"
    data = pool3.weights.read_bytes()
    size = int.from_bytes(data[:8], "little")
    other.write_bytes((size + 64).to_bytes(8, "little") + data[8 : 8 + size] + b" " * 64 + data[8 + size :])
    model = folder / "model.h5"
    errors(FAILED, model, "predict", "--weights", other, "--model", model, folder / "two/a/1.png")
    foreign = folder / "foreign.h5"
    pool3("extract", "--corpus", folder / "two", "--weights", other, "--out", foreign)
    errors(FAILED, model, "evaluate", "--features", foreign, "--model", model, "--out", folder / "t.out")
    errors(FAILED, "weights_sha256", "evaluate", "--features", foreign, "--model", model, "--out", folder / "t.out")
    errors.wait()
    errors.check(not (folder / "t.out").exists(), "nothing was written")


def main():
    check, pool3, folder = support.start_test(__doc__)
    pictures = support.choose_pictures("shapes", 2)
    for name, picture in zip("ab", pictures):
        (folder / "two" / name).mkdir(parents=True)
        shutil.copy(picture, folder / "two" / name / "1.png")
    pool3("train", "--features", pool3.shared_features, "--max-epochs", 1, "--probability-folds", 0, "--out",
          folder / "model.h5")
    errors = Errors(check, pool3, folder, pool3.shared_features)
    weights_errors(errors)
    corpus_errors(errors)
    output_errors(errors)
    usage_errors(errors)
    file_errors(errors)
    training_errors(errors)
    check.finish()


if __name__ == "__main__":
    main()
