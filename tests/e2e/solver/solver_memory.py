"""Training needs little more memory than its rows of features, float32 or float16: the peak with many rows beside that
with few.

Both are more than the solver's matrix of rows with rows takes, so that what does not grow with the rows, such as 2048 x 2048
numbers of the eigenbasis, is in both.
"""

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402

ROWS, FEW, CLASSES = 20_000, 4_500, 8
COLUMNS = 16  # classes, rounded up
MOST = 1.3
# Descent alone; Newton's steps after it, for each loss.
CASES = [("float32", "--C", "0.01", "--max-epochs", "5"), ("float16", "--C", "0.01", "--max-epochs", "5"),
         ("float32", "--C", "1", "--no-centering", "--max-epochs", "12"),
         ("float32", "--C", "10", "--loss", "l1", "--max-epochs", "12"),
         ("float16", "--C", "1", "--no-centering", "--max-epochs", "12"),
         ("float16", "--C", "10", "--loss", "l1", "--max-epochs", "12")]


def peak_bytes(pool3, features, out, *flags):
    """Largest resident memory of `pool3 train`, as the kernel counts it."""
    command = [str(pool3.program), "train", "--features", str(features), "--out", str(out), "--test-fraction", "0",
               "--probability-folds", "0", *flags]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, env=support.environment({"OPENBLAS_NUM_THREADS": "1"}))
    said = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"FAILED: {' '.join(command)} ended with {status}: {said}")
    return usage.ru_maxrss * 1024


def main():
    check, pool3, folder = support.start_test(__doc__)
    for kind in ("float32", "float16"):
        for rows in (ROWS, FEW):
            subprocess.run([pool3.helper, folder / f"{kind}-{rows}.h5", kind, "2048", str(CLASSES), str(rows)], check=True,
                           env=support.environment({}))
    for kind, *flags in CASES:
        many, few = (peak_bytes(pool3, folder / f"{kind}-{rows}.h5", folder / "m.h5", *flags) for rows in (ROWS, FEW))
        row = (many - few) / (ROWS - FEW)
        features = 2048 * (4 if kind == "float32" else 2)
        numbers = (row - features) / (COLUMNS * 4)
        check(row < MOST * features,
              f"{kind}, {' '.join(flags)}: {row:.0f} bytes a row, {row / features:.3f} of its features (what is more is "
              f"{numbers:.1f} numbers a column); peak {many / 1e6:.0f} MB")
    check.finish()


if __name__ == "__main__":
    main()
