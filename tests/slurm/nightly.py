"""The nightly re-embedding: pictures are added, changed and removed; a lost catalogue and a changed network are held back;
old generations go; never two at once; the next night submits itself.
"""

import datetime
import fcntl
import json
import os
import shutil

import batch
from batch import e2e


def published(site):
    return os.readlink(site.work / "current.h5")


def diff(site):
    return json.loads((site.work / "diff.json").read_text())


def night(site, state="COMPLETED", **settings):
    site.expect(site.submit("reembed.sbatch", "--ntasks=2", "--nodes=2", **settings), state)


def check_rows(site, what):
    """The published features are those that a fresh extraction of the catalogue makes."""
    fresh = e2e.Features(site.reference("fresh.h5"))
    now = e2e.Features(site.work / "current.h5")
    site.check(now.paths == fresh.paths and (now.features == fresh.features).all() and now.keys == fresh.keys, what)
    os.unlink(site.folder / "fresh.h5")


def test_changes(site, pictures):
    night(site)
    first = published(site)
    site.check(first.startswith("generations/features-"), f"the first night publishes {first}")
    removed, changed = pictures[:2]
    new = e2e.choose_pictures("food", 2)
    shutil.copyfile(new[0], site.corpus / "animals" / "added.png")
    (site.corpus / removed).unlink()
    shutil.copyfile(new[1], site.corpus / changed)
    night(site)
    report = diff(site)
    found = {name: report[name] for name in ("added", "removed", "changed", "newly_failed")}
    site.check(found == {"added": 1, "removed": 1, "changed": 1, "newly_failed": 0}, f"the second night sees {found}")
    log = (site.folder / "pool3-reembed.log").read_text()
    site.check("rows copied, 2 tried" in log, "only what is new was computed")
    site.check(published(site) != first, "the second generation is published")
    check_rows(site, "it holds what a fresh extraction makes")


def test_held(site, pictures):
    before = published(site)
    night(site, "FAILED", POOL3_EXTRACT_FLAGS="--threads 1 --batch 4 --profile keras")
    site.check(published(site) == before, "drift: the old generation stays published")
    status = site.status("reembed")
    site.check(status["state"] == "held" and "drifted" in status["message"], status["message"])
    site.check((site.work / "held.h5").exists(), "the new file is kept to look at")
    away = site.folder / "away"
    away.mkdir()
    for name in pictures[4:8]:
        (site.corpus / name).rename(away / os.path.basename(name))
    night(site, "FAILED")
    site.check(published(site) == before and "are gone" in site.status("reembed")["message"],
               f"a lost folder: {site.status('reembed')['message']}")
    night(site, POOL3_MOST_REMOVED="100")
    site.check(published(site) != before, "POOL3_MOST_REMOVED lets it pass for one night")
    for name in pictures[4:8]:
        (away / os.path.basename(name)).rename(site.corpus / name)


def test_broken(site):
    """Pictures that come broken, or become so, hold a generation back; what failed before does not."""
    before, changed = published(site), sorted((site.corpus / "animals").glob("*.png"))[-1]
    whole = changed.read_bytes()
    for i in range(6):
        (site.corpus / "animals" / f"broken {i}.png").write_bytes(whole[: 100 + i])
    changed.write_bytes(whole[:90])
    night(site, "FAILED")
    report = diff(site)
    found = {name: report[name] for name in ("failed_a", "failed_b", "newly_failed", "added_failed", "changed_failed")}
    site.check(found == {"failed_a": 0, "failed_b": 7, "newly_failed": 7, "added_failed": 6, "changed_failed": 1},
               f"new broken pictures are counted: {found}")
    message = site.status("reembed")["message"]
    site.check(published(site) == before and "7 of" in message and "6 were added, 1 have changed" in message, message)
    night(site, POOL3_MOST_NEWLY_FAILED="100")
    site.check(published(site) != before, "POOL3_MOST_NEWLY_FAILED lets them pass for one night")
    night(site)
    site.check(diff(site)["newly_failed"] == 0, "what failed before is not new")
    for i in range(6):
        (site.corpus / "animals" / f"broken {i}.png").unlink()
    changed.write_bytes(whole)
    night(site, POOL3_MOST_REMOVED="100")
    site.check(diff(site)["newly_done"] == 1, "and what is whole again is counted")


def test_unfinished(site):
    """What a night with another catalogue has left is no obstacle, and old generations go."""
    job = site.submit("reembed.sbatch", "--ntasks=2", POOL3_PROGRAM=site.slow_program())
    site.wait_for_rows(site.work / "next.h5.partial")
    site.cluster("scancel", job)
    site.expect(job, "CANCELLED")
    (site.corpus / "animals" / "added.png").unlink()
    for _ in range(2):
        night(site, POOL3_KEEP="2")
    site.check(not list(site.work.glob("next.h5*")), "what another night has left is gone")
    kept = sorted(p.name for p in (site.work / "generations").glob("features-*.h5"))
    site.check(len(kept) == 2 and published(site) == f"generations/{kept[-1]}", f"POOL3_KEEP=2 keeps {kept}")


def test_not_twice(site):
    """singleton holds the second job back; a third under another name is turned away by the lock."""
    jobs = [site.submit("reembed.sbatch", "--ntasks=1") for _ in range(2)]
    site.check("Dependency" in site.cluster.show(jobs[1])["Reason"], "the second one waits for the first")
    for job in jobs:
        site.expect(job)
    with open(site.work / "reembed.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        other = site.submit("reembed.sbatch", "--ntasks=1", "--job-name=other")
        site.expect(other, "FAILED")
    site.check("another job is at work" in (site.folder / "other.log").read_text(), "another name meets the lock")


def test_series(site):
    job = site.submit("reembed.sbatch", "--ntasks=1", "--partition=other", "--time=33", "--mem=700M", POOL3_AGAIN="now+2hours")
    site.expect(job)
    waiting = site.cluster("squeue", "-h", "-o", "%j %r %S %P %l %m").split()
    later = datetime.datetime.fromisoformat(waiting[2]) - datetime.datetime.now()
    site.check(waiting[0] == "pool3-reembed" and 3600 < later.total_seconds() < 7300, f"the next night waits: {waiting}")
    site.check(waiting[3:] == ["other", "33:00", "700M"], "with the partition, time and memory of this one")
    site.cluster("scancel", "--name=pool3-reembed")


def here(site, text):
    """A line of configs/schedule with this test's folders."""
    return text.replace("/data/catalogue", str(site.folder)).replace("/opt/pool3/share/pool3/slurm", str(batch.SCRIPTS))


def test_scrontab(site, text, env):
    """No scrontab is at hand. It would submit the line below the #SCRON ones as a script, with those flags."""
    line = next(line for line in text.splitlines() if not line.startswith("#"))
    flags = [line.removeprefix("#SCRON ") for line in text.splitlines() if line.startswith("#SCRON ")]
    script = site.folder / "scrontab.sh"
    script.write_text("#!/bin/sh\n" + here(site, line.split(None, 5)[5]) + "\n")
    before = published(site)
    site.expect(site.cluster.submit(*(here(site, flag) for flag in flags), script, env=env, cwd=str(site.folder)))
    site.check(published(site) != before and "published" in (site.folder / "pool3-reembed.log").read_text(),
               f"the line of scrontab runs a night with {flags}")


def test_schedules(site):
    """The lines that cron and systemd run submit a night that ends well, with its settings from a file alone."""
    settings = {name: value for name, value in site.settings.items() if name.startswith(("POOL3_", "OMPI_MCA_"))}
    (site.folder / "cluster.env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    bare = {name: value for name, value in batch.NETWORK.items() if name.startswith("OMPI_ALLOW")}
    schedule = batch.SCRIPTS.parent / "configs" / "schedule"
    cron = next(line for line in (schedule / "cron").read_text().splitlines() if not line.startswith("#"))
    service = dict(line.split("=", 1) for line in (schedule / "pool3-reembed.service").read_text().splitlines() if "=" in line)
    commands = {"cron": cron.split(None, 5)[5],
                "systemd": f"cd {service['WorkingDirectory']} && {service['Environment']} {service['ExecStart']}"}
    for name, command in commands.items():
        before = published(site)
        site.cluster("sh", "-c", here(site, command), env=bare)
        site.cluster.wait_until(lambda: not site.cluster("squeue", "-h"), 240, f"the job of {name} has ended")
        site.check(site.status("reembed")["state"] == "done" and published(site) != before, f"{name} runs a night")
    test_scrontab(site, (schedule / "scrontab").read_text(), bare)
    if shutil.which("systemd-analyze"):
        verify = ("systemd-analyze", "verify", schedule / "pool3-reembed.timer", schedule / "pool3-reembed.service")
        site.cluster(*verify)
        site.check(True, "systemd takes the timer and the service")


def test(site):
    site.corpus = site.folder / "corpus"
    copied = site.build_corpus(10)
    test_changes(site, copied["animals"])
    test_held(site, copied["computer"])
    test_broken(site)
    test_unfinished(site)
    test_not_twice(site)
    test_series(site)
    test_schedules(site)


batch.run(__doc__, test)
