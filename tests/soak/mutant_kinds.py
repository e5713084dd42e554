"""Small sound files of every kind that a command of pool3 reads, and the commands that read them, for `mutants_files`."""

import csv
import gzip
import io
import json
import pathlib
import shutil
import subprocess
import tarfile

import h5py
import numpy as np

ROWS, WIDTH = 23, 16
ROOT = pathlib.Path(__file__).resolve().parents[2]
SMALL_WEIGHTS = ROOT / "tests/fuzz/corpus/pickle/tiny.pth"  # that no model was trained with: serve ends behind its files


class Seeds:
    """Writes them into a folder with the program itself, and with other programs' writers."""

    def __init__(self, folder, options, environment):
        self.folder, self.options, self.environment = folder, options, environment

    def run(self, *command):
        done = subprocess.run([str(c) for c in command], capture_output=True, env=self.environment, check=False)
        if done.returncode != 0:
            raise SystemExit(f"FAILED: {command}: {done.stderr.decode()}")

    def pool3(self, *command):
        self.run(self.options.pool3, *command)

    def write(self):
        """{kind: files}."""
        f = self.folder
        self.run(self.options.sample, f, ROWS, WIDTH)
        return {**self.sealed(f), **self.results(f), **self.tables(f), **self.of_rows(f), **self.catalogues(f)}

    def sealed(self, f):
        solve = ["--features", f / "f.h5", "--test-fraction", 0.3]
        models = {"trained": ["--probability-folds", 2], "rbf": ["--kernel", "rbf", "--probability-folds", 2],
                  "ovo": ["--kernel", "rbf", "--multiclass", "ovo", "--probability-folds", 0],
                  "split": ["--split", "stratified", "--probability-folds", 2]}  # fmt: skip
        for name, flags in models.items():
            self.pool3("train", *solve, "--out", f / f"{name}.h5", *flags)
        self.pool3("link", f / "link.h5", f / "f.h5")
        self.pool3("map", "--features", f / "f.h5", "--out", f / "map.h5", "--perplexity", 3, "--steps", 20)
        self.pool3("neighbours", "--features", f / "f.h5", 0, "--index", f / "index.h5")
        np.savez(f / "import.npz", X=np.random.default_rng(1).random((ROWS, WIDTH)), y=np.arange(ROWS) % 3)
        self.pool3("import", "--features", f / "import.npz", "--dtype", "float16", "--out", f / "halves.h5")
        linear = [f / f"{name}.h5" for name in ("m", "trained", "split")]
        return {"features": [f / "f.h5", f / "halves.h5"], "link": [f / "link.h5"], "map": [f / "map.h5"],
                "index": [f / "index.h5"], "model": linear, "rbf": [f / "rbf.h5", f / "ovo.h5"]}  # fmt: skip

    def results(self, f):
        features = ["--features", f / "f.h5"]
        self.pool3("baseline", *features, "--model", f / "trained.h5", "--C", 1, "--out", f / "baselines.json")
        self.pool3("search", *features, "--test-fraction", 0.3, "--folds", 2, "--C", 1, 10, "--out", f / "search.json")
        self.pool3("evaluate", *features, "--model", f / "trained.h5", "--out", f / "evaluation.json")
        self.pool3("audit", *features, "--folds", 2, "--out", f / "audit")
        self.pool3("train", *features, "--metrics", f / "metrics", "--out", f / "again.h5", "--probability-folds", 0)
        shutil.copy(f / "audit/audit.json", f / "audit.json")
        shutil.copy(f / "metrics/rank-0.jsonl", f / "metrics.jsonl")
        names = ("baselines", "search", "evaluation", "audit")
        return {**{name: [f / f"{name}.json"] for name in names}, "metrics": [f / "metrics.jsonl"]}

    @staticmethod
    def tables(f):
        """Tables of numbers, for import."""
        x, y = np.random.default_rng(2).random((ROWS, 4)).astype("f4"), np.arange(ROWS) % 3
        np.save(f / "x.npy", x)
        np.save(f / "columns.npy", np.asfortranarray(x.astype(">f8")))
        np.savez_compressed(f / "a.npz", X=x.astype("f2"), y=y.astype("U3"))
        with h5py.File(f / "a.hdf5", "w") as file:
            file["X"], file["y"] = x, y
        lines = ["a,b,c,d,label", *(",".join([*map(str, row), f"class {k}"]) for row, k in zip(x, y))]
        (f / "a.csv").write_text("\n".join(lines) + "\n")
        sparse = [" ".join([str(k), *(f"{i + 1}:{v}" for i, v in enumerate(row))]) for row, k in zip(x, y)]
        (f / "a.svm").write_text("\n".join(sparse) + "\n")
        (f / "a.svm.gz").write_bytes(gzip.compress((f / "a.svm").read_bytes()))
        return {"array": [f / "x.npy", f / "columns.npy", f / "a.npz"], "foreign": [f / "a.hdf5"],
                "text": [f / "a.csv", f / "a.svm"], "packed": [f / "a.svm.gz"]}  # fmt: skip

    @staticmethod
    def of_rows(f):
        """What goes to --split-from and its like."""
        with h5py.File(f / "f.h5") as file:
            paths = [p.decode() for p in file["paths"][:]]
        sides, folds = ["train", "test", "train"] * ROWS, [0, 1, 2, -1] * ROWS
        with open(f / "rows.csv", "w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["path", "split", "group", "folds"])
            rows.writerows([path, sides[i], f"g{i % 7}", folds[i]] for i, path in enumerate(paths))
        (f / "rows.txt").write_text("\n".join(str(i) for i in range(0, ROWS, 3)) + "\n")
        np.save(f / "folds.npy", np.array(folds[:ROWS], "i2"))
        with h5py.File(f / "weights.hdf5", "w") as file:
            file["weights"] = np.linspace(0, 2, ROWS).astype("f4")
        return {"row table": [f / "rows.csv"], "row list": [f / "rows.txt"], "row array": [f / "folds.npy"],
                "row weights": [f / "weights.hdf5"]}  # fmt: skip

    @staticmethod
    def catalogues(f):
        """Lists, tables and archives of pictures, lists of classes, settings, and small weights."""
        pictures = f / "pictures"
        for i in range(4):
            place = pictures / "ab"[i % 2] / f"{i}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes([i]) * 60)
        names = sorted(str(p) for p in pictures.rglob("*.png"))
        (f / "list.csv").write_text("".join(f"{n},{'ab'[i % 2]}\n" for i, n in enumerate(names)))
        (f / "list.txt").write_text("\n".join(names) + "\n")
        with tarfile.open(f / "shard.tar", "w") as tar:
            for i, name in enumerate(names):
                tar.add(name, f"{i}.png")
                label = tarfile.TarInfo(f"{i}.json")
                text = json.dumps({"label": "ab"[i % 2]}).encode()
                label.size = len(text)
                tar.addfile(label, io.BytesIO(text))
        (f / "classes.txt").write_text("a\nb\n")
        (f / "flags.ini").write_text("# of train\nC = 3\nloss = l1\nprobability-folds = 0\ntest-fraction = 0.3\n")
        weights = [ROOT / "tests/fuzz/corpus" / name for name in ("safetensors/tiny", "pickle/old.pth", "keras/tiny.h5",
                                                                   "graphdef/tiny.pb")]  # fmt: skip
        return {"catalogue": [f / "list.csv", f / "list.txt", f / "shard.tar"], "classes": [f / "classes.txt"],
                "settings": [f / "flags.ini"], "weights": weights}  # fmt: skip


def of_features(mutant, f, out, whole):
    """`whole`: no link, which has no rows of its own."""
    training = ["--features", mutant, "--out", out, "--test-fraction", 0.3]
    rest = [["link", out, mutant], ["status", mutant]] if whole else []
    return [["verify", mutant], ["inspect", mutant, "--failures"], ["inspect", mutant, "--json"],
            ["diff", f / "f.h5", mutant, "--min-cosine", 0.9], ["diff", mutant, f / "f.h5"],
            ["train", *training, "--probability-folds", 2], ["train", *training, "--kernel", "rbf", "--probability-folds", 0],
            ["search", *training, "--folds", 2, "--C", 1], ["repack", mutant, out], ["publish", mutant, "--as", out],
            ["evaluate", "--features", mutant, "--model", f / "m.h5", "--out", out],
            ["baseline", *training, "--C", 1, "--folds", 2], ["map", mutant, "--out", out, "--perplexity", 3, "--steps", 10],
            ["audit", mutant, "--out", out, "--folds", 2], ["neighbours", "--features", mutant, "--all"],
            ["neighbours", "--features", mutant, 0, 1, 5, "--metric", "euclidean"],
            ["predict", "--model", f / "m.h5", "--features", mutant], report(f, out, features=mutant),
            ["extract", "--corpus", f / "list.txt", "--update-from", mutant, "--dry-run", "--out", out, "--weights", "none"],
            serve(mutant, f / "m.h5"), *rest]  # fmt: skip


def of_model(mutant, f, out, formats):
    features = f / "f.h5"
    exports = [["export", "--model", mutant, "--format", name, "--out", out] for name in formats]
    return [["verify", mutant], ["inspect", mutant], ["inspect", mutant, "--json"], *exports,
            ["predict", "--model", mutant, f / "none.png"], ["predict", "--model", mutant, "--features", features, "--coverage", 0.9],
            ["evaluate", "--features", features, "--model", mutant, "--out", out],
            ["baseline", features, "--model", mutant, "--kind", "nearest", "centroid", "--out", out],
            ["audit", features, "--model", mutant, "--folds", 2, "--out", out], report(f, out, model=mutant),
            ["neighbours", "--features", features, "--model", mutant, "--metric", "svm", 0, 7], serve(features, mutant)]  # fmt: skip


def serve(features, model):
    return ["serve", "--features", features, "--model", model, "--listen", "127.0.0.1:0", "--weights", SMALL_WEIGHTS]


def report(f, out, **files):
    flags = [word for name, path in ({"features": f / "f.h5"} | files).items() for word in (f"--{name}", path)]
    return ["report", *flags, "--no-pictures", "--out", out]


def copied(mutant, out, name):
    """A folder beside the output with the mutant under the name that a command looks for."""
    folder = pathlib.Path(f"{out}.in")
    folder.mkdir(exist_ok=True)
    shutil.copy(mutant, folder / name)
    return folder


def of_table(mutant, f, out):
    training = ["train", f / "f.h5", "--out", out, "--probability-folds", 0, "--split-from", mutant]
    return [["import", "--features", mutant, "--out", out], ["import", "--features", f / "x.npy", "--labels", mutant, "--out", out],
            training]  # fmt: skip


def of_index(mutant, f):
    ask = ["neighbours", "--features", f / "f.h5", "--index", mutant]
    return [["verify", mutant], ["inspect", mutant], ["inspect", mutant, "--json"], [*ask, 0, 5], [*ask, 1, "--metric", "euclidean"],
            [*ask, 2, "--top", 2, "--split", "held-out"], [*ask, 3, "--top", 1000]]  # fmt: skip


def of_rows(mutant, f, out):
    train = lambda flag, column="": ["train", f / "f.h5", "--out", out, "--probability-folds", 2, flag, f"{mutant}{column}"]
    table = [train("--split-from", ":split"), train("--groups-from", ":group"), train("--folds-from", ":folds")]
    plain = [train("--split-from"), train("--groups-from"), train("--folds-from"), train("--test-rows")]
    return [*(table if mutant.suffix == ".csv" else plain), train("--row-weights")]


def of_catalogue(mutant, f, out):
    dry = ["extract", "--dry-run", "--out", out, "--weights", "none", "--corpus"]
    tar = [[*dry, mutant, "--labels", "auto"]]
    return tar if mutant.suffix == ".tar" else [*tar, [*dry, f / "list.txt", "--classes", mutant]]


def of_results(kind, mutant, f, out):
    features = f / "f.h5"
    if kind == "baselines":
        shutil.copy(mutant, out)
        return [["evaluate", features, "--model", f / "trained.h5", "--baselines", mutant, "--out", f"{out}.json"],
                ["baseline", features, "--model", f / "trained.h5", "--C", 1, "--kind", "nearest", "--out", out]]  # fmt: skip
    if kind == "search":
        shutil.copy(mutant, f"{out}.points")
        return [report(f, out, search=mutant),
                ["search", features, "--test-fraction", 0.3, "--folds", 2, "--C", 1, 10, "--out", out]]  # fmt: skip
    if kind == "evaluation":
        return [report(f, out, evaluation=mutant)]
    name = {"audit": "audit.json", "metrics": "rank-0.jsonl"}[kind]
    return [report(f, out, **{"audit" if kind == "audit" else "measured": copied(mutant, out, name)})]


def commands(kind, mutant, f, out):
    """The arguments of each command that reads such a file. `f`: the folder of the sound ones."""
    if kind in ("features", "link"):
        return of_features(mutant, f, out, kind == "features")
    if kind in ("model", "rbf"):
        return of_model(mutant, f, out, ("liblinear", "npz", "onnx") if kind == "model" else ("libsvm", "npz", "onnx"))
    if kind == "map":
        return [["verify", mutant], ["inspect", mutant], ["inspect", mutant, "--json"], report(f, out, map=mutant)]
    if kind == "index":
        return of_index(mutant, f)
    if kind in ("array", "foreign", "text", "packed"):
        return of_table(mutant, f, out)
    if kind.startswith("row"):
        return of_rows(mutant, f, out)
    if kind in ("catalogue", "classes"):
        return of_catalogue(mutant, f, out)
    if kind == "settings":
        return [["train", f / "f.h5", "--config", mutant, "--out", out]]
    if kind == "weights":
        return [["inspect", mutant], ["convert", mutant, "--out", out]]
    return of_results(kind, mutant, f, out)
