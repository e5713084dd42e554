"""What a monitor sees of a job: `pool3 status` of a running, a stopped and a finished file, JSON lines of every rank, and
the text file for Prometheus.
"""

import json
import pathlib
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402

GAUGE = re.compile(r'^(pool3_\w+)\{command="extract",job="77"(?:,stage="(\w+)")?\} (\S+)$')


def gauges(path):
    """The text format as Prometheus describes it: each name with HELP, TYPE and one sample."""
    lines = path.read_text().splitlines()
    found = {}
    for help_line, type_line, sample in zip(lines[::3], lines[1::3], lines[2::3]):
        match = GAUGE.match(sample)
        if not match or not help_line.startswith(f"# HELP {match[1]} ") or type_line != f"# TYPE {match[1]} gauge":
            sys.exit(f"FAILED: not in Prometheus' format: {help_line} / {type_line} / {sample}")
        found[match[1]] = float(match[3])
    return found


def status(pool3, file, code=0):
    return json.loads(pool3("status", "--json", file, ranks=0, code=code).out)


def start(pool3, corpus, out, folder):
    command = ["mpirun", "-n", "2", "--oversubscribe", "--bind-to", "none", pool3.program, "extract", "--corpus", corpus,
               "--weights", pool3.weights, "--out", out, "--threads", 1, "--batch", 4, "--metrics", folder / "metrics",
               "--prometheus", folder / "pool3.prom"]
    env = support.environment({"LD_PRELOAD": pool3.library, "POOL3_TEST_QUICK": str(folder / "quick"), "SLURM_JOB_ID": "77"})
    return subprocess.Popen([str(c) for c in command], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)


def wait_for(holds, what):
    deadline = time.monotonic() + support.LIMIT_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            sys.exit(f"FAILED: after {support.LIMIT_SECONDS} s still not: {what}")
        time.sleep(0.3)


def watch(check, pool3, job, out, folder):
    """A job that is at work; it is stopped when it has done some of its rows."""
    partial = out.with_name(out.name + ".partial")
    wait_for(partial.exists, "the file has been begun")
    wait_for(lambda: status(pool3, partial)["done"] > 0, "some rows are done")
    seen = status(pool3, out)
    check(seen["state"] == "running" and 0 < seen["done"] < seen["rows"] == 25, f"a running job: {seen}")
    check(seen["job"]["slurm_job"] == "77", "status names the job")
    wait_for(lambda: (folder / "pool3.prom").exists() and gauges(folder / "pool3.prom").get("pool3_images_done", 0) > 0,
             "the gauges count")
    now = gauges(folder / "pool3.prom")
    check(now["pool3_images"] == 25 and now["pool3_ended"] == 0 and now["pool3_stage"] == 1, f"gauges of it: {now}")
    job.send_signal(signal.SIGUSR1)
    output = job.communicate(timeout=support.LIMIT_SECONDS)[0]
    check(job.returncode == 75, f"it stops with 75\n{output}" if job.returncode != 75 else "it stops with 75")
    stopped = status(pool3, out, code=75)
    check(stopped["state"] == "stopped" and "job" not in stopped and stopped["done"] >= seen["done"], f"stopped: {stopped}")
    now = gauges(folder / "pool3.prom")
    check(now["pool3_ended"] == 1 and now["pool3_exit_code"] == 75, "the gauges say how it ended")


def main():
    check, pool3, folder = support.start_test(__doc__)
    corpus, out = folder / "corpus", folder / "f.h5"
    support.build_corpus(corpus, ["animals"], 24)
    (corpus / "animals" / "empty.png").write_bytes(b"")
    for path in corpus.rglob("*.png"):
        path.rename(path.with_name(f"{path.stem} slow.png"))
    watch(check, pool3, start(pool3, corpus, out, folder), out, folder)
    (folder / "quick").touch()
    job = start(pool3, corpus, out, folder)
    output = job.communicate(timeout=300)[0]
    check(job.returncode == 3, f"the same command ends it: {job.returncode}" + ("" if job.returncode == 3 else output))
    done = status(pool3, out)
    check(done["state"] == "finished" and (done["rows"], done["done"], done["failed"]) == (25, 25, 1), f"finished: {done}")
    text = pool3("status", out, ranks=0).out
    check("finished, 25/25 images (100.0%), 1 failed" in text, text.strip())
    check("nowhere.h5" in pool3("status", folder / "nowhere.h5", ranks=0, code=1).err, "no such file: exit code 1")
    now = gauges(folder / "pool3.prom")
    check((now["pool3_images_done"], now["pool3_images_failed"], now["pool3_exit_code"]) == (25, 1, 3), "the last gauges")

    ranks = [[json.loads(line) for line in (folder / "metrics" / f"rank-{r}.jsonl").read_text().splitlines()] for r in (0, 1)]
    own = [[line for line in lines if line["kind"] == "rank"][-1] for lines in ranks]
    first_life = [line for line in ranks[0] if line["kind"] == "end"][0]
    check(first_life["exit_code"] == 75, "both lives append to the same lines")
    last = [line for line in ranks[0] if line["kind"] == "progress"][-1]
    check(last["done"] == last["total"] == 25 and last["failed"] == 1, f"progress: {last}")
    before = [line for line in ranks[0] if line["kind"] == "progress" and line["time"] <= first_life["time"]][-1]["done"]
    check(sum(line["images"] for line in own) == 25 - before, "the ranks' own counts add up to this life's")
    check.finish()


main()
