"""stdout and what is shown of names from outside: a product that does not arrive is an error of every command that prints
one, on a full disk, a closed stdout and a pipe that nobody reads; no name of a file or class moves a cursor or ends a line.
"""

import fcntl
import json
import os
import pathlib
import re
import subprocess
import sys
import unicodedata

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402

# A terminal obeys these: a line end, ESC [, the same of C1, and a mark that turns the text round.
HOSTILE = "x\n\x1b[31m\u009b1m\u202eq"


def make_corpus(folder):
    """Four classes, one with a hostile name, and a picture that fails."""
    pictures = support.choose_pictures("shapes", 8)
    for i, picture in enumerate(pictures):
        place = folder / ("abc"[i % 3] if i < 6 else HOSTILE)
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{i}.png").write_bytes(picture.read_bytes())
    (folder / HOSTILE / f"bad {HOSTILE}.png").write_bytes(b"")
    return folder


def commands(pool3, folder):
    """Every command that prints, and on how many ranks (0: without mpirun)."""
    features, model, out = folder / "f.h5", folder / "m.h5", folder / "out"
    picture = next((folder / "corpus" / "a").iterdir())
    weights = ["--weights", pool3.weights]
    few = ["--C", 1, 2, "--folds", 2, "--test-fraction", 0.3, "--max-epochs", 5, "--probability-folds", 0]
    return {
        "help": (["--help"], 0),
        "help of a command": (["train", "--help"], 0),
        "version": (["--version"], 0),
        "dry run": (["extract", "--corpus", folder / "corpus", *weights, "--out", folder / "new.h5", "--dry-run", "--batch", 1], 0),
        "search": (["search", "--features", features, "--out", out, *few], 0),
        "evaluate": (["evaluate", "--features", features, "--model", model, "--out", out], 0),
        "predict": (["predict", "--model", model, *weights, picture], 0),
        "verify features": (["verify", features], 0),
        "verify a model": (["verify", model], 0),
        "status": (["status", features], 0),
        "status as JSON": (["status", "--json", features], 0),
        "diff": (["diff", features, features], 0),
        "inspect": (["inspect", features, model], 0),
        "run": (["run", "--corpus", folder / "corpus", *weights, "--out", folder / "run", "--batch", 1, *few], 0),
        "bench": (["bench", "messages"], 2),
    }


def fails_in_one_line(check, name, done, cause):
    lines = [line for line in done.stderr.splitlines() if line.startswith("pool3: error:")]
    fine = done.returncode == 1 and len(lines) == 1 and f"standard output: {cause}" in lines[0]
    check(fine, f"{name}: exit code {done.returncode}, {lines}")


def test_full(check, pool3, folder):
    """Each command onto a full disk. Under mpirun the ranks write to a pipe, so there one rank writes to it itself."""
    for name, (arguments, ranks) in commands(pool3, folder).items():
        launch = ["mpirun", "-n", ranks, "--oversubscribe", "--bind-to", "none", "sh", "-c", 'exec "$@" >/dev/full', "sh"] if ranks else []
        with open("/dev/full", "w") as full:
            done = subprocess.run([str(a) for a in [*launch, pool3.program, *arguments]], stdout=full, stderr=subprocess.PIPE,
                                  text=True, env=support.environment({}), timeout=support.LIMIT_SECONDS, check=False)
        fails_in_one_line(check, f"full disk: {name}", done, "No space left on device")


def test_closed(check, pool3, folder):
    """A closed stdout: an output file must not get its number, and what is printed."""
    for name, (arguments, ranks) in commands(pool3, folder).items():
        if ranks or name == "run":  # as search and evaluate, which it calls
            continue
        done = subprocess.run(["sh", "-c", 'exec "$@" <&- >&-', "sh", *map(str, [pool3.program, *arguments])], text=True,
                              stderr=subprocess.PIPE, env=support.environment({}), timeout=support.LIMIT_SECONDS, check=False)
        fails_in_one_line(check, f"closed: {name}", done, "is closed")
    report = folder / "out.json"
    subprocess.run(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", pool3.program, "diff", folder / "f.h5", folder / "f.h5",
                    "--out", report], env=support.environment({}), timeout=support.LIMIT_SECONDS, check=False)
    check(json.loads(report.read_text())["format"] == "pool3 diff", "all three closed: a file holds what belongs in it")
    quiet = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", pool3.program, "publish", folder / "f.h5", "--as",
                            folder / "current.h5"], env=support.environment({}), timeout=support.LIMIT_SECONDS, check=False)
    check(quiet.returncode == 0, "a command that prints nothing needs no stdout")


def test_pipe(check, pool3, folder):
    """Who reads has gone: the job ends with one line, and has made its files."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    table = folder / "piped.json"
    arguments = ["search", "--features", folder / "f.h5", "--out", table, "--C", 1, "--folds", 2, "--max-epochs", 5]
    done = subprocess.run([str(a) for a in [pool3.program, *arguments]], stdout=write_end, stderr=subprocess.PIPE, text=True,
                          env=support.environment({}), timeout=support.LIMIT_SECONDS, check=False)
    os.close(write_end)
    fails_in_one_line(check, "a pipe without a reader", done, "Broken pipe")
    check(table.exists(), "its table is there")


def unsafe(text):
    """Characters that a terminal obeys, by Python's tables."""
    return sorted({hex(ord(c)) for c in text if c not in "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")})


def test_names(check, pool3, folder):
    """Nothing that is shown, on stdout, stderr or in the table of failures, holds a name as it is."""
    corpus, features = folder / "corpus", folder / "f.h5"
    for name, (arguments, ranks) in commands(pool3, folder).items():
        for log in ("text", "json") if name in ("search", "evaluate", "status as JSON") else ("text",):
            if ranks or "--help" in arguments or name in ("version", "run"):
                continue
            done = pool3.start([*arguments, "--log-format", log], ranks=0)
            check(done.code == 0 and not unsafe(done.out + done.err), f"{log}, {name}: {unsafe(done.out + done.err)}")
    line = json.loads(pool3("predict", "--model", folder / "m.h5", "--weights", pool3.weights, "--top", 4,
                            next((corpus / HOSTILE).glob("7*")), ranks=0).out)
    check(HOSTILE in [entry["class"] for entry in line["top"]], "JSON says the name itself, in escapes")
    check(r"x\n\x1b[31m\u009b1m\u202eq" in pool3("evaluate", "--features", features, "--model", folder / "m.h5", "--out",
                                                 folder / "e.json", ranks=0).out, "the report shows escapes")
    table = pathlib.Path(f"{features}.failures.tsv").read_text().split("\n")
    check(len(table) == 3 and not unsafe("".join(table).replace("\t", "")), f"the table of failures: {table}")
    wrong = pool3.start(["evaluate", "--features", folder / HOSTILE, "--model", HOSTILE, "--out", "x"], ranks=0)
    check(wrong.code == 1 and len(wrong.err.splitlines()) == 1 and not unsafe(wrong.err), f"an error: {wrong.err.strip()}")
    lock = folder / "locked.h5.lock"
    (folder / "locked.h5.partial").write_bytes(b"")
    lock.write_text("host \x1b[31mh\u202e\njob \u009b1\npid 1\n")
    with open(lock, "r+") as held:
        fcntl.lockf(held, fcntl.LOCK_EX, 1, 0)
        for how in ([], ["--json"]):
            shown = pool3.start(["status", folder / "locked.h5", *how], ranks=0)
            check("running" in shown.out and "h" in shown.out and not unsafe(shown.out), f"an odd owner of a lock: {shown.out.strip()}")
    bad = pool3.start(["inspect", os.fsdecode(b"latin \xe9")], ranks=0)
    check(re.search(r"latin \\xe9", bad.err) is not None, f"bytes that are no UTF-8: {bad.err.strip()}")


def main():
    check, pool3, folder = support.start_test(__doc__)
    corpus = make_corpus(folder / "corpus")
    pool3.extract(corpus, folder / "f.h5", "--batch", 1, code=3, ranks=0)
    pool3("train", "--features", folder / "f.h5", "--test-fraction", 0.3, "--max-epochs", 5, "--probability-folds", 0, "--out",
          folder / "m.h5", ranks=0)
    test_names(check, pool3, folder)
    test_full(check, pool3, folder)
    test_closed(check, pool3, folder)
    test_pipe(check, pool3, folder)
    check.finish()


main()
