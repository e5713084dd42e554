"""Writing fails under `train`, `search --best` and `repack`, at each of their writes: exit code 1, one line that says why,
nothing half-done is left, and the same command works when the disk does.

    outputs.py POOL3 INTERPOSE FEATURES
"""

import errno
import os
import pathlib
import subprocess
import sys
import tempfile

WRITES = (1, 2, 3, 5, 8, 12, 20)


def commands(features, folder):
    solve = ["--features", features, "--probability-folds", "0"]
    return {"train": ["train", *solve, "--out", folder / "m.h5"],
            "search": ["search", *solve, "--C", "1", "--folds", "2", "--out", folder / "s.json", "--best", folder / "b.h5"],
            "repack": ["repack", features, folder / "r.h5"]}


def main():
    pool3, library, features = map(os.path.abspath, sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="pool3-outputs-") as folder:
        for name, command in commands(features, pathlib.Path(folder)).items():
            failed = 0
            for at in WRITES:
                number = (errno.ENOSPC, errno.EDQUOT, errno.EIO)[at % 3]
                env = {**os.environ, "LD_PRELOAD": library, "POOL3_TEST_MATCH": folder, "POOL3_TEST_FAIL_AT": str(at),
                       "POOL3_TEST_ERRNO": str(number), "OMP_NUM_THREADS": "1"}
                done = subprocess.run([pool3, *map(str, command)], env=env, capture_output=True, text=True, timeout=120)
                if done.returncode == 0:
                    continue
                failed += 1
                lines = [line for line in done.stderr.splitlines() if line.startswith("pool3: error:")]
                assert done.returncode == 1 and len(lines) == 1, f"{name}, write {at}: {done.returncode}\n{done.stderr}"
                assert os.strerror(number) in lines[0] and "same command again" in lines[0], lines[0]
                left = {p.name for p in pathlib.Path(folder).iterdir()} - {"s.json", "s.json.points"}
                left = {file for file in left if not file.startswith("s.json.state-")}
                assert not left, f"{name}, write {at}: {left} is left"
            assert failed >= 2, f"{name}: only {failed} writes could fail"
            env = {**os.environ, "OMP_NUM_THREADS": "1"}
            subprocess.run([pool3, *map(str, command)], env=env, check=True, capture_output=True, timeout=120)
            made = command[-1] if name != "train" else pathlib.Path(folder) / "m.h5"
            assert made.exists()
            if name != "repack":
                subprocess.run([pool3, "verify", str(made)], check=True, capture_output=True, timeout=120)
            for file in pathlib.Path(folder).iterdir():
                file.unlink()
            print(f"ok: {name}: {failed} failures", flush=True)


if __name__ == "__main__":
    main()
