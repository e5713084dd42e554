"""Disks that are full, broken or read-only, jobs that meet each other, files of the future: one line, exit code 1,
nothing is lost, and the same command goes on.

    faults.py STORE_JOB INTERPOSE
"""

import errno
import fcntl
import os
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from store import Job, beside

F_OFD_SETLK = 37


def expect(result, *parts):
    """Exit code 1 and one line with all parts."""
    lines = [line for line in result.stderr.splitlines() if line.startswith("store_job: error:")]
    assert result.returncode == 1 and len(lines) == 1, f"{result.returncode}\n{result.stderr}"
    missing = [part for part in parts if part not in lines[0]]
    assert not missing, f"{missing} not in: {lines[0]}"


class Faults:
    def __init__(self, job, folder):
        self.job, self.folder, self.count = job, folder, 0
        reference = self.place("reference")
        job.run(reference)
        self.wanted = reference.read_bytes()

    def place(self, name, root=None):
        path = (root or self.folder) / f"{name}-{self.count}" / "f.h5"
        self.count += 1
        path.parent.mkdir()
        return path

    def goes_on(self, path, ranks=2):
        result = self.job.run(path, ranks=ranks)
        assert result.returncode == 0, result.stderr
        assert path.read_bytes() == self.wanted, "the file differs"
        assert beside(path) == [], beside(path)

    def broken_writes(self):
        """A write fails, in each phase, on one rank or on the second of two."""
        for number in (errno.EIO, errno.EDQUOT, errno.ENOSPC):
            for at in (1, 3, 12, 30, 45, 60):
                path = self.place("errno")
                result = self.job.run(path, fail_at=at, errno=number)
                if result.returncode == 0:
                    continue
                assert result.returncode == 1, f"write {at}: {result.returncode}\n{result.stderr}"
                if os.strerror(number) not in result.stderr and at < 20:
                    assert "HDF5" in result.stderr or "f.h5" in result.stderr, result.stderr
                assert not path.exists()
                self.goes_on(path)
            path = self.place("second")
            result = self.job.run(path, ranks=2, fail_at=2, errno=number, rank=1)
            if result.returncode != 0:
                expect(result, os.strerror(number), "f.h5.partial", "run the same command again")
            self.goes_on(path, ranks=1)

    def full_disk(self):
        """A small tmpfs that is filled up while the job is stopped, and one that is too small from the start."""
        mount = self.folder / "tmpfs"
        mount.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(mount)], capture_output=True).returncode:
            print("not checked: a full disk (tmpfs can't be mounted here)")
            return
        try:
            path = self.place("full", mount)
            self.job.run(path, kill_at=30)
            assert pathlib.Path(f"{path}.partial").exists()
            ballast = mount / "ballast"
            with open(ballast, "wb", buffering=0) as file:
                try:
                    while True:
                        file.write(b"x" * 512)
                except OSError:
                    pass
            expect(self.job.run(path), "No space left on device", "f.h5")
            assert "f.h5.lock" not in beside(path), "a lock without its owner's name is left"
            ballast.unlink()
            self.goes_on(path)
            ballast.write_bytes(b"x" * 720_000)
            path = self.place("small", mount)
            expect(self.job.run(path), "f.h5.partial: needs", "B free")
            assert beside(path) == []
            ballast.unlink()
            subprocess.run(["mount", "-o", "remount,ro", str(mount)], check=True)
            expect(self.job.run(path), "Read-only file system", str(path.parent))
        finally:
            subprocess.run(["umount", str(mount)], check=True)

    def other_jobs(self):
        path = self.place("lock")
        lock = pathlib.Path(f"{path}.lock")
        lock.write_text("host somewhere\njob 4711\npid 99\n")
        with open(lock, "r+b") as file:
            byte = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 1, 0)
            fcntl.fcntl(file, F_OFD_SETLK, byte)
            for ranks in (1, 2):
                expect(self.job.run(path, ranks=ranks), "is being made by another job: host somewhere, job 4711, pid 99")
        self.goes_on(path)  # its owner is dead: the text alone holds nothing

    def last_rank_of_a_dead_job(self):
        """A rank that is still at work after its root has died is waited for."""
        path = self.place("worker")
        file = open(f"{path}.lock", "w+b")
        fcntl.fcntl(file, F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_RDLCK, os.SEEK_SET, 1, 1, 0))
        threading.Timer(2, file.close).start()
        start = time.monotonic()
        self.goes_on(path)
        assert time.monotonic() - start > 1.5

    def without_locks(self):
        """On a file system without locks the owner's text and the time of its file decide."""
        path = self.place("nolocks")
        lock = pathlib.Path(f"{path}.lock")
        here = socket.gethostname()
        lock.write_text("host somewhere\njob 4711\npid 99\n")
        for clock in (0, 7200, -7200):  # of this node, beside that of the file system
            expect(self.job.run(path, no_locks=1, clock=clock), "is being made by another job: host somewhere")
        lock.write_text(f"host {here}\njob none\npid {os.getpid()}\n")
        expect(self.job.run(path, no_locks=1), f"is being made by another job: host {here}")
        # In containers processes have the same numbers again and again: this one's own is no other's.
        result = self.job.run(path, no_locks=1, before=f'printf "host {here}\\njob none\\npid $$\\n" >{lock}')
        assert result.returncode == 0, result.stderr
        path.unlink()
        dead = subprocess.Popen(["true"])
        dead.wait()
        lock.write_text(f"host {here}\njob none\npid {dead.pid}\n")
        result = self.job.run(path, no_locks=1)
        assert result.returncode == 0, result.stderr
        path.unlink()
        lock.write_text("host somewhere\njob 4711\npid 99\n")
        os.utime(lock, (time.time() - 3600, time.time() - 3600))
        result = self.job.run(path, no_locks=1, clock=-7200)
        assert result.returncode == 0, result.stderr
        assert path.read_bytes() == self.wanted

    def future(self):
        path = self.place("future")
        self.job.run(path, kill_at=30)
        partial = pathlib.Path(f"{path}.partial")
        data = bytearray(partial.read_bytes())
        data[32] = 7
        partial.write_bytes(data)
        for ranks in (1, 2):
            expect(self.job.run(path, ranks=ranks), "format version 7 is newer than 1", "use a newer pool3")
        assert partial.read_bytes() == data
        data[32] = 1
        partial.write_bytes(data)
        self.goes_on(path)


def main():
    job = Job(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]))
    with tempfile.TemporaryDirectory(prefix="pool3-faults-") as folder:
        faults = Faults(job, pathlib.Path(folder))
        for step in (faults.broken_writes, faults.full_disk, faults.other_jobs, faults.last_rank_of_a_dead_job,
                     faults.without_locks, faults.future):
            step()
            print(f"ok: {step.__name__}", flush=True)


if __name__ == "__main__":
    main()
