"""SIGUSR1 and SIGTERM end an extraction within ten seconds, with exit code 75; the same command goes on, and another
one is refused by name.

    signals.py --pool3 PROGRAM --weights FILE
"""

import argparse
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from importlib.machinery import SourceFileLoader

kill = SourceFileLoader("kill", str(pathlib.Path(__file__).resolve().parent / "kill")).load_module()

ROWS = 400


class Signals:
    def __init__(self, pool3, weights, folder):
        self.pool3, self.weights, self.folder = pool3, weights, folder
        kill.make_corpus(folder / "corpus", ROWS)

    def command(self, out, changed):
        flags = {"--corpus": self.folder / "corpus", "--weights": self.weights, "--threads": 1, "--batch": 4, "--out": out}
        return [self.pool3, "extract", *(word for flag in {**flags, **changed}.items() for word in flag)]

    def start(self, ranks, out, **changed):
        launch = ["mpirun", "-n", str(ranks), "--oversubscribe", "--bind-to", "none"] if ranks else []
        return subprocess.Popen([*launch, *map(str, self.command(out, changed))], env={**os.environ, **kill.ENV},
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, ranks, out, **changed):
        process = self.start(ranks, out, **changed)
        output = process.communicate(timeout=600)[0]
        return process.returncode, output

    def wait_for_rows(self, partial, before):
        """Until some rows are written since it was `before`: the file has an open seal and takes space."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if partial.exists() and partial.stat().st_mtime_ns != before and partial.stat().st_blocks * 512 > 200_000:
                return
            time.sleep(0.02)
        sys.exit("FAILED: no row was written in two minutes")

    def stop(self, ranks, number, out):
        partial = pathlib.Path(f"{out}.partial")
        before = partial.stat().st_mtime_ns if partial.exists() else 0
        process = self.start(ranks, out)
        self.wait_for_rows(partial, before)
        begin = time.monotonic()
        process.send_signal(number)
        output = process.communicate(timeout=60)[0]
        seconds = time.monotonic() - begin
        assert process.returncode == 75, f"exit code {process.returncode}\n{output}"
        assert seconds < 10, f"it took {seconds:.1f} s"
        assert "the same command goes on" in output, output
        assert not out.exists() and pathlib.Path(f"{out}.partial").exists()
        print(f"ok: {number.name} to {'mpirun of ' + str(ranks) + ' ranks' if ranks else 'a lone rank'}: exit code 75 "
              f"after {seconds:.1f} s", flush=True)

    def refused(self, out, flag, value, says):
        code, output = self.run(0, out, **{flag: value})
        lines = [line for line in output.splitlines() if line.startswith("pool3: error:")]
        assert code == 1 and len(lines) == 1 and "is of another job" in lines[0] and says in lines[0], output


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool3", required=True)
    parser.add_argument("--weights", required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pool3-signals-") as name:
        folder = pathlib.Path(name)
        signals = Signals(arguments.pool3, arguments.weights, folder)
        out, reference = folder / "f.h5", folder / "reference.h5"
        signals.stop(0, signal.SIGTERM, out)
        for flag, value, says in (("--batch", 8, "--batch: 8 here, 4 there"), ("--labels", "none", "labels: none here"),
                                  ("--max-pixels", 5, "--max-pixels: 5 here"), ("--dtype", "float16", '"float16" here')):
            signals.refused(out, flag, value, says)
        extra = folder / "corpus" / "a" / "new.png"
        extra.write_bytes(kill.png((1, 2, 3)))
        signals.refused(out, "--batch", 4, "catalogue_hash")
        extra.unlink()
        print("ok: other jobs are refused by name", flush=True)
        signals.stop(2, signal.SIGUSR1, out)
        code, output = signals.run(3, out)
        assert code == 3 and "going on: " in output, output
        signals.run(2, reference)
        assert out.read_bytes() == reference.read_bytes(), "the file differs from an undisturbed one"
        assert sorted(p.name for p in folder.iterdir()) == [
            "corpus", "f.h5", "f.h5.failures.tsv", "reference.h5", "reference.h5.failures.tsv"]
        print("ok: gone on with another number of ranks, byte for byte")


if __name__ == "__main__":
    main()
