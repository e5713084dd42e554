"""A catalogue in three parts, as an array; one part is lost and made again; the last one to finish links them. A part that is
stopped goes back into the queue alone.
"""

import batch
from batch import e2e


def test(site):
    site.build_corpus(24)  # so that parts of slow pictures are still at work when both have been seen to be
    reference = e2e.Features(site.reference())
    job = site.submit("array.sbatch", "--array=1-3", "--ntasks=1")
    site.cluster.wait_until(lambda: not site.cluster("squeue", "-h"), 240, "the array has ended")
    states = [site.status(f"array-{part}")["state"] for part in (1, 2, 3)]
    site.check(states == ["done"] * 3, f"every part has its status: {states}")
    out = site.work / "features.h5"
    site.check(out.exists() and len(list((site.work / "parts").glob("part-*-of-3.h5"))) == 3, "three parts are linked")
    site.check(site.pool3.start(["verify", out], ranks=0).code == 0, "the linked file is sound")
    logs = "".join(log.read_text() for log in site.folder.glob(f"pool3-array-{job}_*.log"))
    site.check(logs.count("3 rows in") + logs.count("rows in 3 parts") >= 1, "one of them links")
    check_same(site, out, reference)

    (site.work / "parts" / "part-2-of-3.h5").unlink()
    out.unlink()
    again = site.submit("array.sbatch", "--array=2", "--ntasks=2", POOL3_PARTS="3")
    site.expect(again)
    check_same(site, out, reference)
    some = site.submit("array.sbatch", "--array=1,3", "--ntasks=1")
    site.expect(f"{some}_3", "FAILED")
    site.check("set POOL3_PARTS" in (site.folder / f"pool3-array-{some}_3.log").read_text(), "some parts alone need POOL3_PARTS")
    test_stop(site, reference)


def test_stop(site, reference):
    """The task with the array's own number is stopped."""
    work = site.folder / "stopped"
    job = site.submit("array.sbatch", "--array=1-2", "--ntasks=1", POOL3_FOLDER=str(work), POOL3_PROGRAM=site.slow_program())
    site.wait_for_rows(work / "parts" / "part-1-of-2.h5.partial")
    site.wait_for_rows(work / "parts" / "part-2-of-2.h5.partial")
    task = next(t for t in (1, 2) if site.cluster.show(f"{job}_{t}")["JobId"] == job)
    site.cluster("scancel", "--signal=USR1", "--batch", f"{job}_{task}")
    site.speed_up_next_life(f"{job}_{task}")
    restarts = {}
    for t in (1, 2):
        site.expect(f"{job}_{t}")
        restarts[t] = int(site.cluster.show(f"{job}_{t}")["Restarts"])
    site.check(restarts == {task: 1, 3 - task: 0}, f"a task that is stopped is requeued, and no other: {restarts}")
    check_same(site, work / "features.h5", reference)


def check_same(site, out, reference):
    linked = e2e.Features(out)
    same = all((getattr(linked, name) == getattr(reference, name)).all() for name in ("features", "labels", "status"))
    site.check(same and linked.paths == reference.paths and linked.keys == reference.keys, "rows are those of one file")


batch.run(__doc__, test)
