"""The system gives a command too little: memory (ulimit -v), threads (-u), open files (-n), large files (-f), or an odd stack (-s). Each command ends
in time, with its work done or with exit code 1 and one line that says why, alone and on two ranks.

    limits.py --pool3 PROGRAM --weights FILE --features FILE [--steps 3] [--kinds v n f u s] [--commands NAME...] [--ranks 0 2]
              [--every 1]

--steps: how many limits of memory between 100 MB and 3 GB are tried; 30 is the long form. --every 5: one of five.
"""

import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import support  # noqa: E402

LIMIT_SECONDS = support.LIMIT_SECONDS
# What ends the process before the program begins; OpenBLAS starts threads when it is loaded, unless OMP_NUM_THREADS is 1.
LOADER = ("error while loading shared libraries", "cannot allocate memory in static TLS block", "OpenBLAS blas_thread_init")
NOBODY = 65534
NO_CRASH = ("terminate called", "Segmentation fault", "Signal:", "HDF5-DIAG", "core dumped")


def commands(options, f):
    """{name: arguments}."""
    solve = ["--features", options.features, "--probability-folds", 0, "--test-fraction", 0.3]
    out, model, weights = f / "out", f / "m.h5", ["--weights", options.weights]
    picture = f / "corpus/a/0.png"
    return {
        "extract": ["extract", "--corpus", f / "corpus", "--out", out, *weights, "--threads", 2, "--batch", 2, "--precision", "fp32"],
        "train": ["train", *solve, "--out", out],
        "search": ["search", *solve, "--out", out, "--C", 1, 10, "--folds", 2],
        "predict": ["predict", "--model", model, *weights, picture],
        "neighbours": ["neighbours", "--features", options.features, *weights, picture, 3],
        "map": ["map", options.features, "--out", out, "--perplexity", 5, "--steps", 20],
        "audit": ["audit", options.features, "--out", out, "--folds", 2],
        "serve": ["serve", "--features", options.features, "--model", model, *weights, "--listen", "127.0.0.1:0"],
        "report": ["report", "--features", options.features, "--model", model, "--out", out, "--no-pictures"],
    }  # fmt: skip


class Limited:
    """Runs commands under a limit."""

    def __init__(self, check, options, folder):
        self.check, self.options, self.folder = check, options, folder

    def works_as_nobody(self):
        words = ["setpriv", f"--reuid={NOBODY}", "--clear-groups", str(self.options.pool3), "--version"]
        return shutil.which("setpriv") is not None and subprocess.run(words, capture_output=True, check=False).returncode == 0

    def launch(self, command, ranks, limit):
        """`limit`: words of bash's ulimit."""
        words = ["bash", "-c", f'ulimit {limit} || exit 99; exec "$@"', "bash", self.options.pool3, *command]
        if ranks:
            words = ["mpirun", "-n", ranks, "--oversubscribe", "--bind-to", "none", *words]
        return [str(word) for word in words]

    def run(self, name, ranks, limit, user=None):
        command = commands(self.options, self.folder)[name]
        shutil.rmtree(self.folder / "out", ignore_errors=True)
        for left in self.folder.glob("out*"):
            left.unlink()
        words = self.launch(command, ranks, limit)
        if user:
            words = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *words]
        # Pipes: a limit of file sizes is one of the log, too.
        begin = time.monotonic()
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env=support.environment({"HOME": str(self.folder), "OMP_NUM_THREADS": "2"}), cwd=self.folder,
                                   start_new_session=True)  # fmt: skip
        if name == "serve":
            late = threading.Timer(LIMIT_SECONDS, os.killpg, (process.pid, signal.SIGKILL))
            late.start()
            if process.stdout.readline():
                process.send_signal(signal.SIGTERM)
            late.cancel()
        try:
            err, code = process.communicate(timeout=LIMIT_SECONDS)[1], process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            err, code = process.communicate()[1], None
        self.judge(f"{name}, ulimit {limit}, {ranks or 1} ranks", code, err, ranks, time.monotonic() - begin)

    def judge(self, what, code, err, ranks, seconds):
        lines = [line for line in err.splitlines() if line.startswith("pool3: error:")]
        crashes = [sign for sign in NO_CRASH if sign in err]
        loader = any(sign in err for sign in LOADER)
        fine = code in (0, 3) and not lines
        if code == 1:
            fine = len(lines) == 1
        if loader and not lines:  # too little for the program itself
            fine = code in (1, 127, -signal.SIGINT) or ranks > 1
        if not self.check(fine and not crashes, f"{what}: exit code {code} after {seconds:.1f} s: {' | '.join(lines)[:200]}"):
            print(err[-3000:], flush=True)


def memory_limits(steps):
    """kB, denser where little is."""
    least, most = 100_000, 3_000_000
    return [round(least * (most / least) ** (i / max(steps - 1, 1))) for i in range(steps)]


def limits(options):
    of_kind = {"v": [f"-v {kb}" for kb in memory_limits(options.steps)], "n": ["-n 20", "-n 40", "-n 64"],
               "f": ["-f 0", "-f 1", "-f 40", "-f 400"], "u": ["-u 1", "-u 3", "-u 6", "-u 12"],
               "s": ["-s unlimited", "-s 1024", "-s 256"]}  # fmt: skip
    return {kind: of_kind[kind] for kind in options.kinds}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pool3", required=True, type=pathlib.Path)
    parser.add_argument("--weights", required=True, type=pathlib.Path)
    parser.add_argument("--features", required=True, type=pathlib.Path)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--kinds", nargs="*", default=["v", "n", "f", "u", "s"])
    parser.add_argument("--commands", nargs="*", default=[])
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--ranks", nargs="*", type=int, default=[0, 2])
    options = parser.parse_args()
    check = support.Checks()
    for name in ("pool3", "weights", "features"):
        setattr(options, name, getattr(options, name).resolve())
    with tempfile.TemporaryDirectory(prefix="pool3-limits-") as place:
        folder = pathlib.Path(place)
        folder.chmod(0o777)
        pictures = support.choose_pictures("shapes", 4)
        support.copy_pictures(folder / "corpus/a", pictures[:2])
        support.copy_pictures(folder / "corpus/b", pictures[2:])
        subprocess.run([str(options.pool3), "train", "--features", str(options.features), "--out", str(folder / "m.h5")], check=True,
                       env=support.environment({}))
        limited, turn = Limited(check, options, folder), 0
        for kind, some in limits(options).items():
            if kind == "u" and os.geteuid() == 0 and not limited.works_as_nobody():
                print("not checked: threads (root has no limit of them)")
                continue
            for name in options.commands or commands(options, folder):
                for ranks in options.ranks:
                    for limit in some:
                        turn += 1
                        if (name != "serve" or not ranks) and turn % options.every == 0:
                            limited.run(name, ranks, limit, NOBODY if kind == "u" and os.geteuid() == 0 else None)
    check.finish()


if __name__ == "__main__":
    main()
