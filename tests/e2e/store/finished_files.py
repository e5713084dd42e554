"""A finished file of another job is refused like an unfinished one, with the difference, until --overwrite asks for it."""

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402


def refused(pool3, corpus, out, *flags, **how):
    """The error line of an extraction that changes nothing at `out`."""
    before = {path: path.read_bytes() for path in out.parent.glob(f"{out.name}*")}
    result = pool3.extract(corpus, out, *flags, ranks=0, code=1, **how)
    pool3.check({path: path.read_bytes() for path in out.parent.glob(f"{out.name}*")} == before, f"{flags} change nothing")
    return result.errors()[0]


def check_finished(check, pool3, folder):
    small, large, out = folder / "small", folder / "large", folder / "f.h5"
    pool3.extract(large, out, ranks=0)
    first = out.read_bytes()
    check("already done" in pool3.extract(large, out, ranks=0).err, "the same command has nothing to do")
    error = refused(pool3, small, out)
    check(f"f.h5: is a finished file of another job: corpus: {small} here, {large} there (4 rows here, 8 there)" in error,
          f"a finished file is refused: {error}")
    check("--overwrite" in error, "with what to do about it")
    for flags, says in {("--batch", 4): "--batch: 4 here, 16 there", ("--labels", "none"): "labels: none here, auto there",
                        ("--dtype", "float16"): '"float16" here', ("--part", "1/2"): "part: 1/2 here, 1/1 there"}.items():
        check(says in refused(pool3, large, out, *flags), f"{says}")
    plan = pool3.extract(small, out, "--dry-run", ranks=0).out
    check("refused" in plan and "is a finished file of another job" in plan, "--dry-run says so too")
    check("is done already" in pool3.extract(large, out, "--dry-run", ranks=0).out, "or that it is done")
    plan = pool3.extract(small, out, "--dry-run", "--overwrite", ranks=0).out
    check("is of another job, and replaced" in plan and out.read_bytes() == first, "or that it would be replaced")
    pool3.extract(small, out, "--overwrite", ranks=2)
    check(len(support.Features(out).paths) == 4, "--overwrite replaces it")


def check_in_place(check, pool3, folder):
    """--update-from and --out are the same file: it is asked for by name, as long as its rows are of use."""
    large, out = folder / "large", folder / "f.h5"
    result = pool3.extract(large, out, "--update-from", folder / "." / "f.h5", ranks=0)
    check("4 rows copied, 4 tried" in result.err and len(support.Features(out).paths) == 8, "an update in place goes on")
    error = refused(pool3, large, out, "--update-from", out, "--ignore-orientation")
    check("none of its rows can be taken: profile" in error, f"unless no row can be taken: {error}")


def interrupted(pool3, corpus, out, *flags):
    """Kills an extraction that has begun its file, and waits for a picture."""
    held = next(corpus.rglob("*.png"))
    held = held.rename(held.with_name(f"{held.stem} held.png"))
    command = [pool3.program, "extract", "--corpus", corpus, "--weights", pool3.weights, "--out", out, "--threads", 1, *flags]
    process = subprocess.Popen([str(word) for word in command], stderr=subprocess.PIPE, text=True,
                               env=support.environment({"LD_PRELOAD": pool3.library}))
    for line in process.stderr:
        if "images, 1 ranks" in line:
            break
    process.kill()
    process.communicate()


def check_unfinished(check, pool3, folder):
    small, large, out = folder / "small", folder / "large", folder / "u.h5"
    interrupted(pool3, large, out, "--batch", 2)
    check(out.with_name("u.h5.partial").exists() and not out.exists(), "a job was killed")
    error = refused(pool3, large, out, "--batch", 4)
    check("u.h5.partial: is of another job: --batch: 4 here, 2 there" in error, f"it is refused: {error}")
    result = pool3.start(["extract", "--corpus", large, "--weights", folder / "none.pth", "--out", out, "--batch", 4], ranks=0)
    check("is of another job" in result.err, "before weights are looked for")
    check("is begun, and resumed" in pool3.extract(large, out, "--batch", 2, "--dry-run", ranks=0).out, "--dry-run knows its own")
    check("refused" in pool3.extract(small, out, "--batch", 2, "--dry-run", ranks=0).out, "and what is not")
    pool3.extract(small, out, "--overwrite", ranks=2)
    check(len(support.Features(out).paths) == 4, "--overwrite begins anew")


def main():
    check, pool3, folder = support.start_test(__doc__)
    for name, count in (("small", 2), ("large", 4)):
        support.build_corpus(folder / name, ["animals", "tools"], count)
    check_finished(check, pool3, folder)
    check_in_place(check, pool3, folder)
    check_unfinished(check, pool3, folder)
    check.finish()


if __name__ == "__main__":
    main()
