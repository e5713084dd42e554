#!/usr/bin/python3
"""Checks pool3's features of real pictures against torchvision's Inception-v3, for each kind of network.

The original weights are read here by other means than pool3's and those of scripts/setup: from the text of the UMD
modules. The network is torchvision's module with its batch norms unfolded and its pools changed as the kind asks.
bf16 is compared with fp32, and its error with that of PyTorch's own bf16.

With POOL3_LONG_TESTS=1 in the environment, on 200 pictures of each kind; takes minutes.
"""
import argparse
import base64
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402

LEAST_COSINE = {"fp32": 0.99999, "bf16": 0.999}
LARGEST_DIFFERENCE = 1e-3  # of fp32, against the norm of the picture's features
LARGEST_BF16_ERROR = 1.0  # of 1 - cosine in the mean, against PyTorch's bf16
# kind: average pools count padding, the last block's pool is a maximum
KINDS = {"nsfwjs": (False, False), "torchvision": (True, False), "tf2015": (False, True)}


def give_up(why):
    sys.exit("FAILED: " + why + "; scripts/setup test weights brings it")


def exported(path):
    """What a UMD module exports, by its text."""
    text = path.read_text()
    string = re.search(r'\.exports="([A-Za-z0-9+/=]*)"', text)
    if string:
        return string.group(1)
    literal = text[text.index(".exports={modelTopology") + len(".exports=") : text.rindex("},{}]},{},[1])(1)})")]
    literal = re.sub(r"([{,])([A-Za-z_]\w*):", r'\1"\2":', literal).replace("!0", "true").replace("!1", "false")
    return json.loads(re.sub(r"([:\[,]-?)\.(\d)", r"\g<1>0.\2", literal))


def original_tensors(folder):
    (group,) = exported(folder / "model.min.js")["weightsManifest"]
    data = b"".join(base64.b64decode(exported(folder / f"{p}.min.js"), validate=True) for p in group["paths"])
    tensors, at = {}, 0
    for w in group["weights"]:
        assert w["quantization"]["dtype"] == "uint8"
        n = int(np.prod(w["shape"]))
        q = np.frombuffer(data, np.uint8, n, at).astype(np.float64)
        at += n
        values = q * w["quantization"]["scale"] + w["quantization"]["min"]
        tensors[w["name"]] = values.astype(np.float32).reshape(w["shape"])
    assert at == len(data)
    return tensors


def original_layers(folder):
    """As inception_reference wants them; these weights have no gamma."""
    import inception_reference

    tensors, layers = original_tensors(folder), []
    for i, known in enumerate(inception_reference.layers_of(inception_reference.random_module()), 1):
        norm = f"batch_normalization_{i}/"
        layers.append({"name": known["name"], "kernel": tensors[f"conv2d_{i}/kernel"], "beta": tensors[norm + "beta"],
                       "mean": tensors[norm + "moving_mean"], "variance": tensors[norm + "moving_variance"]})
        assert layers[-1]["kernel"].shape == known["kernel"].shape, (i, known["name"])
    return layers


def with_traits(source, path, counts_padding, max_pool):
    """Writes pool3's own file again, with other traits in its metadata."""
    data = source.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    changed = {"average_pool_counts_padding": counts_padding, "max_pool_in_7c": max_pool}
    header["__metadata__"].update({name: str(value).lower() for name, value in changed.items()})
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + size :])


def pictures(count):
    """Real pictures as inputs, x / 255; a seeded choice."""
    from PIL import Image

    files = sorted(support.PICTURES.rglob("*.png"))
    if len(files) < count:
        give_up(f"no pictures in {support.PICTURES}")
    chosen = np.random.default_rng(42).choice(len(files), count, replace=False)
    rows = []
    for i in chosen:
        rgba = Image.open(files[i]).convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        rgb = Image.alpha_composite(white, rgba).convert("RGB").resize((299, 299), Image.BILINEAR)
        rows.append(np.asarray(rgb, np.float32) / np.float32(255))
    return np.stack(rows)


def ours(dump, weights, inputs, precision):
    with tempfile.TemporaryDirectory() as folder:
        source, out = folder + "/in.f32", folder + "/out.f32"
        inputs.astype("<f4").tofile(source)
        subprocess.run([dump, str(weights), source, str(len(inputs)), out, precision], check=True)
        return np.fromfile(out, "<f4").reshape(len(inputs), 2048)


def cosines(a, b):
    a, b = a.astype(np.float64), b.astype(np.float64)
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


class Test:
    def __init__(self, args):
        self.args, self.check = args, support.Checks()
        self.layers = original_layers(pathlib.Path(args.original))

    def expected(self, kind, inputs, bf16=False):
        import inception_reference

        network = inception_reference.network(self.layers, *KINDS[kind], bf16=bf16)
        return np.concatenate([network(inputs[i : i + 4]) for i in range(0, len(inputs), 4)])

    def check_fp32(self, kind, weights, inputs):
        """Returns torchvision's features."""
        expected = self.expected(kind, inputs)
        # The pictures must differ, or a network that ignores its input would pass.
        between = cosines(expected, np.roll(expected, 1, axis=0))
        self.check(np.median(between) < 0.99, f"{kind}: different pictures differ, median cosine {np.median(between):.3f}")
        got = ours(self.args.dump, weights, inputs, "fp32")
        cosine = cosines(got, expected)
        worst = (np.abs(got - expected).max(1) / np.linalg.norm(expected, axis=1)).max()
        self.check((cosine >= LEAST_COSINE["fp32"]).all() and worst <= LARGEST_DIFFERENCE,
                   f"{kind}, fp32, {len(inputs)} pictures: least cosine {cosine.min():.8f}, largest difference {worst:.2e} of the norm")
        return expected

    def check_bf16(self, kind, weights, inputs, expected, few):
        """Against fp32 on all pictures, and against PyTorch's bf16 on the first `few` and on the worst."""
        got = ours(self.args.dump, weights, inputs, "bf16")
        cosine = cosines(got, expected)
        self.check((cosine >= LEAST_COSINE["bf16"]).all(),
                   f"{kind}, bf16, {len(inputs)} pictures: cosine to fp32 at least {cosine.min():.6f}, "
                   f"median {np.median(cosine):.6f}")
        self.check(not (cosine > 1 - 1e-7).any(), "and it is not fp32 in disguise")
        for name, some in (("the first", np.arange(few)), ("the worst", np.argsort(cosine)[:few])):
            theirs = cosines(self.expected(kind, inputs[some], bf16=True), expected[some])
            ours_off, theirs_off = 1 - cosine[some].mean(), 1 - theirs.mean()
            self.check(ours_off <= LARGEST_BF16_ERROR * theirs_off,
                       f"over {name} {few} its mean 1 - cosine is {ours_off:.2e}, that of PyTorch's bf16 {theirs_off:.2e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dump", required=True, help="the program pool3_network_dump")
    parser.add_argument("--original", required=True, help="folder of the original TFJS model, as the package has it")
    parser.add_argument("--unwrapped", required=True, help="the same as a plain TensorFlow.js folder, made by scripts/setup")
    parser.add_argument("--weights", required=True, help="the same as pool3's own file")
    args = parser.parse_args()
    for path in (pathlib.Path(args.original) / "model.min.js", pathlib.Path(args.unwrapped) / "model.json", pathlib.Path(args.weights)):
        if not path.is_file():
            give_up(f"no weights at '{path}'")
    long = os.environ.get("POOL3_LONG_TESTS") == "1"
    most, few = (200, 200) if long else (16, 4)
    inputs, test = pictures(most), Test(args)
    expected = test.check_fp32("nsfwjs", args.unwrapped, inputs)
    test.check_bf16("nsfwjs", args.unwrapped, inputs, expected, 16 if long else few)
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("torchvision", "tf2015"):
            weights = pathlib.Path(folder) / f"{kind}.safetensors"
            with_traits(pathlib.Path(args.weights), weights, *KINDS[kind])
            changed = test.check_fp32(kind, weights, inputs[:few])
            test.check(cosines(changed, expected[:few]).min() < LEAST_COSINE["fp32"], f"{kind}: its features are its own")
    test.check.finish()


if __name__ == "__main__":
    main()
