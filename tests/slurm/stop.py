"""Jobs that are cut short: by scancel, by their time limit, by a node that dies. What comes out is always the same.

Pictures are slow to open for these jobs, so that they last as long on any machine; see tests/e2e/bad_disk.cpp.
"""

import json
import time

import batch
from batch import slurm

FLAGS = ("--nodes=2", "--ntasks=2")
PICTURES = 24  # of each of two folders: 24 s on two ranks, while they are slow


def partial(site):
    return site.work / "features.h5.partial"


def log_of(site, job):
    return (site.folder / f"pool3-embed-{job}.log").read_text()


def check_same(site, reference, what):
    site.check((site.work / "features.h5").read_bytes() == reference.read_bytes(), f"same bytes after {what}")
    (site.work / "features.h5").unlink()


def test_scancel(site, reference):
    job = site.submit("embed.sbatch", *FLAGS)
    site.wait_for_rows(partial(site))
    begin = time.monotonic()
    site.cluster("scancel", job)
    site.expect(job, "CANCELLED")
    site.cluster.wait_until(lambda: site.status("embed")["state"] == "cancelled", 120, "the status says so")
    took = time.monotonic() - begin
    site.check(took < slurm.KILL_WAIT, f"scancel took {took:.1f} s, less than KillWait")
    progress = site.progress(partial(site))
    site.check(progress["state"] == "stopped" and 0 < progress["done"] < 2 * PICTURES, f"what is done is kept: {progress}")
    again = site.submit("embed.sbatch", *FLAGS, POOL3_PROGRAM=str(site.pool3.program))
    site.expect(again)
    site.check(f"resuming: {progress['done']} of them" in log_of(site, again), "the second job goes on where the first was")
    check_same(site, reference, "scancel and resubmission")


def test_time_limit(site, reference):
    """Slurm counts in minutes and looks twice a minute: the signal comes in the first half of the job's minute."""
    job = site.submit("embed.sbatch", *FLAGS, "--time=1", "--signal=B:USR1@59")
    site.speed_up_next_life(job)
    site.expect(job)
    log = log_of(site, job)
    restarts = int(site.cluster.show(job)["Restarts"])
    site.check(restarts >= 1, f"the job was requeued {restarts} times")
    site.check("SIGUSR1 came; stopping" in log and "back into the queue" in log, "its log tells why")
    site.check("life 1" in log and "life 2" in log, "all lives write to one log")
    site.check("resuming: " in log, "a later life goes on")
    site.check(site.status("embed")["restarts"] == restarts, "the status counts the restarts")
    check_same(site, reference, "the time limit")


def test_cap(site):
    site.slow_down()
    job = site.submit("embed.sbatch", *FLAGS, POOL3_MOST_RESTARTS="0")
    site.wait_for_rows(partial(site))
    site.cluster("scancel", "--signal=USR1", "--batch", job)
    site.expect(job, "FAILED")
    status = site.status("embed")
    site.check(site.cluster.show(job)["ExitCode"].startswith("75") and status["exit_code"] == 75,
               "no more than POOL3_MOST_RESTARTS: exit code 75")
    site.check("not requeued" in status["message"], status["message"])


def test_nothing_kept(site):
    """A stage that can't go on fails when it is stopped, instead of living again and again."""
    waits = site.folder / "waits"
    waits.write_text("#!/bin/sh\ntouch waiting\nexec sleep 60\n")
    waits.chmod(0o755)
    job = site.submit("train.sbatch", *FLAGS, POOL3_PROGRAM=str(waits))
    site.cluster.wait_until((site.folder / "waiting").exists, 240, "ranks run")
    site.cluster("scancel", "--signal=USR1", "--batch", job)
    site.expect(job, "FAILED")
    status = site.status("train")
    site.check("longer --time" in status["message"] and status["restarts"] == 0, f"a training that is stopped: {status['message']}")


def table_of(work):
    """What a search has found, but for the times."""
    points = json.loads((work / "search.json").read_text())["points"]
    return [{name: value for name, value in point.items() if name != "seconds"} for point in points]


def test_search(site, reference):
    """The signal of the time limit comes in the middle of the grid: the second life goes on with the next point."""
    settings = {"POOL3_FEATURES": str(reference), "POOL3_SEARCH_FLAGS": "--folds 2 --C 0.01 0.03 0.1 0.3 1 3 10 30"}
    undisturbed, work = site.folder / "undisturbed", site.folder / "work slow.d"  # a second for each file
    site.expect(site.submit("search.sbatch", *FLAGS, **settings, POOL3_FOLDER=str(undisturbed),
                            POOL3_PROGRAM=str(site.pool3.program)))
    job = site.submit("search.sbatch", *FLAGS, **settings, POOL3_FOLDER=str(work))
    site.cluster.wait_until((work / "search.json.points").exists, 240, "a point is done")
    site.cluster("scancel", "--signal=USR1", "--batch", job)
    site.speed_up_next_life(job)
    site.expect(job)
    log = (site.folder / f"pool3-search-{job}.log").read_text()
    site.check(int(site.cluster.show(job)["Restarts"]) == 1 and "resumed: " in log.partition("life 2")[2],
               "a search that is stopped is requeued, and goes on")
    site.check(table_of(work) == table_of(undisturbed), "it finds the same table as an undisturbed one")
    site.check((work / "model.h5").read_bytes() == (undisturbed / "model.h5").read_bytes(), "and the same model")


def test_dead_node(site, which, what):
    """`which`: index of the node in the job; 0 runs the batch script. What is left of the job on the other node can't end by
    itself: its ranks wait for those that are gone.
    """
    site.cluster.set_kill_wait(3)
    for left in site.work.glob("features.h5.partial*"):
        left.unlink()
    site.slow_down()
    job = site.submit("embed.sbatch", *FLAGS)
    site.wait_for_rows(partial(site))
    name = site.cluster.names[which]
    site.cluster.kill_node(name)
    if which == 0:  # Slurm takes half a minute to notice, and an operator may be faster
        site.cluster("scontrol", "update", f"NodeName={name}", "State=DOWN", "Reason=gone")
    site.speed_up_next_life(job)
    site.cluster.start_node(name)
    site.cluster.wait_until(lambda: "resuming: " in log_of(site, job).partition("life 2")[2], 240,
                            f"the job goes on after the death of {what}")
    site.check(site.status("embed")["restarts"] >= 1, f"the job goes on after the death of {what}")
    return job


def test(site):
    site.build_corpus(PICTURES)
    site.settings["POOL3_PROGRAM"] = site.slow_program()
    reference = site.reference()
    test_scancel(site, reference)
    test_time_limit(site, reference)
    test_cap(site)
    test_nothing_kept(site)
    test_search(site, reference)
    site.cluster("scancel", test_dead_node(site, 1, "the second node"))
    site.cluster.wait_until(lambda: not site.cluster("squeue", "-h"), 240, "the queue is empty")
    site.expect(test_dead_node(site, 0, "the node of the batch script"))
    check_same(site, reference, "all that")


batch.run(__doc__, test)
