"""No command writes over what it reads, nor two of its files into one: refused with exit code 2 and one line, and every file
stays as it was. tests/unit/jobs/path_clashes.cpp goes through all pairs of all commands; here are the whole commands.
"""

import hashlib
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402


def state(folder):
    """All files, by content; links by what they lead to."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            found[path] = os.readlink(path)
        elif path.is_file():
            found[path] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


class Refusals:
    def __init__(self, check, pool3, folder):
        self.check, self.pool3, self.folder = check, pool3, folder

    def __call__(self, names, *arguments, ranks=0, **how):
        before = state(self.folder)
        done = self.pool3.start(arguments, ranks=ranks, limit_seconds=support.LIMIT_SECONDS, cwd=self.folder, **how)
        lines = done.errors()
        same = state(self.folder) == before
        fine = done.code == 2 and len(lines) == 1 and names in lines[0] and same
        self.check(fine, f"{' '.join(map(str, arguments))}: {done.code}, {lines}" + ("" if same else ", FILES CHANGED"))


def make_files(pool3, folder):
    pictures = support.choose_pictures("shapes", 8)
    for i, picture in enumerate(pictures):
        place = folder / "corpus" / "ab"[i % 2]
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{i}.png").write_bytes(picture.read_bytes())
    for part in (1, 2):
        pool3.extract("corpus", f"part{part}.h5", "--part", f"{part}/2", "--batch", 1, cwd=folder, ranks=0)
    pool3("link", "f.h5", "part1.h5", "part2.h5", cwd=folder, ranks=0)
    pool3.check(not list(folder.glob("*.lock")), "link leaves no lock")
    pool3("train", "--features", "f.h5", "--test-fraction", 0.3, "--max-epochs", 5, "--probability-folds", 0, "--out", "m.h5",
          cwd=folder, ranks=0)
    (folder / "linked.h5").symlink_to("f.h5")
    os.link(folder / "f.h5", folder / "hard.h5")
    (folder / "classes.txt").write_text("a\nb\n")
    (folder / "my.ini").write_text("C = 1\n")
    os.link(pool3.weights, folder / "w.safetensors")


def test_inputs(refused):
    train = ["train", "--features", "f.h5", "--max-epochs", 5]
    for out in ("f.h5", "./f.h5", "linked.h5", "hard.h5", "../" + refused.folder.name + "/f.h5"):
        refused(f"--out {out} would replace --features f.h5", *train, "--out", out)
    refused("the part of --features part1.h5", *train, "--out", "part1.h5", ranks=2)
    refused("--out my.ini would replace --config my.ini", *train, "--out", "my.ini", "--config", "my.ini")
    refused("--prometheus f.h5", *train, "--out", "new.h5", "--prometheus", "f.h5")
    search = ["search", "--features", "f.h5", "--C", 1, "--folds", 2]
    refused("--out f.h5", *search, "--out", "f.h5")
    refused("--best f.h5", *search, "--out", "s.json", "--best", "f.h5")
    evaluate = ["evaluate", "--features", "f.h5", "--model", "m.h5", "--out"]
    refused("--model m.h5", *evaluate, "m.h5")
    refused("--features f.h5", *evaluate, "linked.h5")
    refused("FILE f.h5", "diff", "f.h5", "f.h5", "--out", "f.h5")
    refused("FILE f.h5", "repack", "f.h5", "f.h5")
    refused("FILE f.h5", "repack", "f.h5", "hard.h5")
    refused("FILE part1.h5", "link", "part1.h5", "part1.h5", "part2.h5")
    refused("--model m.h5", "export", "--model", "m.h5", "--format", "npz", "--out", "m.h5")
    refused("--weights w.safetensors", "convert", "--weights", "w.safetensors", "--out", "w.safetensors")
    refused("--calibrate", "convert", "--weights", "w.safetensors", "--calibrate", "corpus", "--out", "corpus/a/0.png")
    extract = ["extract", "--corpus", "corpus", "--weights", "w.safetensors"]
    refused("--classes classes.txt", *extract, "--classes", "classes.txt", "--out", "classes.txt")
    refused("the part of --update-from", *extract, "--update-from", "f.h5", "--out", "part2.h5")
    refused("IMAGE corpus/a/0.png", "inspect-image", "--weights", "w.safetensors", "--out", "corpus/a", "corpus/a/0.png")
    refused("FILE current.h5", "publish", "current.h5", "--as", "current.h5")


def test_outputs(refused):
    search = ["search", "--features", "f.h5", "--C", 1, "--folds", 2]
    refused("are the same file", *search, "--out", "x", "--best", "x")
    refused("are the same file", *search, "--out", "x", "--best", "x.points")
    refused("are the same file", *search, "--out", "x", "--best", "y", "--prometheus", "y.certificate.json", ranks=2)
    refused("are the same file", *search, "--out", "m/rank-0.jsonl", "--metrics", "m")
    refused("not a regular file", *search, "--out", "/dev/null")


def test_streams(check, pool3, folder):
    """A shell has opened the file that stdout goes to before pool3 begins."""
    def run(redirection, *arguments):
        line = f'exec "$@" {redirection}'
        return subprocess.run(["sh", "-c", line, "sh", *map(str, [pool3.program, *arguments])], cwd=folder, text=True,
                              stderr=subprocess.PIPE, env=support.environment({}), timeout=support.LIMIT_SECONDS, check=False)
    before = state(folder)
    done = run(">>f.h5", "verify", "f.h5")
    check(done.returncode == 2 and "standard output would replace FILE f.h5" in done.stderr, f"verify f.h5 >>f.h5: {done.stderr.strip()}")
    check(state(folder) == before, "it stays as it was")
    done = run(">d.json", "diff", "f.h5", "f.h5", "--out", "d.json")
    check(done.returncode == 2 and "are the same file" in done.stderr, f"diff --out d.json >d.json: {done.stderr.strip()}")
    check(run(">d.json", "diff", "f.h5", "f.h5").returncode == 0 and "compared" in (folder / "d.json").read_text(), "diff >d.json")


def test_allowed(check, pool3, folder):
    """What must go on working."""
    how = {"cwd": folder, "ranks": 0}
    pool3.extract("corpus", "whole.h5", "--batch", 1, **how)
    (folder / "corpus" / "a" / "new.png").write_bytes((folder / "corpus" / "b" / "1.png").read_bytes())
    pool3.extract("corpus", "whole.h5", "--batch", 1, "--update-from", "whole.h5", **how)
    pool3("publish", "whole.h5", "--as", "current.h5", **how)
    pool3("publish", "whole.h5", "--as", "current.h5", **how)
    pool3("link", "f.h5", "part1.h5", "part2.h5", **how)
    check(os.readlink(folder / "current.h5") == "whole.h5", "an update in place, a link that is made again, a publication that is repeated")


def main():
    check, pool3, folder = support.start_test(__doc__)
    make_files(pool3, folder)
    (folder / "current.h5").symlink_to("f.h5")
    refused = Refusals(check, pool3, folder)
    test_inputs(refused)
    test_outputs(refused)
    test_streams(check, pool3, folder)
    test_allowed(check, pool3, folder)
    check.finish()


main()
