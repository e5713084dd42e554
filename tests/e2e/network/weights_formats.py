#!/usr/bin/python3
"""Every format of weights: written here, converted by pool3, compared with a folding in NumPy and with torchvision.

An Inception-v3 with random weights and random batch norm statistics is written as torchvision's .pth (new and old),
as safetensors (F32, F16, BF16), as a GraphDef of TensorFlow's names, and as Keras's HDF5 files. `pool3 convert` must
give the folded weights that NumPy gives, and the network's features must be those of torchvision's module.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile

import h5py
import numpy as np
import torch

import graphdef_file
import inception_reference as reference

FIELDS = ("average_pool_counts_padding", "max_pool_in_7c", "profile")


def write_safetensors(path, state, dtype):
    """By the format's description; torch makes the bytes of each type."""
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, tensor in state.items():
        if tensor.is_floating_point():
            tensor, kind = tensor.to(dtype), {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}[dtype]
            raw = tensor.contiguous().view(torch.int16 if dtype != torch.float32 else torch.int32).numpy().tobytes()
        else:
            kind, raw = "I64", tensor.numpy().tobytes()
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def write_keras(path, layers, first, group=None, top=True):
    """As Keras's save_weights does: layers in the order of the graph's depth, not of their numbers."""
    with h5py.File(path, "w") as file:
        root = file.create_group(group) if group else file
        names = []
        for i, layer in enumerate(layers):
            number = first + i
            for kind, parts in (("conv2d", ["kernel"]), ("batch_normalization", ["beta", "mean", "variance"])):
                name = kind if number == 0 else f"{kind}_{number}"
                names.append(name)
                inner = root.create_group(name)
                weights = []
                for part in parts:
                    of_keras = {"mean": "moving_mean", "variance": "moving_variance"}.get(part, part)
                    weights.append(f"{name}/{of_keras}:0".encode())
                    inner.create_dataset(f"{name}/{of_keras}:0", data=layer[part])
                inner.attrs["weight_names"] = weights
            activation = f"activation_{number}"
            root.create_group(activation).attrs["weight_names"] = np.zeros(0)
            names.append(activation)
        if top:
            root.create_group("predictions").create_dataset("predictions/kernel:0", data=np.zeros((2048, 10), "f4"))
        root.attrs["layer_names"] = [n.encode() for n in np.random.default_rng(1).permutation(names)]


def folded(layers, epsilon=1e-3):
    """Float64 throughout: w * g / sqrt(v + e), b - m * g / sqrt(v + e)."""
    out = {}
    for layer in layers:
        scale = layer.get("gamma", 1.0) / np.sqrt(layer["variance"].astype(np.float64) + epsilon)
        out[layer["name"] + ".weight"] = np.einsum("hwio,o->oihw", layer["kernel"].astype(np.float64), scale)
        out[layer["name"] + ".bias"] = layer["beta"] - layer["mean"] * scale
    return out


def read_own(path):
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + length])
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(raw[8 + length + begin : 8 + length + end], "<f4").reshape(entry["shape"])
    return metadata, tensors


class Test:
    def __init__(self, args, folder):
        self.args, self.folder = args, folder
        self.inputs = reference.pictures(4)

    def convert(self, path, layers, traits):
        """Converts; checks metadata and every folded value. Returns the converted file."""
        out = self.folder / "converted.safetensors"
        done = subprocess.run(
            [self.args.pool3, "convert", "--weights", path, "--out", out], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        metadata, tensors = read_own(out)
        assert path.name in metadata["source"], metadata
        found = tuple(metadata[f] for f in FIELDS)
        assert found == traits, f"{path.name}: traits {found}, expected {traits}"
        expected = folded(layers)
        assert sorted(tensors) == sorted(expected) and len(expected) == 188
        worst = 0.0
        for name, values in expected.items():
            assert tensors[name].shape == values.shape, name
            worst = max(worst, np.abs(tensors[name] - values).max() / np.abs(values).max())
        assert worst < 1e-6, f"{path.name}: folded weights differ by {worst:.1e}"
        print(f"{path.name}: 188 tensors, largest difference {worst:.1e}")
        return out

    def features(self, path, layers, counts_padding, max_pool):
        net = reference.network(layers, counts_padding, max_pool)
        expected = net(self.inputs)
        others = reference.network(layers, not counts_padding, max_pool), reference.network(layers, counts_padding, not max_pool)
        source, out = self.folder / "in.f32", self.folder / "out.f32"
        self.inputs.astype("<f4").tofile(source)
        subprocess.run([self.args.dump, path, source, str(len(self.inputs)), out, "fp32", "4"], check=True)
        got = np.fromfile(out, "<f4").reshape(-1, 2048)
        cosine, worst = compare(got, expected)
        assert cosine >= 0.99999 and worst <= 1e-3, f"features: cosine {cosine}, difference {worst}"
        for other in others:  # a network with other traits must not pass
            assert compare(got, other(self.inputs))[1] > 1e-3, "the traits make no difference"
        print(f"{path.name}: features, cosine {cosine:.7f}, largest difference {worst:.1e} of the norm")

    def refused(self, path, cause):
        done = subprocess.run(
            [self.args.pool3, "convert", "--weights", path, "--out", self.folder / "no"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 1 and cause in done.stderr and done.stderr.count("\n") == 1, done.stderr
        assert "read weights" in done.stderr and path.name in done.stderr, done.stderr
        print("refused:", done.stderr.strip())


def compare(got, expected):
    got, expected = got.astype(np.float64), expected.astype(np.float64)
    norms = np.linalg.norm(expected, axis=1)
    cosine = (got * expected).sum(1) / np.linalg.norm(got, axis=1) / norms
    return cosine.min(), (np.abs(got - expected).max(1) / norms).max()


def check_torch(test, folder):
    traits = ("true", "false", "torchvision")
    net = reference.random_module(aux_logits=True)
    state, layers = net.state_dict(), reference.layers_of(net)
    # Torch keeps strides: one kernel channels-last, one a slice of a larger storage.
    state["Conv2d_2b_3x3.conv.weight"] = state["Conv2d_2b_3x3.conv.weight"].contiguous(memory_format=torch.channels_last)
    larger = torch.stack([state["Conv2d_4a_3x3.bn.bias"], torch.full([192], 9.0)], 1)
    state["Conv2d_4a_3x3.bn.bias"] = larger[:, 0]
    torch.save(state, folder / "new.pth")
    torch.save(state, folder / "old.pth", _use_new_zipfile_serialization=False)
    test.features(test.convert(folder / "new.pth", layers, traits), layers, True, False)
    test.convert(folder / "old.pth", layers, traits)
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        name = folder / f"{dtype}.safetensors"
        write_safetensors(name, state, dtype)
        test.convert(name, reference.rounded(layers, dtype), traits)
    half = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
    torch.save(half, folder / "half.pth")
    test.convert(folder / "half.pth", reference.rounded(layers, torch.float16), traits)
    torch.save(net, folder / "module.pth")
    test.refused(folder / "module.pth", "torchvision.models.inception.Inception3")
    torch.jit.script(torch.nn.Linear(2, 2)).save(str(folder / "script.pt"))
    test.refused(folder / "script.pt", "TorchScript")
    torch.save(torch.nn.Linear(2, 2).state_dict(), folder / "linear.pth")
    test.refused(folder / "linear.pth", "Conv2d_1a_3x3.conv.weight")
    whole = (folder / "new.pth").read_bytes()
    (folder / "short.pth").write_bytes(whole[: len(whole) // 2])
    test.refused(folder / "short.pth", "truncated")
    at = whole.rindex(state["Mixed_7c.branch_pool.conv.weight"].numpy().tobytes()[:64])
    (folder / "flipped.pth").write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    test.refused(folder / "flipped.pth", "damaged")


def check_graphdef(test, folder):
    layers = reference.layers_of(reference.random_module())
    for max_pool in (True, False):
        path = folder / f"graph_{max_pool}.pb"
        graphdef_file.write(path, layers, max_pool)
        own = test.convert(path, layers, ("false", "true" if max_pool else "false", "tf2015"))
        if max_pool:
            test.features(own, layers, False, True)
    graphdef_file.write(path, [{**layer, "gamma": layer["gamma"] * 0 + 7} for layer in layers], True, scale=False)
    without = [{k: v for k, v in layer.items() if k != "gamma"} for layer in layers]
    test.convert(path, without, ("false", "true", "tf2015"))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    test.refused(path, "too early")
    # Of shapes that agree nowhere else: 1x3 and 3x1 swapped.
    swapped = [{**layer, "kernel": layer["kernel"].swapaxes(0, 1)} for layer in layers]
    graphdef_file.write(path, swapped, True)
    test.refused(path, "wrong shape")


def check_keras(test, folder):
    layers = [{k: v for k, v in layer.items() if k != "gamma"} for layer in reference.layers_of(reference.random_module())]
    traits = ("false", "false", "keras")
    write_keras(folder / "from_1.h5", layers, 1)
    test.features(test.convert(folder / "from_1.h5", layers, traits), layers, False, False)
    write_keras(folder / "from_0.h5", layers, 0, top=False)
    test.convert(folder / "from_0.h5", layers, traits)
    write_keras(folder / "model_from_95.h5", layers, 95, "model_weights")
    test.convert(folder / "model_from_95.h5", layers, traits)
    write_keras(folder / "fewer.h5", layers[:90], 1)
    test.refused(folder / "fewer.h5", "90 layers")
    whole = (folder / "from_1.h5").read_bytes()
    (folder / "short.h5").write_bytes(whole[: len(whole) // 2])
    test.refused(folder / "short.h5", "truncated")
    with h5py.File(folder / "latest.h5", "w", libver="latest") as file:
        for number in range(20):
            file.create_group(f"conv2d_{number}")
    test.refused(folder / "latest.h5", "groups with links in a heap")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool3", required=True)
    parser.add_argument("--dump", required=True, help="the program pool3_network_dump")
    parser.add_argument("formats", nargs="*", default=["torch", "graphdef", "keras"])
    args = parser.parse_args()
    torch.set_num_threads(2)
    for name in args.formats:
        with tempfile.TemporaryDirectory() as folder:
            test = Test(args, pathlib.Path(folder))
            {"torch": check_torch, "graphdef": check_graphdef, "keras": check_keras}[name](test, test.folder)


if __name__ == "__main__":
    main()
