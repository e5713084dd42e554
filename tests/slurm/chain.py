"""Embed, search and evaluate as three dependent jobs over two nodes, started by srun; then train and evaluate by mpirun.
"""

import json
import re

import batch
from batch import e2e


def stages(text):
    return dict(re.findall(r"^(\w+) (\d+)$", text, re.M))


def test(site):
    check, folder = site.check, site.folder
    copied = e2e.build_corpus(folder / "corpus", ["animals", "computer"], 12)
    bad = e2e.add_bad_pictures(folder / "corpus", "animals", copied["animals"][0])
    flags = {"SBATCH_ARGS": f"--nodes=2 --ntasks=4 --time=10 --chdir={folder}"}
    chain = str(batch.SCRIPTS / "chain.sh")
    env = {**site.settings, **flags, "POOL3_SEARCH_FLAGS": "--C 0.1 1 --folds 2"}
    jobs = stages(site.cluster(chain, env=env))
    check(list(jobs) == ["embed", "search", "evaluate"], f"the chain prints its ids: {jobs}")
    for job in jobs.values():
        site.expect(job)
    fields = site.cluster.show(jobs["embed"])
    check(fields["NodeList"] == "n[1-2]" and fields["NumTasks"] == "4", "embed ran on two nodes")
    check((site.work / "features.h5").read_bytes() == site.reference().read_bytes(), "features are those of one process")
    status = {stage: site.status(stage) for stage in jobs}
    check(status["embed"]["state"] == "some_failed" and status["embed"]["exit_code"] == 3, "bad pictures show in the status")
    check(len(e2e.Features(site.work / "features.h5").failures) == len(bad), "they are in the failures table")
    check(status["search"]["state"] == status["evaluate"]["state"] == "done", "the others are done")
    check(status["evaluate"]["job"] == jobs["evaluate"] and status["evaluate"]["restarts"] == 0, "status names the job")
    accuracy = json.loads((site.work / "evaluation.json").read_text())["accuracy"]
    check(0 <= accuracy <= 1, f"accuracy {accuracy}")
    log = (site.work / "log" / f"pool3-evaluate-{jobs['evaluate']}.log").read_text()
    check("accuracy on" in log, "the report is in the log")

    jobs = stages(site.cluster(chain, "train", "evaluate", env={**env, "POOL3_LAUNCH": "mpirun",
                                                                "POOL3_TRAIN_FLAGS": "--C 1 --probability-folds 0"}))
    for job in jobs.values():
        site.expect(job)
    check(e2e.Model(site.work / "model.h5").attributes["C"] == 1, "mpirun over two nodes trained the model")

    jobs = stages(site.cluster(chain, env={**env, "POOL3_CORPUS": str(folder / "nowhere")}))
    site.expect(jobs["embed"], "FAILED")
    site.expect(jobs["evaluate"], "CANCELLED")
    check(site.status("embed")["state"] == "failed" and site.status("embed")["exit_code"] == 1, "a failure shows in the status")


batch.run(__doc__, test)
