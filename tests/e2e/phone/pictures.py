"""Exported classifiers that take pictures: what ONNX Runtime and LibTorch make of them, beside `pool3 predict`. For each way
of resizing, in 32 and in 8 bits, linear and RBF."""

import json
import pathlib
import shutil
import subprocess
import sys

import numpy as np
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "solver"))
import support  # noqa: E402
from exporting import RUNTIME  # noqa: E402

SCRIPT = """
const [folder, model, list] = process.argv.slice(1);
const ort = require(folder), fs = require('fs');
(async () => {
  const session = await ort.InferenceSession.create(model);
  for (const {file, shape} of JSON.parse(fs.readFileSync(list))) {
    const told = await session.run({picture: new ort.Tensor('uint8', new Uint8Array(fs.readFileSync(file)), shape)});
    const line = {order: Object.keys(told)};
    for (const name of line.order) line[name] = Array.from(told[name].data);
    console.log(JSON.stringify(line));
  }
})();
"""


class Catalogue:
    """A few real pictures, as files and as pixels over white; the model of their features, and what predict says."""

    def __init__(self, pool3, folder, corpus, profile, *training):
        self.pool3, self.folder, self.model = pool3, folder, folder / "model.h5"
        folder.mkdir()
        pool3.extract(corpus, folder / "f.h5", "--precision", "fp32", "--profile", profile)
        pool3("train", "--features", folder / "f.h5", "--out", self.model, "--probability-folds", 3, *training)
        self.features = support.Features(folder / "f.h5")
        files = [corpus / path for path in self.features.paths]
        said = pool3("predict", "--model", self.model, "--weights", pool3.weights, "--top", len(self.features.classes), *files).out
        said = {line["path"]: line for line in map(json.loads, said.splitlines())}
        self.said = [said[str(file)] for file in files]
        self.pictures = []
        for i, file in enumerate(files):
            rgba = Image.open(file).convert("RGBA")
            white = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
            self.pictures.append(np.ascontiguousarray(np.asarray(white)[:, :, : 3 + i % 2]))  # with a fourth channel, and without

    def expected(self, what):
        """[pictures, classes] of predict."""
        by_class = [{c["class"]: c[what] for c in said["top"]} for said in self.said]
        return np.array([[one[name] for name in self.features.classes] for one in by_class])

    def export(self, kind, *flags, name="out"):
        out = self.folder / f"{name}.{kind}"
        self.pool3("export", "--model", self.model, "--format", kind, "--weights", self.pool3.weights, "--out", out, *flags)
        return out

    def by_onnx(self, path):
        """What ONNX Runtime says of each picture."""
        listed = []
        for i, picture in enumerate(self.pictures):
            (self.folder / f"{i}.raw").write_bytes(picture.tobytes())
            listed.append({"file": str(self.folder / f"{i}.raw"), "shape": [1, *picture.shape]})
        (self.folder / "list.json").write_text(json.dumps(listed))
        words = ["node", "-e", SCRIPT, RUNTIME, path, self.folder / "list.json"]
        told = subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True).stdout
        return [json.loads(line) for line in told.splitlines()]


def compare(check, catalogue, what, scores, probabilities, most):
    """`scores` and `probabilities`: [pictures, classes]. `most`: by how much of the largest score they may be off."""
    wanted = catalogue.expected("score")
    off = np.abs(scores - wanted).max() / np.abs(wanted).max()
    check(off < most, f"{what}: the scores of predict, off by {off:.1e} of the largest, for {len(scores)} pictures")
    sure = np.diff(np.sort(wanted, axis=1)[:, -2:], axis=1)[:, 0] > 2 * most * np.abs(wanted).max()
    check(sure.any() and (scores.argmax(1) == wanted.argmax(1))[sure].all(), f"{what}: and the classes of {sure.sum()}")
    check(np.abs(probabilities - catalogue.expected("probability")).max() < most, f"{what}: and the probabilities")


def check_onnx(check, catalogue, what, path, most):
    if not RUNTIME.is_dir() or not shutil.which("node"):
        print("skipped: ONNX Runtime is not there (scripts/setup bench)")
        return
    told = catalogue.by_onnx(path)
    compare(check, catalogue, what, *(np.array([one[name] for one in told]) for name in ("scores", "probabilities")), most)
    check(all(one["class_names"] == catalogue.features.classes for one in told), f"{what}: it knows the classes' names")
    best = [one["class_names"][int(np.argmax(one["probabilities"]))] for one in told]
    check([one["label"] for one in told] == [[name] for name in best], f"{what}: and tells the most probable one")


def check_torchscript(check, catalogue, what, path, most):
    import torch
    module = torch.jit.load(str(path))
    pictures = [torch.from_numpy(picture.copy()) for picture in catalogue.pictures]
    lite = torch._C._load_for_lite_interpreter(str(path), torch.device("cpu"))  # that of phones
    with torch.no_grad():
        told = np.stack([module.classify(picture).numpy() for picture in pictures])
        resized = torch.cat([module.resize(picture[:, :, :3].permute(2, 0, 1)[None]) for picture in pictures])
        scores, steps = module(resized).numpy(), module.probabilities(resized).numpy()
        again = lite.run_method("classify", (pictures[0],)).numpy()
    compare(check, catalogue, what, scores, told, most)
    check(list(resized.shape[1:]) == [3, 299, 299] and np.abs(steps - told).max() < 1e-5, f"{what}: resize, then probabilities, are classify")
    check(np.abs(again - told[0]).max() < 1e-5, f"{what}: PyTorch's interpreter for phones says the same")


def check_sizes(check, whole, small, what):
    share = small.stat().st_size / whole.stat().st_size
    check(share < 0.27, f"{what}: 8 bits take {share:.3f} of the size, {small.stat().st_size / 1e6:.1f} MB")


def check_refusals(check, catalogue):
    pool3, folder = catalogue.pool3, catalogue.folder
    for kind, flags, word in (("npz", ["--quantised"], "--quantised"), ("onnx", ["--quantised"], "--pictures"),
                              ("liblinear", ["--pictures"], "network")):
        result = pool3("export", "--model", catalogue.model, "--format", kind, "--out", folder / "no", *flags, code=2)
        check(word in result.err and not (folder / "no").exists(), f"{kind} {flags}: refused")


def main():
    check, pool3, folder = support.start_test(__doc__)
    corpus = folder / "pictures"
    support.build_corpus(corpus, ["animals", "food", "transportation"], 4)
    for profile in ("nsfwjs", "tf2015", "keras", "torchvision"):
        catalogue = Catalogue(pool3, folder / profile, corpus, profile)
        onnx = catalogue.export("onnx", "--pictures")
        check_onnx(check, catalogue, f"ONNX, {profile}", onnx, 1e-3)
        archive = catalogue.export("torchscript")
        check_torchscript(check, catalogue, f"TorchScript, {profile}", archive, 1e-3)
        if profile != "nsfwjs":
            continue
        check_refusals(check, catalogue)
        small = catalogue.export("onnx", "--pictures", "--quantised", name="small")
        check_sizes(check, onnx, small, "ONNX")
        check_onnx(check, catalogue, "ONNX in 8 bits", small, 0.03)
        small = catalogue.export("torchscript", "--quantised", name="small")
        check_sizes(check, archive, small, "TorchScript")
        check_torchscript(check, catalogue, "TorchScript in 8 bits", small, 0.03)
        again = catalogue.export("torchscript", "--quantised", name="again")
        check(again.read_bytes() == small.read_bytes(), "the same model gives the same bytes")
    catalogue = Catalogue(pool3, folder / "rbf", corpus, "nsfwjs", "--kernel", "rbf", "--gamma", "scale")
    check_onnx(check, catalogue, "ONNX, RBF", catalogue.export("onnx", "--pictures"), 1e-3)
    check.finish()


if __name__ == "__main__":
    main()
