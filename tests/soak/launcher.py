"""The environment of jobs under mpirun, and how to wait for them."""

import atexit
import itertools
import os
import pathlib
import shutil
import subprocess
import tempfile

SESSIONS = pathlib.Path(tempfile.gettempdir(), f"pool3-soak-mpi.{os.getpid()}")
launches = itertools.count()
atexit.register(shutil.rmtree, SESSIONS, ignore_errors=True)


def environment(**settings):
    """The caller's. Each launch has a session folder of its own: two mpirun that begin or end at one instant, as when one is
    killed while another starts, fail over the one that they share."""
    return {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_mpi_yield_when_idle": "1",
            "OMPI_MCA_odls_base_sigkill_timeout": "0", "OMPI_MCA_orte_top_session_dir": f"{SESSIONS}/{next(launches)}",
            **settings}  # fmt: skip


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
