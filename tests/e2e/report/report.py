"""`pool3 report`: the page on a catalogue, in a headless browser, with pictures, without, and with hostile names."""

import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
MODULES = HERE.parents[2] / "work/test"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
MOST_BYTES = 20_000_000


def data_of(page):
    """The JSON that the page's script reads."""
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page.read_text(), re.S)[1])


def look(check, page, what):
    """What the browser finds."""
    run = subprocess.run(["node", HERE / "page.mjs", page, MODULES, what, *([] if "SHOTS" not in os.environ else [f"{os.environ['SHOTS']}/{what}.png"])],
                         capture_output=True, text=True, timeout=500, env={**os.environ, "CHROMIUM": CHROMIUM}, check=False)
    if not check(run.returncode == 0, f"the browser is driven ({what})"):
        print(run.stdout[-2000:], run.stderr[-4000:])
    for line in run.stdout.splitlines():
        found = json.loads(line)
        check(found["holds"], f"{what}: {found['text']}")


def make_parts(pool3, folder, features):
    """A model, a search, an evaluation, a map and an audit of the shared features."""
    pool3("search", "--features", features, "--out", folder / "s.json", "--best", folder / "m.h5", "--C", "0.01,0.1,1", "--folds", 3)
    pool3("evaluate", "--features", features, "--model", folder / "m.h5", "--out", folder / "e.json")
    f = support.Features(features)
    good = np.flatnonzero(f.status == support.DONE)
    pool3("map", "--features", features, "--out", folder / "map.h5")
    (folder / "audit").mkdir()
    row = int(good[0])
    (folder / "audit/audit.json").write_text(json.dumps({"lists": {"outliers": [
        {"row": row, "path": f.paths[row], "label": "=cmd()", "score": 1.5, "reason": "<b>far</b> from all"}], "near_copies": []}}))
    return f


def check_numbers(check, page, folder, f):
    """The page's numbers are those of scikit-learn on scores that h5py reads, and of the evaluation."""
    data = data_of(page)
    test = f.rows("test")
    model = support.Model(folder / "m.h5")
    predicted = model.predicted(model.scores(f.features[test]))
    check(data["summary"]["evaluated"] == len(test), f"{len(test)} rows are judged")
    check(abs(data["summary"]["accuracy"][0] - (predicted == f.labels[test]).mean()) < 1e-6, "accuracy is that of the scores")
    said = {row: p for row, p in zip(data["rows"]["row"], data["rows"]["predicted"]) if p >= 0}
    check(said == dict(zip(map(int, test), map(int, predicted))), "and so is what each row was taken for")
    wrong = {int(r) for r, p in zip(test, predicted) if p != f.labels[r]}
    check({row for row, _ in data["near"]} == wrong, f"{len(wrong)} errors have neighbours")
    train = f.rows("training")
    unit = f.features / np.maximum(np.linalg.norm(f.features, axis=1, keepdims=True), 1e-30)
    holds = all([n for n, _ in near] == [int(train[i]) for i in np.argsort(-(unit[train] @ unit[row]), kind="stable")[:5]] for row, near in data["near"])
    check(holds, "the nearest training rows, by cosine")
    far = 1 - unit @ unit[train].T.astype(np.float64)
    own = np.where(far[train] > 1e-7, far[train], 9)
    own[np.arange(len(train)), np.arange(len(train))] = 9
    usual = np.sort(own.min(1))[int(0.95 * (len(train) - 1))]
    unlike = far[test].min(1) > usual
    right = predicted == f.labels[test]
    told = data["summary"]["unlike"]
    check(abs(told["usual_distance"] - usual) < 2e-6 and (told["asked"], told["unlike"]) == (len(test), unlike.sum()),
          f"{unlike.sum()} of {len(test)} held-out rows are unlike the catalogue")
    check((told["right_of_unlike"], told["right_of_others"]) == ((right & unlike).sum(), (right & ~unlike).sum()), "and how often it is right on them")


def check_lost_pictures(check, pool3, folder, features):
    """A catalogue that has moved, and one that is gone."""
    f = support.Features(features)
    moved = folder / "moved"
    for path in f.paths:
        place = moved / pathlib.Path(path).relative_to(pathlib.Path(path).parents[1])
        place.parent.mkdir(parents=True, exist_ok=True)
        if pathlib.Path(path).is_file():
            shutil.copyfile(path, place)
    gone = folder / "gone.h5"
    shutil.copyfile(features, gone)
    how = ["unshare", "-rm", "sh", "-c", f'mount -t tmpfs none {support.PICTURES} && exec "$@"', "sh"]
    can = subprocess.run([*how, "true"], capture_output=True, check=False).returncode == 0
    if not can:
        print("left out: this machine can't hide the catalogue from a command")
        return
    result = pool3("report", gone, "--out", folder / "gone.html", prefix=how, ranks=0)
    notes = data_of(folder / "gone.html")["notes"]
    check(any("no pictures" in n and "--corpus" in n for n in notes), f"a catalogue that is gone is told: {notes}")
    check(", 0 pictures" in result.err, "in the log, too")
    pool3("report", gone, "--out", folder / "moved.html", "--corpus", moved, prefix=how, ranks=0)
    check(not any("no pictures" in n for n in data_of(folder / "moved.html")["notes"]), "--corpus finds what has moved")


def check_names(check, pool3, folder):
    """Classes with names that are markup, or long."""
    names = ["<img src=x onerror=alert(1)>", "w" * 200, "</script><script>alert(2)</script>", "=1+1", "a\u202eb"]
    x = np.random.default_rng(1).normal(size=(200, 8)).astype("f4")
    labels = [names[i % len(names)] for i in range(200)]
    x[np.arange(200), np.arange(200) % len(names)] += 1.5
    np.savez(folder / "names.npz", X=x, y=np.array(labels))
    pool3("import", "--features", folder / "names.npz", "--out", folder / "names.h5")
    pool3("train", "--features", folder / "names.h5", "--out", folder / "names-model.h5")
    pool3("report", folder / "names.h5", "--model", folder / "names-model.h5", "--out", folder / "names.html", "--title", names[0])
    look(check, folder / "names.html", "names")


def check_many_classes(check, page):
    """A matrix of 1,000 classes, of which a pixel has one: an error of one row in fifty is seen in the whole of it."""
    data, k = data_of(page), 1000
    cells = [[i, i, 49 if i in (100, 600) else 50] for i in range(k)] + [[100, 900, 1], [600, 200, 1]]
    data["matrix"] = {"order": list(range(k)), "cells": base64.b64encode(np.array(cells, "<i4").tobytes()).decode()}
    data["classes"] = {"names": [f"class {i}" for i in range(k)], "rows": [50] * k, "support": [50] * k, "precision": [1] * k, "recall": [1] * k,
                       "f1": [1] * k, "confused_with": [-1] * k, "confused_rows": [0] * k}
    many = page.with_name("many.html")
    text = json.dumps(data).replace("<", "\\u003c")
    many.write_text(re.sub(r'(<script type="application/json" id="data">).*?(</script>)', lambda m: m[1] + text + m[2], page.read_text(), flags=re.S))
    look(check, many, "many")


def check_imported(check, pool3, folder, f):
    """Features of another program: with the paths of their pictures the page shows these, without them it says so."""
    good = np.flatnonzero(f.status == support.DONE)[:40]
    table = folder / "other.csv"
    lines = [",".join([f.paths[i], f.classes[f.labels[i]], *map(str, f.features[i, :16])]) for i in good]
    table.write_text("\n".join(["path,label," + ",".join(f"f{i}" for i in range(16)), *lines]) + "\n")
    for flags, pictures in (([], len(good)), (["--paths", "none"], 0)):
        pool3("import", "--features", table, *flags, "--out", folder / "other.h5", "--overwrite")
        log = pool3("report", folder / "other.h5", "--out", folder / "other.html").err
        check(f", {pictures} pictures" in log, f"imported features {flags}: a page with {pictures} pictures")
    check(any("--paths" in note for note in data_of(folder / "other.html")["notes"]), "and how they get some")
    look(check, folder / "other.html", "plain")


def check_refusals(check, pool3, folder, features):
    """What does not belong together, and what is no such file."""
    def refused(words, *flags, code=1):
        result = pool3.start(["report", features, "--out", folder / "no.html", *flags])
        check(result.code == code and all(w in result.err for w in words) and not (folder / "no.html").exists(), f"refused: {words}")
    refused(["e.json", "no table of a search"], "--search", folder / "e.json")
    refused(["s.json", "no evaluation"], "--evaluation", folder / "s.json")
    refused(["other features"], "--model", folder / "names-model.h5")
    (folder / "none/audit.json").parent.mkdir()
    (folder / "none/audit.json").touch()
    for flag, file in (("search", "none/audit.json"), ("evaluation", "none/audit.json"), ("audit", "none")):
        refused(["audit.json: the file is empty"], f"--{flag}", folder / file)
    refused(["rank-0.jsonl"], "--measured", folder / "audit")
    pool3("baseline", features, "--kind", "centroid", "--seed", 7, "--out", folder / "other.json")
    refused(["other.json", "other rows"], "--model", folder / "m.h5", "--baselines", folder / "other.json")
    refused(["no such row"], "--picture", "nowhere.png", code=2)
    f = support.Features(features)
    one, other = (f.paths[i] for i in np.flatnonzero(f.status == support.DONE)[:2])
    (folder / "changed").mkdir()
    shutil.copyfile(other, folder / "changed" / pathlib.Path(one).name)
    refused([one, "another picture"], "--picture", one, "--corpus", folder / "changed", "--weights", pool3.weights)


def main():
    check, pool3, folder = support.start_test(__doc__)
    if not (MODULES / "node_modules/playwright-core").is_dir() or not pathlib.Path(CHROMIUM).exists() or not shutil.which("node"):
        print("SKIPPED: there is no browser, or nothing to drive it; get both with: scripts/setup test")
        sys.exit(77)
    features = pool3.shared_features
    f = make_parts(pool3, folder, features)
    page = folder / "page.html"
    pool3("baseline", features, "--model", folder / "m.h5", "--kind", "nearest", "centroid", "--out", folder / "b.json")
    parts = ["--baselines", folder / "b.json", "--model", folder / "m.h5", "--search", folder / "s.json", "--evaluation", folder / "e.json", "--map", folder / "map.h5",
             "--audit", folder / "audit", "--weights", pool3.weights, "--measured", folder / "numbers"]
    pool3("evaluate", "--features", features, "--model", folder / "m.h5", "--out", folder / "e2.json", "--metrics", folder / "numbers")
    pool3("report", features, *parts, "--out", page)
    check(page.stat().st_size < MOST_BYTES, f"the page has {page.stat().st_size / 1e6:.1f} MB")
    check_numbers(check, page, folder, f)
    pool3("report", features, *parts, "--out", folder / "again.html", ranks=2)
    same = [re.sub(r"again|page", "", p.read_text()) for p in (page, folder / "again.html")]
    check(same[0] == same[1], "two ranks make the same page")
    look(check, page, "pictures")
    pool3("report", features, "--evaluation", folder / "e.json", "--no-pictures", "--out", folder / "plain.html")
    data = data_of(folder / "plain.html")
    check(data["summary"]["accuracy"][0] == round(json.loads((folder / "e.json").read_text())["accuracy"], 6), "an evaluation alone gives its numbers")
    pool3("evaluate", features, "--model", folder / "m.h5", "--baselines", folder / "b.json", "--out", folder / "eb.json")
    pool3("report", features, "--evaluation", folder / "eb.json", "--no-pictures", "--out", folder / "plain.html")
    check(data_of(folder / "plain.html")["baselines"] == data_of(page)["baselines"],
          "an evaluation that was given baselines has them, too")
    check_many_classes(check, folder / "plain.html")
    check_names(check, pool3, folder)
    check_imported(check, pool3, folder, f)
    check_refusals(check, pool3, folder, features)
    check_lost_pictures(check, pool3, folder, features)
    check.finish()


if __name__ == "__main__":
    main()
