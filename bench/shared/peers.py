"""What the comparisons share: worker processes that measure on demand, rounds of them, and what the machine is.

A worker is a process that says "ready" and then answers each line on its standard input with seconds. It works only
while it has a question, so one of many computes at a time, and a driver can interleave them: A B C, A B C, ...
"""

import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e/network"))  # their helpers read weights and pictures


def fail(message):
    sys.exit(f"{pathlib.Path(sys.argv[0]).name}: error: {message}")


def _in_one_line(kind, error, trace):
    """What a benchmark runs may be missing, of another version, or fail: no reason to show where it was called."""
    if issubclass(kind, subprocess.CalledProcessError):
        said = (error.stderr or "").strip().splitlines()
        program = error.cmd[0] if isinstance(error.cmd, list) else error.cmd
        print(f"{pathlib.Path(sys.argv[0]).name}: error: {program} ended with exit code {error.returncode}"
              f"{': ' + said[-1] if said else ''}", file=sys.stderr)
    elif issubclass(kind, OSError) and error.filename:
        advice = "; build it with scripts/build bench" if "bench/bench_" in str(error.filename) else ""
        print(f"{pathlib.Path(sys.argv[0]).name}: error: {error.filename}: {error.strerror}{advice}", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


sys.excepthook = _in_one_line


class Worker:
    """One worker process, on `cores` alone."""

    def __init__(self, name, command, cores):
        self.name = name
        env = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}  # BLAS as it comes
        env |= {"OMP_NUM_THREADS": str(len(cores)), "OPENBLAS_NUM_THREADS": "1"}
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env=env, preexec_fn=lambda: os.sched_setaffinity(0, cores))
        self.cores = cores

    def wait_until_ready(self):
        if self._line() != "ready":
            fail(f"{self.name} did not start")

    def tell(self, question):
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()

    def answers(self):
        return [float(word) for word in self._line().split()]

    def answer(self):
        return self.answers()[0]

    def ask(self, question):
        self.tell(question)
        return self.answer()

    def resident_bytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    def close(self):
        self.process.stdin.close()
        self.process.wait()

    def _line(self):
        line = self.process.stdout.readline()
        if not line:
            fail(f"{self.name} ended with exit code {self.process.wait()}")
        return line.strip()


def rates_of(questions, repeats):
    """Asks all in turn, `repeats` times. `questions`: {name: (function that gives seconds, items)}; {name: [rate]}."""
    rates = {name: [] for name in questions}
    for _ in range(repeats):
        for name, (seconds, items) in questions.items():
            rates[name].append(items / seconds())
    return rates


def ratios(rates, base):
    """Median, least and largest ratio to `base`, each taken within one round."""
    each = [a / b for a, b in zip(rates, base)]
    return {"median": statistics.median(each), "least": min(each), "largest": max(each)}


def summary(rates):
    return {"median": statistics.median(rates), "least": min(rates), "largest": max(rates), "all": rates}


def cpu_facts():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*:\s*(.*)", text)
    flags = set((re.search(r"flags\s*:\s*(.*)", text) or ["", ""])[1].split())
    levels = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8", "hypervisor")
    return {"model": model[1] if model else platform.machine(), "flags": [f for f in levels if f in flags]}


def caches():
    found = {}
    for index in sorted(pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = ((index / name).read_text().strip() for name in ("level", "type", "size"))
        if kind != "Instruction":
            found[f"L{level}"] = size
    return found


def commit():
    told = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True)
    return told.stdout.strip() or "unknown"


def machine():
    """What a figure depends on and can't be seen from it."""
    memory = re.search(r"MemTotal:\s+(\d+) kB", pathlib.Path("/proc/meminfo").read_text())
    return {"cpu": cpu_facts(), "caches": caches(), "cores": os.cpu_count(), "memory_gib": round(int(memory[1]) / 2**20, 1),
            "kernel": platform.release(), "load": [round(v, 2) for v in os.getloadavg()], "pool3_commit": commit()}


def machine_line(facts):
    return (f"{facts['cpu']['model']} ({' '.join(facts['cpu']['flags'])}), {facts['cores']} cores, "
            f"{facts['memory_gib']} GiB, load {facts['load'][0]}, pool3 {facts['pool3_commit']}")
