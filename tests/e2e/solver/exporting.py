"""Exported models against the programs that read them: LIBLINEAR's predict, NumPy, PyTorch, and ONNX Runtime if it is
there."""

import json
import pathlib
import shutil
import subprocess
import sys

import h5py
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402
from training import write_svmlight  # noqa: E402

RUNTIME = pathlib.Path(__file__).resolve().parents[3] / "work/bench/node_modules/onnxruntime-node"  # what scripts/setup bench brings
ONNX_SCRIPT = """
const [folder, model, rows, dim] = process.argv.slice(1);
const ort = require(folder);
const bytes = require('fs').readFileSync(rows);
const x = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
ort.InferenceSession.create(model).then(s => s.run({features: new ort.Tensor('float32', x, [x.length / dim, +dim])})).then(out => {
  const told = {};
  for (const name of Object.keys(out)) told[name] = {dims: out[name].dims, data: Array.from(out[name].data)};
  console.log(JSON.stringify(told));
});
"""


def run_onnx(path, x):
    """What ONNX Runtime makes of rows, by output; None if it is not there."""
    if not RUNTIME.is_dir() or not shutil.which("node"):
        print("skipped: ONNX Runtime is not there (scripts/setup bench)")
        return None
    rows = path.with_suffix(".f32")
    x.astype("<f4").tofile(rows)
    words = ["node", "-e", ONNX_SCRIPT, RUNTIME, path, rows, x.shape[1]]
    told = json.loads(subprocess.run([str(w) for w in words], check=True, capture_output=True, text=True).stdout)
    return {name: np.array(value["data"]).reshape(value["dims"]) for name, value in told.items()}


def margins(scores):
    """By how much the highest score of each row is above the next."""
    return np.diff(np.sort(scores, axis=1)[:, -2:], axis=1)[:, 0]


def export(pool3, model, kind, out):
    pool3("export", "--model", model, "--format", kind, "--out", out)
    return out


def check_npz(check, pool3, folder, model):
    with np.load(export(pool3, model, "npz", folder / "model.npz"), allow_pickle=False) as arrays, h5py.File(model) as f:
        check(np.array_equal(arrays["coef"], f["coef"][:]), "npz: coef is the model's, bit for bit")
        check(np.array_equal(arrays["intercept"], f["intercept"][:]), "npz: intercept is the model's")
        check(list(arrays["classes"]) == list(f["classes"].asstr()[:]), "npz: classes are the model's names")
        check(("sigmoid_a" in arrays) == (f["sigmoid_a"].size > 0), "npz: sigmoids if the model has them")
        scores = (arrays["coef"], arrays["intercept"])
    again = export(pool3, model, "npz", folder / "again.npz")
    check(again.read_bytes() == (folder / "model.npz").read_bytes(), "npz: the same model gives the same bytes")
    return scores


def check_liblinear(check, pool3, folder, model, x, scores):
    text = export(pool3, model, "liblinear", folder / "model.txt")
    expected = scores.argmax(1)
    write_svmlight(folder / "rows.txt", x, expected)
    command = ["liblinear-predict", folder / "rows.txt", text, folder / "told.txt"]
    subprocess.run([str(word) for word in command], check=True, capture_output=True)
    told = np.loadtxt(folder / "told.txt", dtype=int)
    sure = margins(scores) > 1e-6 * np.abs(scores).max()  # rows are written with nine digits
    check(np.array_equal(told[sure], expected[sure]) and sure.mean() > 0.99, f"LIBLINEAR predicts the same for {sure.sum()} of {len(x)} rows")


def fields(message):
    """The fields of a protobuf message, as (number, value)."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        key = varint()
        size = 4 if key & 7 == 5 else varint()
        if key & 7 == 0:
            yield key >> 3, size
            continue
        yield key >> 3, message[at:at + size]
        at += size


def named(message, number):
    """The names (field 1) of the parts `number`."""
    return [dict(fields(value))[1].decode() for key, value in fields(message) if key == number]


def check_onnx(check, pool3, folder, model, x, scores):
    path = export(pool3, model, "onnx", folder / "model.onnx")
    onnx = path.read_bytes()
    graph = dict(fields(onnx))[7]
    expected = ["label", "probabilities", "scores"] if support.Model(model).probabilities(scores) is not None else ["label", "scores"]
    check(named(graph, 12) == expected and named(graph, 11) == ["features"], f"onnx: outputs {named(graph, 12)}, as skl2onnx orders them")
    told = {dict(fields(v))[1].decode(): dict(fields(v))[2].decode() for k, v in fields(onnx) if k == 14}
    check(told["classes"].split("\n")[:-1] == support.Model(model).classes and f"[N, {x.shape[1]}]" in told["input"], f"onnx: {told['input']}")
    told = run_onnx(path, x)
    if told is None:
        return
    own = support.Model(model)
    p = own.probabilities(scores)
    if p is not None:
        off = np.abs(told["probabilities"] - p).max()
        check(off < 1e-4, f"ONNX Runtime gives the same probabilities, within {off:.1e}")
    best = scores if p is None else p
    sure = margins(best) > 1e-4 * np.abs(best).max()
    check((told["label"] == np.array(own.classes)[best.argmax(1)])[sure].all(), f"and the same labels for {sure.sum()} of {len(x)} rows")
    check(np.abs(told["scores"] - scores).max() <= 1e-4 * max(1, np.abs(scores).max()), "ONNX Runtime gives the same scores")


def check_torchscript(check, pool3, folder, model):
    """The archive's scores of real pictures, resized here, are those that pool3 gets from their features."""
    import torch
    from PIL import Image

    archive = pool3("export", "--model", model, "--format", "torchscript", "--weights", pool3.weights, "--out", folder / "m.pt")
    check("torchscript" in archive.err, "torchscript: it says what it made")
    corpus, out = folder / "pictures", folder / "pictures.h5"
    support.build_corpus(corpus, ["animals", "food"], 4)
    pool3.extract(corpus, out, "--precision", "fp32", "--labels", "none")
    f = support.Features(out)
    with np.load(folder / "model.npz") as arrays:
        wanted = f.features.astype(np.float64) @ arrays["coef"].T + arrays["intercept"]
        names = list(arrays["classes"])
    inputs = []
    for path in f.paths:  # as the default weights have it: bilinear, corners aligned
        rgba = Image.open(corpus / path).convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        rgb = np.asarray(Image.alpha_composite(white, rgba).convert("RGB"), np.float32)
        chw = torch.from_numpy(rgb).permute(2, 0, 1)[None]
        inputs.append(torch.nn.functional.interpolate(chw, size=(299, 299), mode="bilinear", align_corners=True))
    module = torch.jit.load(str(folder / "m.pt"))
    with torch.no_grad():
        told = module(torch.cat(inputs)).numpy()
        alone = np.concatenate([module(picture).numpy() for picture in inputs[:3]])
    check(module.classes == names and "[N, 3, 299, 299]" in module.input, f"torchscript: classes are the model's names; {module.input}")
    off = np.abs(told - wanted).max()
    check(told.shape == wanted.shape and off < 1e-3 * np.abs(wanted).max(),
          f"torchscript: python3-torch gets the same scores for {len(told)} pictures (off by {off:.1e})")
    sure = margins(wanted) > 2 * off
    check(sure.any() and (told.argmax(1) == wanted.argmax(1))[sure].all(), f"torchscript: and the same classes for {sure.sum()} of them")
    check(np.abs(alone - told[:3]).max() < 1e-4 * np.abs(told).max(), "torchscript: any number of pictures a call")
    other = pool3("export", "--model", model, "--format", "torchscript", "--weights", folder / "m.pt", "--out", folder / "n.pt", code=1)
    check("other weights" in other.err and not (folder / "n.pt").exists(), "torchscript: other weights are refused")


def main():
    check, pool3, folder = support.start_test(__doc__)
    if not shutil.which("liblinear-predict"):
        sys.exit("FAILED: there is no liblinear-predict; install it with: scripts/setup test")
    f = support.Features(pool3.shared_features)
    x = f.features[f.rows("test")]
    for loss in ("l2", "l1"):
        model = folder / f"{loss}.h5"
        pool3("train", "--features", f.path, "--out", model, "--loss", loss, "--tolerance", 1e-3,
              "--probability-folds", 3 if loss == "l2" else 0)
        coef, intercept = check_npz(check, pool3, folder, model)
        scores = x.astype(np.float64) @ coef.T + intercept
        check_liblinear(check, pool3, folder, model, x, scores)
        check_onnx(check, pool3, folder, model, x, scores)
        if loss == "l2":
            check_torchscript(check, pool3, folder, model)
    wrong = pool3("export", "--model", model, "--format", "pickle", "--out", folder / "no", code=2)
    check("--format must be" in wrong.err and not (folder / "no").exists(), "an unknown format is refused")
    check.finish()


if __name__ == "__main__":
    main()
