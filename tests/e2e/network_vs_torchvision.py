#!/usr/bin/python3
"""Checks pool3's features against torchvision's Inception-v3.

The original weights are read here by other means than pool3's: the UMD modules are run by `node` if there is one,
else read by regular expressions. The network is torchvision's module with its batch norms unfolded and its branch
pools set to leave out the padding.
"""
import argparse
import base64
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import numpy as np

PICTURES = "/usr/share/openclipart/png"
LEAST_COSINE = {"fp32": 0.99999, "bf16": 0.999}


def give_up(why):
    sys.exit("FAILED: " + why + "; scripts/setup test weights brings it")


def exported(path):
    """What a UMD module exports."""
    if shutil.which("node"):
        code = "process.stdout.write(JSON.stringify(require(process.argv[1])))"
        return json.loads(subprocess.run(["node", "-e", code, str(path)], check=True, capture_output=True).stdout)
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


def reference(folder):
    """torchvision's module, eps 1e-3, gamma 1, with the original weights; called, it gives pool_3 features."""
    import torch
    from torchvision.models import inception

    def no_padding(x, *args, _pool=torch.nn.functional.avg_pool2d, **kwargs):
        return _pool(x, *args, count_include_pad=False, **kwargs)

    class Functional:
        """torch.nn.functional, but for avg_pool2d."""

        def __getattr__(self, name):
            return no_padding if name == "avg_pool2d" else getattr(torch.nn.functional, name)

    inception.F = Functional()
    net = inception.inception_v3(weights=None, aux_logits=False, transform_input=False, init_weights=False).eval()
    net.fc = torch.nn.Identity()
    tensors = original_tensors(folder)
    blocks = [m for m in net.modules() if isinstance(m, inception.BasicConv2d)]
    assert len(blocks) == 94
    with torch.no_grad():
        for i, block in enumerate(blocks, 1):
            kernel = torch.from_numpy(tensors[f"conv2d_{i}/kernel"]).permute(3, 2, 0, 1)
            assert kernel.shape == block.conv.weight.shape, (i, kernel.shape)
            block.conv.weight.copy_(kernel)
            norm = block.bn
            assert norm.eps == 1e-3
            norm.weight.fill_(1)
            norm.bias.copy_(torch.from_numpy(tensors[f"batch_normalization_{i}/beta"]))
            norm.running_mean.copy_(torch.from_numpy(tensors[f"batch_normalization_{i}/moving_mean"]))
            norm.running_var.copy_(torch.from_numpy(tensors[f"batch_normalization_{i}/moving_variance"]))

    def features(batch):
        with torch.inference_mode():
            return net(torch.from_numpy(batch).permute(0, 3, 1, 2).contiguous()).numpy()

    return features


def pictures(count):
    """Real pictures as inputs, x / 255; a seeded choice."""
    from PIL import Image

    files = sorted(pathlib.Path(PICTURES).rglob("*.png"))
    if len(files) < count:
        give_up(f"no pictures in {PICTURES}")
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


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dump", required=True, help="the program pool3_network_dump")
    parser.add_argument("--original", required=True, help="folder of the original TFJS model")
    parser.add_argument("--weights", help="what pool3 reads; default: the original folder")
    parser.add_argument("--inputs", help=".npy of [N, 299, 299, 3] float32; default: pictures of this system")
    parser.add_argument("--count", type=int, default=16)
    args = parser.parse_args()
    folder = pathlib.Path(args.original)
    if not args.original or not (folder / "model.min.js").is_file():
        give_up(f"no original weights at '{args.original}'")
    inputs = np.load(args.inputs) if args.inputs else pictures(args.count)
    network = reference(folder)
    expected = np.concatenate([network(inputs[i : i + 4]) for i in range(0, len(inputs), 4)])
    # The pictures must differ, or a network that ignores its input would pass.
    between = cosines(expected, np.roll(expected, 1, axis=0))
    print(f"cosine between different pictures: {between.min():.3f} to {between.max():.3f}")
    failed = between.max() > 0.99
    for precision, least in LEAST_COSINE.items():
        got = ours(args.dump, args.weights or folder, inputs, precision)
        cosine = cosines(got, expected)
        worst = np.abs(got - expected).max() / np.abs(expected).max()
        print(f"{precision}: cosine {cosine.min():.8f} to {cosine.max():.8f}, largest difference {worst:.2e} of the range")
        failed |= not (cosine >= least).all()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
