"""Waits for jobs under mpirun."""

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from support import environment  # noqa: E402, F401: the jobs' environment, as in the end-to-end tests


def ranks_of(process, program):
    """Process ids of the ranks that live."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[3]) == process.pid or int(fields[1]) == process.pid:
                name = (path.parent / "cmdline").read_text().split("\0")[0]
                if name == str(program) and int(path.parent.name) != process.pid:
                    found.append(int(path.parent.name))
        except (OSError, IndexError):
            continue  # it has ended
    return found


def communicate(process, program, seconds=1200):
    """As Popen.communicate(). An mpirun that outlives its ranks by a minute is killed: PMIx 4.2 can lock itself up at the end
    of a job whose ranks were killed."""
    without = 0
    for _ in range(seconds // 20):
        try:
            return process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            without = 0 if ranks_of(process, program) else without + 1
            if process.args[0] == "mpirun" and without == 3:
                print(f"mpirun {process.pid} has outlived its ranks", flush=True)
                process.kill()
    raise TimeoutError(f"{process.args} has not ended")
