"""`pool3 run`: the whole job from one configuration file, over two ranks; what a second run does again."""

import json
import pathlib
import re
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402

FOLDERS = ["animals", "food", "tools", "transportation"]
COUNT = 16
CONFIG = """# a small job
corpus = corpus
labels = directory
weights = {weights}
threads = 1
seed = 5
test-fraction = 0.25
loss = l2
folds = 3
C = 0.1 1
group-near-copies = true
out = result

[run]
batch = 8
baselines = centroid nearest

[train]
C = 0.5
loss = l1
out = other.h5
"""


def start_run(pool3, folder, *flags, code=3):
    return pool3("run", "--config", folder / "job.ini", *flags, ranks=2, code=code, cwd=folder)


def stamp(path):
    return path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes()


def check_outcome(check, folder, result, grid, folds):
    """The files fit each other, and what was printed."""
    out = folder / "result"
    names = sorted(p.name for p in out.iterdir())
    check(names == ["baselines.json", "evaluation.json", "features.h5", "features.h5.failures.tsv", "model.h5", "model.h5.certificate.json", "report.html", "search.json"],
          f"it has made {names}")
    f, model = support.Features(out / "features.h5"), support.Model(out / "model.h5")
    search, evaluation = (json.loads((out / name).read_text()) for name in ("search.json", "evaluation.json"))
    check([x["path"].decode() for x in f.failures] == ["tools/broken.png"], "the broken picture is listed")
    check([p["C"] for p in search["points"]] == grid, f"it has searched C {grid}")
    check(search["folds"] == folds, f"with {folds} folds")
    check(model.attributes["C"] == search["points"][search["best"]]["C"], "the model is of the best C")
    settings = [model.attributes[name] for name in ("seed", "test_fraction", "loss")]
    check(settings == [5, 0.25, "l2"], f"and of the configured seed, test fraction and loss: {settings}")
    test, training = f.rows("test", 5, 0.25), f.rows("training", 5, 0.25)
    check(model.attributes["training_rows"] == len(training), f"trained on {len(training)} rows")
    check(evaluation["rows"] == len(test), f"evaluated on the other {len(test)}")
    hits = model.predicted(model.scores(f.features[test])) == f.labels[test]
    check(abs(evaluation["accuracy"] - hits.mean()) < 1e-12, f"with accuracy {hits.mean():.4f}")
    check("f1-score" in result.out and "weighted avg" in result.out and "deviation" in result.out,
          "the search's table and the report are printed")
    check(f"accuracy on {len(test)} held-out images: {hits.mean():.4f}" in result.out, "and the accuracy")
    config = json.loads(model.attributes["config"])
    check(config["command"] == "run" and config["folds"] == folds, "the model holds the configuration")
    return f


def check_page(check, out, result):
    """The page has what the run has found: the baselines, and every stage of every rank."""
    page = (out / "report.html").read_text()
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1])
    evaluation, baselines = (json.loads((out / name).read_text()) for name in ("evaluation.json", "baselines.json"))
    kinds = [b["kind"] for b in data["baselines"]]
    check(sorted(kinds) == ["centroid", "nearest", "svm"] == sorted(b["kind"] for b in evaluation["baselines"]), f"baselines of the page: {kinds}")
    for b in baselines["baselines"]:
        shown = next(s for s in data["baselines"] if s["kind"] == b["kind"])
        paired = [b["paired"][n] for n in ("only_svm_right", "only_this_right", "p")] if "paired" in b else None
        check(abs(shown["accuracy"][0] - b["accuracy"]) < 1e-6 and shown.get("paired") == paired, f"{b['kind']} is as in the table")
    stages = [s["stage"] for s in data["lanes"]["stages"]]
    wanted = ["extract", "copies", "search", "train", "baseline", "evaluate"]
    check([s for s in stages if s in wanted] == wanted, f"lanes of {stages}")
    ranks = [[s["stage"] for s in r["spans"]] for r in data["lanes"]["ranks"]]
    check(len(ranks) == 2 and all(set(wanted) <= set(r) for r in ranks), f"and of each rank: {ranks}")
    check(result.err.count("looking for near copies") == 1, "near copies are looked for once")


def check_json_log(check, result):
    """Every line of pool3 is JSON; the others are mpirun's about exit code 3."""
    lines = [line for line in result.err.splitlines() if line.startswith("{")]
    entries = [json.loads(line) for line in lines]
    stages = {e["stage"] for e in entries}
    check({"extract", "search", "train", "evaluate"} <= stages, f"log lines of {sorted(stages)}")
    check(all(isinstance(e["message"], str) and e["time"] for e in entries), "each with a time and a message")
    check(any(e["stage"] == "search" and e.get("elapsed_seconds", -1) >= 0 for e in entries), "the search tells its time")
    numbers = ("rows", "objective", "relative_gap", "seconds")
    check(any(all(e.get(n, -1) >= 0 for n in numbers) for e in entries), "the training tells its numbers")
    plain = [line for line in result.err.splitlines() if " train: " in line or " extract: " in line]
    check(not [line for line in plain if not line.startswith("{")], "no line is plain text")


def snapshot(out):
    return {path: stamp(path) for path in out.iterdir()}


def check_first(check, pool3, folder, out):
    result = start_run(pool3, folder, "--dry-run", code=0)
    check(not out.exists() and "images        65 " in result.out, "--dry-run counts, and writes nothing")
    result = start_run(pool3, folder)
    f = check_outcome(check, folder, result, [0.1, 1], 3)
    check(f.attributes["block_rows"] == 8, "[run] counts for run")
    check_page(check, out, result)
    check("/65 images" in result.err and "/65 images" not in result.out, "the log is on stderr, results are on stdout")


def check_other_grid(check, pool3, folder, out):
    features, before = stamp(out / "features.h5"), snapshot(out)
    result = start_run(pool3, folder, "--C", 0.5, 2, code=2)
    told = "search.json: it is of a run with --C [0.1,1.0], this one has [0.5,2.0] (give another --out, or add --overwrite"
    check(told in result.err and snapshot(out) == before, "another grid is refused, and nothing is lost")
    result = start_run(pool3, folder, "--folds", 4, code=2)
    check("--folds 3, this one has 4" in result.err, "so are other folds")
    result = start_run(pool3, folder, "--log-format", "json", "--C", 0.5, 2, "--folds", 4, "--overwrite")
    check(stamp(out / "features.h5") == features and "nothing to do" in result.err, "a second run keeps the features")
    check_outcome(check, folder, result, [0.5, 2], 4)
    check_json_log(check, result)


def check_other_corpus(check, pool3, folder, out):
    shutil.rmtree(folder / "corpus/food")
    before = snapshot(out)
    result = start_run(pool3, folder, "--C", 0.5, 2, "--folds", 4, code=1)
    check("have changed (49 rows here, 65 there)" in result.err and "--overwrite" in result.err, "another corpus is refused")
    check(snapshot(out) == before, "and every file is as it was")
    result = start_run(pool3, folder, "--overwrite")
    f = check_outcome(check, folder, result, [0.1, 1], 3)
    check(len(f.paths) == 49 and stamp(out / "features.h5") != before[out / "features.h5"], "another corpus gives other features")


def check_one_c(check, pool3, folder, out):
    search = stamp(out / "search.json")
    page = (out / "report.html").read_text()
    check('"search":{' in page and '"matrix":{' in page, "the page has the search and the confusions")
    (out / "report.html").unlink()
    result = start_run(pool3, folder, "--C", 100, code=2)
    check("model.h5: it is of a run with --C" in result.err, "one C does not replace the model of a search")
    result = start_run(pool3, folder, "--C", 100, "--report", "no", "--overwrite")
    check(not (out / "report.html").exists(), "--report no leaves the page out")
    check(stamp(out / "search.json") == search and "is of an earlier run" in result.err, "one C keeps an earlier search")
    check(support.Model(out / "model.h5").attributes["C"] == 100, "and is that of the model")


def check_configuration(check, pool3, folder, out):
    def settings(path):
        model = support.Model(path)
        return [model.attributes[name] for name in ("C", "loss", "seed", "test_fraction")]

    train = ["train", "--config", folder / "job.ini", "--features", out / "features.h5"]
    pool3(*train, ranks=2, cwd=folder)
    told = settings(folder / "other.h5")
    check(told == [0.5, "l1", 5, 0.25], f"[train] counts for train, before what stands outside: {told}")
    pool3(*train, "--out", "flag.h5", "--C", 0.25, "--loss", "l2", "--seed", 6, cwd=folder)
    told = settings(folder / "flag.h5")
    check(told == [0.25, "l2", 6, 0.25], f"flags come before the file: {told}")


def main():
    check, pool3, folder = support.start_test(__doc__)
    copied = support.build_corpus(folder / "corpus", FOLDERS, COUNT)
    broken = folder / "corpus/tools/broken.png"
    broken.write_bytes((folder / "corpus" / copied["tools"][0]).read_bytes()[:200])
    (folder / "job.ini").write_text(CONFIG.format(weights=pool3.weights))
    for part in (check_first, check_other_grid, check_other_corpus, check_one_c, check_configuration):
        part(check, pool3, folder, folder / "result")
    check.finish()


if __name__ == "__main__":
    main()
