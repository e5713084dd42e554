"""What is said of classes and copies before a model is made of them, and of files: one line each, in plain English."""

import json
import pathlib
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402


def make_corpus(folder):
    copied = support.build_corpus(folder, ["animals", "tools"], 5)
    (folder / "Animals").mkdir()
    shutil.copyfile(folder / copied["tools"][0], folder / "Animals" / "copy of a tool.png")
    (folder / "Animals" / "broken.png").write_bytes(b"no picture")
    return copied


def held_out_with(features, name):
    """A seed that holds out every good picture of this class."""
    wanted = features.classes.index(name)
    for seed in range(1000):
        if wanted not in features.labels[features.rows("training", seed)]:
            return seed
    raise AssertionError("no seed does")


def check_classes(check, pool3, folder):
    corpus, out, lone = folder / "corpus", folder / "f.h5", folder / "lone.h5"
    copied = make_corpus(corpus)
    same = 'classes that differ only in case or Unicode form: "Animals" (2) and "animals" (5)'
    check(same in pool3("extract", corpus, "--weights", "none", "--out", out, "--dry-run", ranks=0).err, same)
    result = pool3.extract(corpus, out, ranks=2, code=3)
    check(same in result.err, "extract says it too")
    check("1 image is a copy: 1 picture occurs more than once, 2 times Animals/copy of a tool.png" in result.err, "one copy")
    other = f"1 of these pictures has different labels, e.g. Animals/copy of a tool.png (Animals) and {copied['tools'][0]} (tools)"
    check(other in result.err, other)
    seed = held_out_with(support.Features(out), "Animals")
    result = pool3("train", out, "--out", folder / "m.h5", "--seed", seed, "--probability-folds", 0, ranks=2)
    check("1 of 3 classes has no training row, and will never be predicted: Animals" in result.err, "a class without a row")
    result = pool3.extract(corpus / "tools", lone, "--labels", "regex:^(.*)$", "--dry-run", ranks=0)
    check("pictures with a label are of one class" not in result.err, "several classes")
    result = pool3.extract(corpus / "tools", lone, "--labels", "regex:(png)$", "--dry-run", ranks=0)
    check('all 5 pictures with a label are of one class, "png"' in result.err, "one class")
    return out


def check_inspect(check, pool3, out):
    found = json.loads(pool3("inspect", "--json", out, ranks=0).out)
    made = support.Features(out)
    check(found["kind"] == "features" and found["rows"] == len(made.paths) and found["classes"] == made.classes, "inspect --json")
    check(found["status"] == {"done": 11, "unknown_format": 1} and found["profile"] == "nsfwjs", f"{found['status']}")
    check(found["config"]["command"] == "extract", "the configuration is an object")
    check([f["path"] for f in found["failures"]] == ["Animals/broken.png"], "with the failed rows")
    table = pool3("inspect", "--failures", out, ranks=0).out
    check(table == out.with_name(f"{out.name}.failures.tsv").read_text(), "--failures is the table beside the file")
    model = out.with_name("model.h5")
    pool3("train", out, "--out", model, "--test-fraction", 0, ranks=0)
    found = json.loads(pool3("inspect", "--json", model, ranks=0).out)
    check(found["kind"] == "model" and found["C"] == 30 and found["features_profile"] == "nsfwjs", "of a model")
    found = json.loads(pool3("inspect", "--json", pool3.weights, ranks=0).out)
    check(found["kind"] == "weights" and found["parameters"] > 20_000_000, "and of weights")


def check_repack(check, pool3, folder, out):
    line = pool3("repack", out, folder / "packed.h5", ranks=0).err
    check("packed.h5: 12 rows, " in line and "(from " in line, f"repack says what it did: {line.strip()}")


def check_watch(check, pool3, folder, out):
    """A watch that begins before the job waits for its file."""
    late = folder / "late.h5"
    command = [str(pool3.program), "status", "--watch", "0.1", str(late)]
    watch = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=support.environment({}))
    first = watch.stdout.readline()
    check("late.h5: not there yet; waiting for it" in first, first.strip())
    time.sleep(0.3)
    shutil.copyfile(out, folder / "copy")
    (folder / "copy").rename(late)
    rest = watch.communicate(timeout=support.LIMIT_SECONDS)[0]
    check("late.h5: finished, 12/12 images" in rest and watch.returncode == 0, rest.strip())
    error = pool3("status", "--watch", 0.1, folder / "nowhere" / "f.h5", ranks=0, code=1).err
    check("does not exist" in error, "a folder that is not there is not waited for")
    check(pool3("status", folder / "none.h5", ranks=0, code=1).code == 1, "and without --watch no file")


def main():
    check, pool3, folder = support.start_test(__doc__)
    out = check_classes(check, pool3, folder)
    check_inspect(check, pool3, out)
    check_repack(check, pool3, folder, out)
    check_watch(check, pool3, folder, out)
    check.finish()


if __name__ == "__main__":
    main()
