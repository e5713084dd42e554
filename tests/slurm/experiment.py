"""scaling.sbatch on one and two ranks: its CSV, JSON and page agree; the model's numbers are those worked out by hand."""

import csv
import html.parser
import json
import statistics
import subprocess
import sys

import batch
from batch import e2e

sys.path.insert(0, str(batch.SCRIPTS))
import scaling_model as model  # noqa: E402


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.links = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name in ("src", "href")]


def near(a, b):
    return abs(a - b) <= 1e-9 * max(1, abs(b))


def solver_run(stage, ranks, busy, passes, communication=0.0, calls=0, size=0, repeat=0):
    return {"stage": stage, "mode": "strong", "ranks": ranks, "repeat": repeat, "items": 400, "seconds": busy + communication,
            "busy_seconds": busy, "passes": passes, "calls": calls, "bytes": size,
            "communication_share": communication / (busy + communication)}


def predicted(runs, more, setting, ranks, stage="train"):
    return next((p for p in model.points(runs, more, setting)
                 if (p["stage"], p["predicted"], p["ranks"]) == (stage, True, ranks)), None)


def test_extract_model(check):
    setting = model.Setting(model.Network(2e-6, 1e10), model.Network(2e-6, 1e10), 10)
    # 160 pictures in 10 blocks of 2 s, and 1 s beside; 4 ranks: 3 blocks for the last one
    runs = [{"stage": "extract", "mode": mode, "ranks": 1, "repeat": 0, "items": 160, "seconds": 21.0, "busy_seconds": 20.0,
             "communication_share": 0, "passes": 0} for mode in ("strong", "weak")]
    points = {p["mode"]: p for p in model.points(runs, [4], setting) if p["predicted"]}
    check(near(points["strong"]["seconds"], 1 + 3 * 2 + 10 * 2e-6), f"extraction on 4 ranks: {points['strong']['seconds']}")
    check(near(points["strong"]["communication_share"], 1 - 20 / 4 / points["strong"]["seconds"]), "ranks wait for the last one")
    check(near(points["weak"]["seconds"], 21 + 40 * 2e-6), f"weak scaling of it: {points['weak']['seconds']}")
    weak = [{**runs[1], "ranks": n, "seconds": s, "items": 16 * n, "busy_seconds": s} for n, s in ((1, 9.0), (1, 10.0), (1, 11.0), (2, 12.5))]
    two = next(p for p in model.points(weak, [], setting) if p["ranks"] == 2 and not p["predicted"])
    check(near(two["speed_up"], 2 * 10 / 12.5) and near(two["efficiency"], 0.8), "weak speed-up counts the larger work")


def test_solver_model(check):
    slow, fast = model.Network(latency=1e-3, bandwidth=1e9), model.Network(latency=2e-6, bandwidth=1e10)
    # 8 ranks: 3 levels up, 3 down; 100 messages and 10^8 bytes on each level
    check(near(fast.collective(8, 100, 1e8), 6 * (100 * 2e-6 + 0.01)), "a collective on 8 ranks")
    check(fast.collective(1, 100, 1e8) == 0, "one rank sends nothing")
    # 12 s on one rank; 2 ranks compute for 8 s, so 4 s are fixed and 8 s shared. Their 100 calls of 10^7 bytes take
    # 2 (100 ms + 10 ms) of messages, and were found to take 0.72 s: 5 ms of waiting a call.
    setting = model.Setting(slow, fast, 10)
    one, two = solver_run("train", 1, 12.0, 10), solver_run("train", 2, 8.0, 10, 0.72, 100, 1e7)
    point = predicted([one, two], [8], setting, 8)
    parts = {name: point[name] for name in model.PARTS}
    expected = {"shared": 8 / 8, "fixed": 4.0, "messages": 6 * (2e-4 + 1e-3), "waiting": 0.5}
    check(all(near(parts[k], expected[k]) for k in expected), f"training on 8 ranks: {parts}")
    check(near(point["most"], sum(expected.values())) and near(point["least"], 16 / 8 + expected["messages"] + 0.5),
          f"at least as long as if nothing were fixed: {point['least']}")
    two_again = predicted([one, two], [8], setting, 2)
    check(near(two_again["shared"], 6) and near(two_again["measured_by_predicted"], 8.72 / (6 + 2 * (2e-4 + 1e-3))),
          f"what 1 rank says of 2 does not know of them: {two_again}")
    # 15 passes instead of 10 on the most ranks: more work for all
    more = predicted([one, {**two, "passes": 15, "busy_seconds": 9.0}], [4], setting, 4)
    check(near(more["shared"] + more["fixed"], 18 / 4), f"more passes on more ranks: {more}")
    # 10 folds on 4 ranks: 3 folds for the first, nobody shares one; 20 ranks: two share a fold, and send as in training
    search = [solver_run("search", 1, 10.0, 10), solver_run("search", 2, 5.0, 10)]
    check(near(predicted(search, [4], setting, 4, "search")["seconds"], 3), "a search on 4 ranks")
    check(predicted(search, [20], setting, 20, "search") is None, "nothing is said of shared folds that nothing was measured of")
    shared = predicted([*search, one, two], [20], setting, 20, "search")
    check(near(shared["shared"], 0.5) and near(shared["messages"], 2 * (2e-4 + 1e-3)) and near(shared["waiting"], 0.5),
          f"a search on 20 ranks: {shared}")


def test_plan(site):
    """Ten times the rows: ten times the computing that is shared, the same that is fixed, and the same messages."""
    runs = [solver_run("train", 1, 12.0, 10), solver_run("train", 2, 8.0, 10, 0.22, 100, 1e7)]
    messages = {"latency_us": 1000, "bandwidth_gbps": 1, "told": []}
    report = {"machine": {"processor": "test"}, "settings": {"threads": 1, "folds": 10}, "network": messages, "runs": runs}
    path = site.folder / "plan.json"
    path.write_text(json.dumps(report))
    said = site.cluster(batch.SCRIPTS / "scaling_plan.py", path, "--items", "train=4000", "--ranks", 4, 16)
    # 80 s / 16, and 4 s, and 4 levels up and down of 100 ms + 10 ms
    check = site.check
    check("| 16 | 9.88 |" in said and "5 shared + 4 fixed + 0.88 messages |" in said and "| 4 | 24.4 |" in said, f"a plan: {said}")


def test_job(site):
    check = site.check
    job = site.submit("scaling.sbatch", "--ntasks=2", "--nodes=2", POOL3_CORPUS="", POOL3_REPEATS="2",
                      POOL3_SCALING_FLAGS="--pictures 32 --folds 3 --predict 4 64")
    site.expect(job, seconds=400)
    out = site.work / "scaling"
    with open(out / "scaling.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    report = json.loads((out / "scaling.json").read_text())
    check(len(rows) == len(report["runs"]) == 3 * 2 * 2 * 2, f"{len(rows)} runs: stages, modes, ranks, repeats")
    for stage in ("extract", "train", "search"):
        def measured(ranks):
            return statistics.median(float(r["seconds"]) for r in rows
                                     if (r["stage"], r["mode"], r["ranks"]) == (stage, "strong", str(ranks)))
        points = [p for p in report["points"] if (p["stage"], p["mode"]) == (stage, "strong")]
        two = next(p for p in points if p["ranks"] == 2 and not p["predicted"])
        check(near(two["speed_up"], measured(1) / measured(2)), f"{stage}: speed-up {two['speed_up']:.2f} follows from the CSV")
        check([p["ranks"] for p in points if p["predicted"]] == [2, 4, 64], f"{stage}: predictions are marked")
        check(all(0 <= float(r["communication_share"]) <= 1 for r in rows), f"{stage}: shares are shares")
    weak = [int(r["items"]) for r in rows if r["stage"] == "extract" and r["mode"] == "weak" and r["repeat"] == "0"]
    check(weak == [16, 32], f"weak scaling: {weak} pictures on 1 and 2 ranks")
    messages = report["network"]
    check(messages == {**messages["measured"], "told": [], "measured": messages["measured"]} and messages["nodes"] == 2 and not messages["told"] and 0 < messages["latency_us"] < 1e6 and
          0 < messages["bandwidth_gbps"] < 1000, f"messages were measured between the two nodes: {messages}")
    check(report["machine"]["nodes"] == "n[1-2]" and report["machine"]["pool3"].startswith("pool3 "), "the machine is named")
    text = (out / "scaling.html").read_text()
    check(text.count("(measured)") == 2 and "of 2 nodes" in text, "the page says that they were")
    page = Page(text)
    check(page.tags.count("figure") == 6 * 4 and page.tags.count("svg") == 6 * (4 + 3) and not page.links,
          "the page has its plots, and needs no network")
    check(text.count("times as long as predicted") == 6, "it says whether the model holds")


def test_add(site):
    """More runs join those that are there; other experiments are refused; without runs, only predictions are made anew."""
    def scaling(*flags):
        return subprocess.run([batch.SCRIPTS / "scaling.py", "--out", site.folder / "add", "--pool3", site.pool3.program,
                               "--pictures", "8", "--launch", "mpirun --oversubscribe -n {ranks}", "--stages", "extract", *flags],
                              env=e2e.environment({"POOL3_WEIGHTS": str(site.pool3.weights)}), capture_output=True, text=True)

    def report():
        return json.loads((site.folder / "add" / "scaling.json").read_text())
    site.check(scaling("--repeats", "1").returncode == 0, "an experiment")
    first = report()
    done = scaling("--repeats", "1", "--add", "--predict", "4")
    both = report()
    site.check(done.returncode == 0 and both["runs"][:4] == first["runs"] and len(both["runs"]) == 8, "--add keeps what was run")
    site.check([r["repeat"] for r in both["runs"]] == [0] * 4 + [1] * 4, "new runs are further repeats")
    done = scaling("--repeats", "1", "--add", "--threads", "2")
    site.check(done.returncode == 1 and "of another experiment: threads" in done.stderr and report() == both,
               f"another experiment is refused: {done.stderr.strip()}")
    done = scaling("--repeats", "0", "--add", "--latency-us", "1e6", "--predict", "4")
    again = report()
    site.check(done.returncode == 0 and again["runs"] == both["runs"], "--repeats 0 runs nothing")
    four = [next(p["seconds"] for p in r["points"] if p["ranks"] == 4) for r in (both, again)]
    site.check(four[1] > four[0] + 1.5, f"but predicts for another network: {four} s")


def test(site):
    test_extract_model(site.check)
    test_solver_model(site.check)
    test_plan(site)
    test_add(site)
    test_job(site)


batch.run(__doc__, test)
