"""Kills a job of the store before its 1st, 2nd, 3rd, ... operation on files, goes on with it, and compares bytes.

    store.py STORE_JOB INTERPOSE [--every N] [--ranks N...]      with --every N only each N-th operation is tried
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT_ENV = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_mpi_yield_when_idle": "1",
            "OMPI_MCA_odls_base_sigkill_timeout": "0"}


class Job:
    def __init__(self, program, library):
        self.program, self.library = program, library

    def run(self, path, ranks=1, durable=False, **settings):
        env = {**os.environ, **ROOT_ENV, "LD_PRELOAD": self.library, "POOL3_TEST_MATCH": str(path)}
        env.update({"POOL3_TEST_" + name.upper(): str(value) for name, value in settings.items()})
        launch = ["mpirun", "-n", str(ranks), "--oversubscribe", "--bind-to", "none"] if ranks > 1 else []
        command = [*launch, self.program, str(path)] + ["durable"] * durable
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)


def beside(path):
    return sorted(p.name for p in path.parent.iterdir() if p.name != path.name)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("library")
    parser.add_argument("--every", type=int, default=1)
    arguments = parser.parse_args()
    job = Job(os.path.abspath(arguments.program), os.path.abspath(arguments.library))
    with tempfile.TemporaryDirectory(prefix="pool3-soak-") as folder:
        reference = pathlib.Path(folder) / "reference" / "f.h5"
        reference.parent.mkdir()
        job.run(reference)
        wanted = reference.read_bytes()
        kills, nothing, partial, whole, kept = 0, 0, 0, 0, 0
        for durable in (False, True):
            at = 1
            while True:
                place = pathlib.Path(folder) / f"{durable}-{at}" / "f.h5"
                place.parent.mkdir()
                first = job.run(place, durable=durable, kill_at=at)
                if first.returncode == 0:
                    break  # it has no so many operations
                kills += 1
                if place.exists():
                    whole += 1
                    assert place.read_bytes() == wanted, f"operation {at}: the finished file differs"
                elif (place.parent / "f.h5.partial").exists():
                    partial += 1
                else:
                    nothing += 1
                if at % 4 == 0:  # killed again while it goes on
                    kills += job.run(place, durable=durable, kill_at=1 + at // 3).returncode != 0
                second = job.run(place, ranks=1 + (at // arguments.every) % 2, durable=durable)
                assert second.returncode == 0, f"operation {at}: {second.stderr}"
                kept += int(second.stdout.split()[0])
                assert place.read_bytes() == wanted, f"operation {at}: the file differs"
                assert beside(place) == [], f"operation {at}: {beside(place)} is left"
                at += arguments.every
            assert at > 60, f"only {at} operations: is the library loaded?"
    least = min(nothing, partial, whole) if arguments.every < 4 else partial
    assert least > 0, (nothing, partial, whole)
    print(f"{kills} kills: {nothing} left nothing, {partial} a .partial, {whole} the finished file; "
          f"{kept} blocks were kept; every file was the undisturbed one, byte for byte")


if __name__ == "__main__":
    sys.exit(main())
