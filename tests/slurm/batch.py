"""What the Slurm tests share: the cluster, settings of the job scripts, real pictures."""

import json
import os
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]
import cluster as slurm  # noqa: E402
import support as e2e  # noqa: E402

SCRIPTS = HERE.parents[1] / "slurm"
# Two "nodes" on one machine must not meet in shared memory.
NETWORK = {"OMPI_MCA_btl": "self,tcp", "OMPI_MCA_btl_tcp_if_include": "lo", "OMPI_MCA_oob_tcp_if_include": "lo",
           "OMPI_MCA_mpi_yield_when_idle": "1", "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
           "OMP_NUM_THREADS": "1"}


class Site:
    """A cluster with a folder for its jobs."""

    def __init__(self, cluster, pool3, folder, check):
        self.cluster, self.pool3, self.folder, self.check = cluster, pool3, folder, check
        self.settings = {**NETWORK, "POOL3_PROGRAM": str(pool3.program), "POOL3_WEIGHTS": str(pool3.weights),
                         "POOL3_CORPUS": str(folder / "corpus"), "POOL3_LABELS": "directory",
                         "POOL3_EXTRACT_FLAGS": "--threads 1 --batch 4", "POOL3_FOLDER": str(folder / "work")}
        self.work = folder / "work"
        self.quick = folder / "quick"

    def submit(self, script, *flags, **settings):
        return self.cluster.submit(*flags, str(SCRIPTS / script), env={**self.settings, **settings}, cwd=str(self.folder))

    def status(self, stage):
        return json.loads((self.work / "status" / f"{stage}.json").read_text())

    def expect(self, job, state="COMPLETED", seconds=480):
        found = self.cluster.wait(job, seconds)
        if not self.check(found == state, f"job {job} is {state}"):
            sys.exit(f"it is {found}\n{self.logs()}")

    def progress(self, file):
        """What `pool3 status` says of a file that a job makes; None before it is there."""
        if not file.exists():
            return None
        done = self.pool3.start(["status", "--json", file], ranks=0, limit_seconds=e2e.LIMIT_SECONDS)
        return json.loads(done.out) if done.code in (0, 75) else None

    def wait_for_rows(self, partial):
        """Until a running job has done some rows of a file."""
        def begun():
            progress = self.progress(partial)
            return progress and progress["done"] > 0 and progress["state"] == "running"
        self.cluster.wait_until(begun, 480, f"{partial} has rows")

    def build_corpus(self, count):
        """`count` real pictures of each of two classes; their paths, by class."""
        copied = e2e.build_corpus(self.folder / "corpus", ["animals", "computer"], count)
        for path in (self.folder / "corpus").rglob("*.png"):
            path.rename(path.with_name(f"{path.stem} slow.png"))
        return {folder: [f"{p[:-4]} slow.png" for p in paths] for folder, paths in copied.items()}

    def slow_program(self):
        """pool3 as on a slow disk: it takes a second to open one of these pictures, but for speed_up()."""
        slow, library = self.folder / "slow-pool3", pathlib.Path(self.pool3.library).absolute()
        slow.write_text(f'#!/bin/sh\nLD_PRELOAD={library} POOL3_TEST_QUICK={self.quick} exec {self.pool3.program} "$@"\n')
        slow.chmod(0o755)
        return str(slow)

    def speed_up(self):
        """Jobs of slow_program() are quick from now on, those that run too, until slow_down()."""
        self.quick.touch()

    def slow_down(self):
        self.quick.unlink(missing_ok=True)

    def speed_up_next_life(self, job, restarts=1, seconds=240):
        """Once a job of slow_program() has been put back into the queue."""
        self.cluster.wait_until(lambda: int(self.cluster.show(job)["Restarts"]) >= restarts, seconds, f"job {job} is requeued")
        self.speed_up()

    def reference(self, out="reference.h5", *flags):
        """The features of the corpus as a single undisturbed process makes them."""
        path = self.folder / out
        done = self.pool3.start(["extract", "--corpus", self.folder / "corpus", "--labels", "directory", "--threads", 1,
                                 "--batch", 4, "--out", path, *flags], ranks=0, env={"POOL3_WEIGHTS": str(self.pool3.weights)})
        if done.code not in (0, 3):
            sys.exit(f"FAILED: {done}")
        return path

    def logs(self):
        parts = [f"--- {log}\n{log.read_text(errors='replace')}" for log in sorted(self.folder.rglob("*.log"))
                 if not log.is_relative_to(self.cluster.folder)]
        return "\n".join(parts + [self.cluster.logs()])


def run(description, test, nodes=2):
    """Starts a cluster and calls test(site); ends the program with 0, 1, or 77 where Slurm is not installed."""
    if missing := slurm.missing_packages():
        print(f"skipped: not installed: {', '.join(missing)} (scripts/setup slurm installs them)")
        sys.exit(slurm.SKIPPED)
    check, pool3, folder = e2e.start_test(description)
    with tempfile.TemporaryDirectory(prefix="pool3-slurm-") as private:
        os.chmod(private, 0o755)
        with slurm.Cluster(private, nodes) as cluster:
            site = Site(cluster, pool3, folder, check)
            try:
                test(site)
            except Exception as error:
                check(False, f"{type(error).__name__}: {error}")
            if check.failed:
                print(site.logs())
    check.finish()
