"""Ranks that were started unlike each other end at once, all of them, with one line that names what differs and where.

    unlike_ranks.py --pool3 PROGRAM --weights FILE --features FILE
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402


def run(*parts):
    """`parts`: (ranks, command) each. mpirun starts them as one job."""
    words = ["mpirun", "--oversubscribe", "--bind-to", "none"]
    for i, (ranks, command) in enumerate(parts):
        words += [":"] * (i > 0) + ["-n", str(ranks), *map(str, command)]
    done = subprocess.run(words, env=support.environment({}), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=support.LIMIT_SECONDS)
    return done.returncode, [line for line in done.stdout.splitlines() if line.startswith("pool3: error:")]


def expect(says, *parts):
    code, lines = run(*parts)
    assert code == 2, f"exit code {code}: {lines}"
    assert len(lines) == 1 and says in lines[0], lines
    print(f"ok: {lines[0]}")


def other_version(pool3, folder):
    """The same program, but for its version: the text of it, changed in the file."""
    text = subprocess.run([pool3, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()[1]
    program = pathlib.Path(pool3).read_bytes()
    changed = "9" + text[1:]
    assert program.count(text.encode() + b"\0") >= 1
    copy = folder / "pool3-of-another-version"
    copy.write_bytes(program.replace(text.encode() + b"\0", changed.encode() + b"\0"))
    copy.chmod(0o755)
    return copy, text, changed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("pool3", "weights", "features"):
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pool3-unlike-") as name:
        folder = pathlib.Path(name)
        pool3, features = arguments.pool3, arguments.features

        def train(C=1, out="m.h5", program=pool3, more=()):
            return [program, "train", "--features", features, "--out", folder / out, "--C", C, *more]

        def search():
            return [pool3, "search", "--features", features, "--out", folder / "s.json"]

        expect("--C is 1 on rank 0, 10 on rank 1", (1, train()), (1, train(10)))
        expect("--C is 1 on ranks 0, 3, 10 on ranks 1-2", (1, train()), (2, train(10)), (1, train()))
        expect(f"--out is {folder}/m.h5 on ranks 0-1", (2, train()), (1, train(out="other.h5")))
        expect("the command is train on rank 0, search on rank 1", (1, train()), (1, search()))
        expect("the command is train on rank 0, tarin on rank 1", (1, train()), (1, [pool3, "tarin"]))
        copy, mine, other = other_version(pool3, folder)
        expect(f"the program is pool3 {mine} on rank 0, pool3 {other} on ranks 1-2", (1, train()), (2, train(program=copy)))
        config = folder / "here.ini"
        config.write_text("seed = 7\n")
        expect("--seed is 42 on rank 0, 7 on rank 1", (1, train()), (1, train(more=("--config", config))))
        assert not (folder / "m.h5").exists()
        # What a rank may have for itself.
        code, lines = run((1, train(more=("--solver-threads", 1))), (1, train(more=("--solver-threads", 2))))
        assert code == 0 and not lines and (folder / "m.h5").exists(), (code, lines)
        print("ok: ranks with their own numbers of threads")


if __name__ == "__main__":
    main()
