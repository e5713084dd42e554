"""A catalogue in three parts, as an array; one part is lost and made again; the last one to finish links them."""

import batch
from batch import e2e


def test(site):
    e2e.build_corpus(site.folder / "corpus", ["animals", "computer"], 9)
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


def check_same(site, out, reference):
    linked = e2e.Features(out)
    same = all((getattr(linked, name) == getattr(reference, name)).all() for name in ("features", "labels", "status"))
    site.check(same and linked.paths == reference.paths and linked.keys == reference.keys, "rows are those of one file")


batch.run(__doc__, test)
