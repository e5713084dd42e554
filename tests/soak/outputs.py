"""Writing fails under every command that makes files of a feature file, at each of their writes: exit code 1, one line that
says why, nothing half-done is left, and the same command works when the disk does. `extract` and `run` have tests of their
own.

    outputs.py POOL3 INTERPOSE FEATURES
"""

import errno
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from launcher import environment

WRITES = {"train": (1, 2, 3, 5, 8, 12, 20), "search": (1, 2, 3, 5, 8, 12, 20), "repack": (1, 2, 3, 5, 8, 12, 20)}
FEW_WRITES = (1, 2, 4, 7)  # of commands that write small files at once
RESUMED = (".points", ".partial", ".cnn")  # what the same command goes on from


def commands(features, folder):
    """{name: (arguments, what it makes)}. `model` is there before."""
    solve = ["--features", features, "--probability-folds", "0"]
    model = folder / "model" / "m.h5"
    of_model = ["--features", features, "--model", model]
    return {
        "train": (["train", *solve, "--out", folder / "m.h5"], folder / "m.h5"),
        "search": (["search", *solve, "--C", "1", "--folds", "2", "--out", folder / "s.json", "--best", folder / "b.h5"],
                   folder / "b.h5"),
        "repack": (["repack", features, folder / "r.h5"], folder / "r.h5"),
        "link": (["link", folder / "l.h5", features], folder / "l.h5"),
        "evaluate": (["evaluate", *of_model, "--predictions", folder / "p.csv", "--confusion", folder / "c.csv", "--out",
                      folder / "e.json"], folder / "e.json"),
        "baseline": (["baseline", *of_model, "--kind", "nearest", "centroid", "--out", folder / "b.json"], folder / "b.json"),
        "map": (["map", features, "--perplexity", "5", "--steps", "20", "--out", folder / "map.h5"], folder / "map.h5"),
        "audit": (["audit", features, "--folds", "2", "--out", folder / "audit"], folder / "audit/audit.json"),
        "report": (["report", *of_model, "--no-pictures", "--out", folder / "r.html"], folder / "r.html"),
        "export": (["export", model, "--format", "onnx", "--out", folder / "m.onnx"], folder / "m.onnx"),
        "import": (["import", "--features", f"{features}:features", "--labels", f"{features}:labels", "--out", folder / "i.h5"],
                   folder / "i.h5"),
        "diff": (["diff", features, features, "--out", folder / "d.json"], folder / "d.json"),
    }  # fmt: skip


def run(pool3, command, **settings):
    return subprocess.run([pool3, *map(str, command)], env=environment(settings), capture_output=True, text=True, timeout=480)


def check_left(name, at, folder, made):
    """No temporary file, and none of the names that are whole or not there, but for those that were whole before."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.parent.name != "model"]
    half = [path.name for path in files if ".tmp" in path.name or path.name.endswith(".lock")]
    assert not half and not made.exists(), f"{name}, write {at}: {half or made} is left"
    strange = [path for path in files if path.stat().st_size == 0 and not path.name.endswith((".csv", *RESUMED))]
    assert not strange, f"{name}, write {at}: {strange} are empty"


def break_writes(pool3, library, name, command, made, folder):
    """How often it failed."""
    failed = 0
    for at in WRITES.get(name, FEW_WRITES):
        number = (errno.ENOSPC, errno.EDQUOT, errno.EIO)[at % 3]
        done = run(pool3, command, LD_PRELOAD=library, POOL3_TEST_MATCH=str(folder), POOL3_TEST_FAIL_AT=str(at),
                   POOL3_TEST_ERRNO=str(number))  # fmt: skip
        if done.returncode == 0:
            made.unlink()
            continue
        failed += 1
        lines = [line for line in done.stderr.splitlines() if line.startswith("pool3: error:")]
        assert done.returncode == 1 and len(lines) == 1, f"{name}, write {at}: {done.returncode}\n{done.stderr}"
        assert os.strerror(number) in lines[0] and "same command again" in lines[0], lines[0]
        check_left(name, at, folder, made)
    return failed


def empty(folder):
    for path in folder.iterdir():
        if path.is_file():
            path.unlink()
        elif path.name != "model":
            shutil.rmtree(path)


def main():
    pool3, library, features = map(os.path.abspath, sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="pool3-outputs-") as name:
        folder = pathlib.Path(name)
        (folder / "model").mkdir()
        made = run(pool3, ["train", features, "--probability-folds", "2", "--out", folder / "model/m.h5"])
        assert made.returncode == 0, made.stderr
        for command_name, (command, made) in commands(features, folder).items():
            failed = break_writes(pool3, library, command_name, command, made, folder)
            assert failed >= (2 if command_name in WRITES else 1), f"{command_name}: only {failed} writes could fail"
            done = run(pool3, command)
            assert done.returncode == 0 and made.exists(), f"{command_name}: {done.stderr}"
            if made.suffix == ".h5" and command_name != "repack":
                assert run(pool3, ["verify", made]).returncode == 0, made
            resumed = [path.name for path in folder.iterdir() if path.name.endswith(RESUMED)]
            assert not resumed, f"{command_name}: {resumed} is left"
            empty(folder)
            print(f"ok: {command_name}: {failed} failures", flush=True)


if __name__ == "__main__":
    main()
