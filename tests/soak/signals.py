"""SIGUSR1, SIGTERM and SIGHUP end an extraction within ten seconds, with exit code 75, whatever it is at; the same command goes on,
and another one is refused by name. So do search and train. What can't go on says that it begins anew.

The ten seconds are of work: on a machine that others use, too, they may be longer.

    signals.py --pool3 PROGRAM --weights FILE --features FILE --interpose LIBRARY
"""

import argparse
import json
import os
import pathlib
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from importlib.machinery import SourceFileLoader

kill = SourceFileLoader("kill", str(pathlib.Path(__file__).resolve().parent / "kill")).load_module()

ROWS = 400
LIMIT_SECONDS = 480


def has_open_seal(partial):
    with open(partial, "rb") if partial.exists() else open(os.devnull, "rb") as file:
        return file.read(5) == b"pool3"


def takes_signals(pid):
    """True if the process has handlers for both."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    caught = int(status.partition("SigCgt:")[2].split()[0], 16)
    return all(caught >> (number - 1) & 1 for number in (signal.SIGTERM, signal.SIGUSR1))


def stat_of(pid):
    """Fields of /proc/PID/stat after the name: the state first, then the parent."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def work_of(pids):
    """Seconds of a CPU that these processes have had."""
    return sum(sum(map(int, stat_of(pid)[11:13])) for pid in pids) / os.sysconf("SC_CLK_TCK")


def write_huge_picture(path, side=13040):
    """170 megapixels of one colour."""
    packer = zlib.compressobj(1)
    row = b"\0" + b"\x40\x80\xc0" * side
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + kill.chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
                     + kill.chunk(b"IDAT", data) + kill.chunk(b"IEND", b""))


class Signals:
    def __init__(self, arguments, folder):
        self.pool3, self.weights, self.library, self.folder = arguments.pool3, arguments.weights, arguments.interpose, folder
        kill.make_corpus(folder / "corpus", ROWS)

    def command(self, out, changed):
        flags = {"--corpus": self.folder / "corpus", "--weights": self.weights, "--threads": 1, "--batch": 4, "--out": out}
        return [self.pool3, "extract", *(word for flag in {**flags, **changed}.items() for word in flag)]

    def start(self, ranks, out, **changed):
        launch = ["mpirun", "-n", str(ranks), "--oversubscribe", "--bind-to", "none"] if ranks else []
        return self.launch([*launch, *self.command(out, changed)])

    def run(self, ranks, out, **changed):
        process = self.start(ranks, out, **changed)
        output = process.communicate(timeout=LIMIT_SECONDS)[0]
        return process.returncode, output

    def rows_done(self, out):
        """What `pool3 status` says; 0 before there is a file."""
        told = self.launch([self.pool3, "status", "--json", f"{out}.partial"]).communicate(timeout=LIMIT_SECONDS)[0]
        return json.loads(told)["done"] if told.startswith("{") else 0

    def stop(self, ranks, number, out):
        """When some rows are done."""
        partial = pathlib.Path(f"{out}.partial")
        before = self.rows_done(out) if partial.exists() else 0
        process = self.start(ranks, out)
        self.wait(lambda: self.rows_done(out) > before, process)
        self.end(process, number, f"mpirun of {ranks} ranks" if ranks else "a lone rank")
        assert not out.exists() and partial.exists()

    def end(self, process, number, what, says="run the same command again to resume"):
        """Sends the signal; the job must end in time, and say what the same command does then."""
        jobs = [process.pid, *kill.launcher.ranks_of(process, self.pool3)]
        begin, ended, worked = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN), work_of(jobs)
        process.send_signal(number)
        process.send_signal(signal.SIGCONT)
        output = process.communicate(timeout=LIMIT_SECONDS)[0]
        seconds, now = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
        worked = now.ru_utime + now.ru_stime - ended.ru_utime - ended.ru_stime - worked
        assert process.returncode == 75, f"exit code {process.returncode}\n{output}"
        assert worked < 10, f"it took {worked:.1f} s of work, {seconds:.1f} s in all"
        lines = [line for line in output.splitlines() if "stopped by a signal" in line]
        assert len(lines) == 1 and says in lines[0], output
        print(f"ok: {number.name} to {what}: exit code 75 after {seconds:.1f} s", flush=True)

    def stop_slow_work(self, name, number, what, **changed):
        """While a rank is at its first block, which takes longer than it may."""
        out = self.folder / name
        process = self.start(0, out, **changed)
        self.wait(lambda: has_open_seal(pathlib.Path(f"{out}.partial")), process)
        time.sleep(1)
        self.end(process, number, what)
        assert not out.exists() and pathlib.Path(f"{out}.partial").exists()
        pathlib.Path(f"{out}.partial").unlink()

    def wait(self, condition, process):
        deadline = time.monotonic() + LIMIT_SECONDS
        while not condition():
            assert process.poll() is None, f"the job did not get that far\n{process.communicate()[0]}"
            assert time.monotonic() < deadline, "the job does not get that far"
            time.sleep(0.01)

    def stop_solver(self, features):
        """A search keeps its points; a train leaves nothing."""
        table, model = self.folder / "s.json", self.folder / "m.h5"
        search = [self.pool3, "search", "--features", features, "--out", table, "--folds", "4", "--C", "0.01", "3",
                  "--search-tolerance", "1e-6"]
        process = self.launch(search, LD_PRELOAD=self.library, POOL3_TEST_STOP_RENAMED=f"{table}.points")  # between the points
        self.wait(lambda: stat_of(process.pid)[0] == "T", process)
        self.end(process, signal.SIGUSR1, "search")
        assert not table.exists()
        output = self.launch(search).communicate(timeout=600)[0]
        assert "resumed: 1 of 2 points were done" in output, output
        assert sorted(p.name for p in self.folder.glob("s.json*")) == ["s.json"]
        process = self.launch([self.pool3, "train", "--features", features, "--out", model, "--loss", "l1", "--C", "1000",
                               "--tolerance", "1e-12", "--max-epochs", "1000000"])  # seconds of work
        self.stop_what_begins_anew(process, signal.SIGHUP, "train", model)
        process = self.launch(["nohup", self.pool3, "map", features, "--out", model, "--perplexity", "5", "--steps", "100000"])  # seconds of work
        self.stop_what_begins_anew(process, signal.SIGXCPU, "map", model)
        table.unlink()

    def stop_what_begins_anew(self, process, number, what, out):
        self.wait(lambda: takes_signals(process.pid), process)
        time.sleep(0.2)
        if process.args[0] == "nohup":
            process.send_signal(signal.SIGHUP)  # which it does not see
            time.sleep(0.2)
            assert process.poll() is None
        self.end(process, number, what, "the same command begins anew")
        assert not out.exists()

    def launch(self, command, **settings):
        return subprocess.Popen([str(word) for word in command], env=kill.launcher.environment(settings), stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)

    def refused(self, out, flag, value, says):
        code, output = self.run(0, out, **{flag: value})
        lines = [line for line in output.splitlines() if line.startswith("pool3: error:")]
        assert code == 1 and len(lines) == 1 and "is of another job" in lines[0] and says in lines[0], output


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool3", required=True)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--features", required=True)
    parser.add_argument("--interpose", required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pool3-signals-") as name:
        folder = pathlib.Path(name)
        signals = Signals(arguments, folder)
        out, reference = folder / "f.h5", folder / "reference.h5"
        signals.stop(0, signal.SIGTERM, out)
        for flag, value, says in (("--batch", 8, "--batch: 8 here, 4 there"), ("--labels", "none", "labels: none here"),
                                  ("--max-pixels", 5, "--max-pixels: 5 here"), ("--dtype", "float16", '"float16" here')):
            signals.refused(out, flag, value, says)
        extra = folder / "corpus" / "a" / "new.png"
        extra.write_bytes(kill.png((1, 2, 3)))
        signals.refused(out, "--batch", 4, "catalogue: pictures of ")
        extra.unlink()
        print("ok: other jobs are refused by name", flush=True)
        signals.stop(0, signal.SIGINT, out)
        signals.stop(2, signal.SIGUSR1, out)
        code, output = signals.run(3, out)
        assert code == 3 and "resuming: " in output, output
        signals.run(2, reference)
        assert out.read_bytes() == reference.read_bytes(), "the file differs from an undisturbed one"
        assert sorted(p.name for p in folder.iterdir()) == [
            "corpus", "f.h5", "f.h5.failures.tsv", "reference.h5", "reference.h5.failures.tsv"]
        print("ok: gone on with another number of ranks, byte for byte")
        signals.stop_slow_work("slow.h5", signal.SIGUSR1, "a rank with 64 pictures in fp32 in work",
                               **{"--precision": "fp32", "--batch": 64})
        huge = folder / "huge" / "a"
        huge.mkdir(parents=True)
        write_huge_picture(huge / "0.png")
        for i in range(1, 4):  # in one block, so each is decoded
            (huge / f"{i}.png").symlink_to("0.png")
        signals.stop_slow_work("huge.h5", signal.SIGTERM, "a rank that decodes 170 megapixels", **{"--corpus": huge.parent})
        signals.stop_solver(pathlib.Path(arguments.features).absolute())


if __name__ == "__main__":
    main()
