"""What docs/operations.md says to do when something fails, done: the message it names comes, and the advice helps."""

import os
import shutil
import subprocess

import batch

FLAGS = "--threads 1 --batch 4"
BROKEN = "broken.png"


class Embed:
    """Jobs that make the features of one folder."""

    def __init__(self, site, name):
        self.site, self.folder = site, site.folder / name
        self.out = self.folder / "features.h5"

    def submit(self, *flags, **settings):
        """The job's id, and its log when it has ended."""
        job = self.site.submit("embed.sbatch", *(flags or ("--ntasks=1",)), **{"POOL3_FOLDER": str(self.folder), **settings})
        return job, self.site.folder / f"pool3-embed-{job}.log"

    def fails(self, code, says, *flags, **settings):
        job, log = self.submit(*flags, **settings)
        self.site.expect(job, "FAILED")
        lines = [line for line in log.read_text().splitlines() if says in line]
        found = self.site.cluster.show(job)["ExitCode"]
        self.site.check(lines and found == f"{code}:0", f"exit code {found}: {lines[-1] if lines else 'not said: ' + says}")

    def ends_well(self, *flags, **settings):
        job, log = self.submit(*flags, **settings)
        self.site.expect(job)
        return log.read_text()


def script(site, name, *lines):
    path = site.folder / name
    path.write_text("\n".join(["#!/bin/sh", *lines, f'exec {site.pool3.program} "$@"', ""]))
    path.chmod(0o755)
    return str(path)


def test_wrong_flag(site):
    Embed(site, "flag").fails(2, "--no-such-flag", POOL3_EXTRACT_FLAGS="--no-such-flag 1")


def test_other_job(site):
    """An unfinished file of other settings."""
    embed = Embed(site, "other")
    embed.fails(1, "--max-failures allows 0", POOL3_EXTRACT_FLAGS=f"{FLAGS} --max-failures 0")
    partial = site.folder / "other" / "features.h5.partial"
    embed.fails(1, "is of another job: ", POOL3_LABELS="none")
    partial.unlink()
    embed.ends_well(POOL3_LABELS="none")
    site.check(embed.out.exists(), "without the .partial the new settings begin anew")


def test_at_work(site, picture):
    """Two jobs that make the same file: the second one names the first; scancel ends that."""
    many = site.folder / "many" / "animals"
    many.mkdir(parents=True)
    for i in range(120):
        (many / f"{i} slow.png").symlink_to(picture)
    embed, settings = Embed(site, "twice"), {"POOL3_CORPUS": str(many.parent)}
    first, _ = embed.submit(POOL3_PROGRAM=site.slow_program(), **settings)
    site.wait_for_rows(site.folder / "twice" / "features.h5.partial")
    embed.fails(1, f"job {first}, pid ", **settings)
    site.cluster("scancel", first)
    site.expect(first, "CANCELLED")


def test_killed(site):
    """A rank that is killed is started again in the same job; out of tries, the job fails with its code."""
    once = script(site, "once", "[ -e was-killed ] || { touch was-killed; kill -9 $$; }")
    log = Embed(site, "killed").ends_well(POOL3_PROGRAM=once)
    site.check("ranks ended with code 137; trying again" in log, "code 137: the ranks are started again")
    Embed(site, "killed-again").fails(137, "ended with exit code 137", POOL3_PROGRAM=script(site, "always", "kill -9 $$"),
                                      POOL3_MOST_TRIES="1")


def test_local_folder(site):
    """The second node sees another folder under the same name."""
    (site.folder / "elsewhere" / "local").mkdir(parents=True)
    local = script(site, "local-folder", '[ "$SLURMD_NODENAME" = n1 ] || cd elsewhere')
    Embed(site, "local").fails(1, "every node must share the output folder", "--nodes=2", "--ntasks=2", POOL3_PROGRAM=local,
                               POOL3_FOLDER="local")


def test_full_disk(site):
    """Make room, submit again."""
    place = site.folder / "small"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", place], stderr=subprocess.DEVNULL).returncode:
        print("skipped: the full disk; a tmpfs can't be mounted here")
        return
    try:
        embed = Embed(site, "small")
        embed.fails(1, "B free")
        subprocess.run(["mount", "-o", "remount,size=16m", place], check=True)
        embed.ends_well()
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def test_retry(site, whole):
    """The list of failures leads to the picture; mended, it is tried again, and nothing else."""
    embed = Embed(site, "retry")
    embed.ends_well()
    table = site.folder / "retry" / "features.h5.failures.tsv"
    site.check(BROKEN in table.read_text(), "the table of failures names the picture")
    shutil.copyfile(whole, site.corpus / "animals" / BROKEN)
    log = embed.ends_well(POOL3_EXTRACT_FLAGS=f"{FLAGS} --retry-failed")
    site.check("8 rows copied, 1 tried" in log and BROKEN not in table.read_text(), "--retry-failed tries the mended one alone")


def night(site, state="COMPLETED", **settings):
    site.expect(site.submit("reembed.sbatch", "--ntasks=1", **settings), state)
    return os.readlink(site.work / "current.h5")


def test_publish_by_hand(site):
    """A generation that was held back is meant after all."""
    night(site)
    night(site, "FAILED", POOL3_EXTRACT_FLAGS=f"{FLAGS} --profile keras")
    generation = site.work / "generations" / "features-held.h5"
    (site.work / "held.h5").rename(generation)
    site.cluster(site.pool3.program, "publish", generation, "--as", site.work / "current.h5")
    site.check(os.readlink(site.work / "current.h5") == "generations/features-held.h5", "a held generation is published by hand")


def test_damaged(site):
    """The disk has changed a byte: the generation before is published, and the next night starts from it."""
    first = night(site)
    second = night(site)
    path = site.work / second
    with open(path, "r+b") as file:
        file.seek(path.stat().st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))
    found = site.pool3.start(["verify", path], ranks=0)
    site.check(found.code == 1 and "DAMAGED" in found.out + found.err, "verify says DAMAGED")
    site.cluster(site.pool3.program, "publish", site.work / first, "--as", site.work / "current.h5")
    path.unlink()
    third = night(site)
    site.check(third not in (first, second) and "9 rows copied, 0 tried" in (site.folder / "pool3-reembed.log").read_text(),
               f"the next night goes on from {first}")


def test(site):
    site.corpus = site.folder / "corpus"
    pictures = site.build_corpus(4)["animals"]
    whole = site.corpus / pictures[0]
    (site.corpus / "animals" / BROKEN).write_bytes(whole.read_bytes()[:100])
    site.settings["POOL3_EXTRACT_FLAGS"] = FLAGS
    test_wrong_flag(site)
    test_other_job(site)
    test_at_work(site, whole)
    test_killed(site)
    test_local_folder(site)
    test_full_disk(site)
    test_retry(site, whole)
    test_damaged(site)
    test_publish_by_hand(site)


batch.run(__doc__, test)
