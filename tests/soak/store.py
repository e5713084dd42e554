"""Kills a job of the store, goes on with it, and compares bytes: before its 1st, 2nd, 3rd, ... operation on files, and
with random numbers of ranks before random operations of random ranks.

    store.py STORE_JOB INTERPOSE [--every N] [--random N] [--seed S]

With --every N only each N-th operation is tried, with 0 none.
"""

import argparse
import os
import pathlib
import random
import subprocess
import tempfile

import launcher


class Job:
    def __init__(self, program, library):
        self.program, self.library = program, library

    def run(self, path, ranks=1, durable=False, **settings):
        env = launcher.environment({"LD_PRELOAD": self.library, "POOL3_TEST_MATCH": str(path),
                                    **{"POOL3_TEST_" + name.upper(): str(value) for name, value in settings.items()}})
        launch = ["mpirun", "-n", str(ranks), "--oversubscribe", "--bind-to", "none"] if ranks > 1 else []
        command = [*launch, self.program, str(path)] + ["durable"] * durable
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   start_new_session=True)
        out, errors = launcher.communicate(process, self.program, 300)
        return subprocess.CompletedProcess(command, process.returncode, out, errors)


def beside(path):
    return sorted(p.name for p in path.parent.iterdir() if p.name != path.name)


class Tally:
    """Counts kills by what they left."""

    def __init__(self):
        self.kills, self.nothing, self.partial, self.whole, self.kept = 0, 0, 0, 0, 0

    def add(self, place, wanted, what):
        self.kills += 1
        if place.exists():
            self.whole += 1
            assert place.read_bytes() == wanted, f"{what}: the finished file differs"
        elif pathlib.Path(f"{place}.partial").exists():
            self.partial += 1
        else:
            self.nothing += 1

    def __str__(self):
        return (f"{self.kills} kills: {self.nothing} left nothing, {self.partial} a .partial, {self.whole} the finished "
                f"file; {self.kept} blocks were kept; every file was the undisturbed one, byte for byte")


def finish(job, place, wanted, tally, what, ranks, durable):
    """Goes on to the end."""
    result = job.run(place, ranks=ranks, durable=durable)
    assert result.returncode == 0, f"{what}: {result.stderr}"
    tally.kept += int(result.stdout.split()[0])
    assert place.read_bytes() == wanted, f"{what}: the file differs"
    assert beside(place) == [], f"{what}: {beside(place)} is left"


def every_operation(job, folder, wanted, every):
    """One rank, killed before its 1st, 2nd, 3rd, ... operation; each fourth time killed again while it goes on."""
    tally = Tally()
    for durable in (False, True):
        at = 1
        while True:
            place = folder / f"{durable}-{at}" / "f.h5"
            place.parent.mkdir()
            if job.run(place, durable=durable, kill_at=at).returncode == 0:
                break  # it has no so many operations
            tally.add(place, wanted, f"operation {at}")
            if at % 4 == 0 and job.run(place, durable=durable, kill_at=1 + at // 3).returncode != 0:
                tally.add(place, wanted, f"operation {at}, again")
            finish(job, place, wanted, tally, f"operation {at}", 1 + (at // every) % 2, durable)
            at += every
        assert at > 30, f"only {at} operations: is the library loaded?"
    least = min(tally.nothing, tally.partial, tally.whole) if every < 4 else tally.partial
    assert least > 0, tally
    print(tally, flush=True)


def random_kills(job, folder, wanted, count, seed):
    """A random rank of a random number of them, before a random operation; resumed with another number."""
    numbers, tally, runs = random.Random(seed), Tally(), 0
    place = folder / "random" / "f.h5"
    place.parent.mkdir()
    while tally.kills < count:
        ranks = numbers.choice((1, 2, 3, 4))
        rank = numbers.choice((0, numbers.randrange(ranks)))
        at = numbers.randint(1, 90 if rank == 0 else 20)
        result = job.run(place, ranks=ranks, durable=numbers.random() < 0.5, kill_at=at, rank=rank)
        runs += 1
        if result.returncode == 0:
            assert place.read_bytes() == wanted, f"run {runs}: the file differs"
            assert beside(place) == [], f"run {runs}: {beside(place)} is left"
            place.unlink()
            continue
        assert "store_job: error" not in result.stderr, result.stderr
        tally.add(place, wanted, f"run {runs}")
    finish(job, place, wanted, tally, "the last run", 2, False)
    print(f"random ranks: {tally}, in {runs} runs")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("library")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--random", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    job = Job(os.path.abspath(arguments.program), os.path.abspath(arguments.library))
    with tempfile.TemporaryDirectory(prefix="pool3-soak-") as name:
        folder = pathlib.Path(name)
        reference = folder / "reference" / "f.h5"
        reference.parent.mkdir()
        job.run(reference)
        wanted = reference.read_bytes()
        random_kills(job, folder, wanted, arguments.random, arguments.seed)
        if arguments.every > 0:
            every_operation(job, folder, wanted, arguments.every)


if __name__ == "__main__":
    main()
