"""scaling.sbatch on one and two ranks: its CSV, JSON and page agree; the model's numbers are those worked out by hand."""

import csv
import html.parser
import json
import statistics
import sys

import batch

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


def test_model(check):
    network = model.Network(latency=2e-6, bandwidth=1e10)
    # 8 ranks: 3 levels up, 3 down; 100 messages and 10^8 bytes on each level
    check(near(network.collective(8, 100, 1e8), 6 * (100 * 2e-6 + 0.01)), "a collective on 8 ranks")
    check(network.collective(1, 100, 1e8) == 0, "one rank sends nothing")
    # 160 pictures in 10 blocks of 2 s, and 1 s beside; 4 ranks: 3 blocks for the last one
    one = {"items": 160, "seconds": 21.0, "busy_seconds": 20.0}
    work, _ = model.predict_extract(one, 4, "strong", network)
    check(near(work, 1 + 3 * 2), f"extraction on 4 ranks: {work}")
    work, _ = model.predict_extract(one, 4, "weak", network)
    check(near(work, 21), f"weak scaling of it: {work}")
    # 12 s on one rank in 10 passes; 2 ranks needed 15 passes: 8 ranks take 12 / 8 * 1.5, and their messages
    one, two = ({"passes": p, "busy_seconds": 12.0, "calls": 100, "bytes": 1e8} for p in (10, 15))
    check(near(model.predict_train(one, two, 1, "strong", network)[0], 12), "one rank takes what it took")
    work, messages = model.predict_train(one, two, 8, "strong", network)
    check(near(work, 2.25) and near(messages, 6 * 0.0102), f"training on 8 ranks: {work} + {messages}")
    # 10 folds on 4 ranks: 3 folds for the first, of 12 s for ten; nobody shares a fold
    work, messages = model.predict_search({**one, "passes": 15}, two, 4, "strong", network, 10)
    check(near(work, 3.6) and messages == 0, f"a search on 4 ranks: {work}")
    runs = [{"stage": "extract", "mode": "weak", "ranks": n, "seconds": s, "items": 16 * n, "busy_seconds": s,
             "communication_share": 0, "passes": 0} for n, s in ((1, 9.0), (1, 10.0), (1, 11.0), (2, 12.5))]
    two = next(p for p in model.points(runs, [], network, 10) if p["ranks"] == 2 and not p["predicted"])
    check(near(two["speed_up"], 2 * 10 / 12.5) and near(two["efficiency"], 0.8), "weak speed-up counts the larger work")


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
        check([p["ranks"] for p in points if p["predicted"]] == [1, 2, 4, 64], f"{stage}: predictions are marked")
        check(all(0 <= float(r["communication_share"]) <= 1 for r in rows), f"{stage}: shares are shares")
    weak = [int(r["items"]) for r in rows if r["stage"] == "extract" and r["mode"] == "weak" and r["repeat"] == "0"]
    check(weak == [16, 32], f"weak scaling: {weak} pictures on 1 and 2 ranks")
    messages = report["network"]
    check(messages["nodes"] == 2 and not messages["told"] and 0 < messages["latency_us"] < 1e6 and
          0 < messages["bandwidth_gbps"] < 1000, f"messages were measured between the two nodes: {messages}")
    check(report["machine"]["nodes"] == "n[1-2]" and report["machine"]["pool3"].startswith("pool3 "), "the machine is named")
    text = (out / "scaling.html").read_text()
    check(text.count("(measured)") == 2 and "of 2 nodes" in text, "the page says that they were")
    page = Page(text)
    check(page.tags.count("figure") == 6 * 4 and page.tags.count("svg") == 6 * (4 + 3) and not page.links, "the page has its plots, and needs no network")


def test(site):
    test_model(site.check)
    test_job(site)


batch.run(__doc__, test)
