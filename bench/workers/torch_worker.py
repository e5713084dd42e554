#!/usr/bin/python3
"""PyTorch as a peer of bench/compare network, on one thread: torchvision's module with pool3's weights.

    torch_worker.py WEIGHTS PICTURES.f32 FEATURES.f32 eager|frozen|frozen_bf16
    torch_worker.py --export WEIGHTS NETWORK.onnx

eager: the module as torchvision has it, batch norms of their own, NCHW. frozen: traced, batch norms folded, frozen,
channels last. The rest is as in network_worker.cpp, with pictures as [N, 3, 299, 299]; the number of threads must be 1.
"""

import pathlib
import sys
import time

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/e2e"))
from reference import Reference  # noqa: E402

SIDE = 299


def unfold(net):
    """Gives the convolutions their batch norms back, so that the module does the work that it does as published."""
    for block in net.modules():
        if isinstance(getattr(block, "bn", None), torch.nn.Identity):
            channels = block.conv.out_channels
            block.bn = torch.nn.BatchNorm2d(channels, eps=1e-3).eval()
            with torch.no_grad():
                block.bn.running_var.fill_(1 - 1e-3)
                block.bn.bias.copy_(block.conv.bias)
            block.conv.bias = None
    return net


class Peer:
    def __init__(self, weights, pictures, kind):
        self.net = Reference(weights).net
        self.kind = torch.bfloat16 if kind == "frozen_bf16" else torch.float32
        self.layout = torch.contiguous_format if kind == "eager" else torch.channels_last
        self.pictures = torch.from_numpy(np.fromfile(pictures, "<f4").reshape(-1, 3, SIDE, SIDE))
        if kind == "eager":
            self.net = unfold(self.net)
        else:
            self.net = self.net.to(self.kind).to(memory_format=self.layout)
            example = self.convert(self.pictures[:1])
            self.net = torch.jit.freeze(torch.jit.trace(self.net, example))

    def convert(self, pictures):
        return pictures.to(self.kind).contiguous(memory_format=self.layout)

    def features(self):
        rows = [self.net(self.convert(p[None])).float() for p in self.pictures]
        return torch.cat(rows).numpy()

    def run(self, batch, calls, threads):
        if threads != 1:
            sys.exit("torch_worker: this peer has one thread")
        # As for the others, the input is float32; converting it is part of the work.
        given = self.pictures[torch.arange(batch) % len(self.pictures)].contiguous(memory_format=self.layout)
        for _ in range(2):
            self.net(self.convert(given))
        start = time.perf_counter()
        for _ in range(calls):
            self.net(self.convert(given)).float()
        return time.perf_counter() - start


def export(weights, path):
    """The network as ONNX, with a free batch dimension n."""
    torch.onnx.export(Reference(weights).net, torch.zeros(1, 3, SIDE, SIDE), path, opset_version=13,
                      input_names=["input"], output_names=["features"],
                      dynamic_axes={"input": {0: "n"}, "features": {0: "n"}})


def main(arguments):
    torch.set_num_threads(1)
    if arguments[0] == "--export":
        return export(*arguments[1:])
    weights, pictures, features, kind = arguments
    with torch.inference_mode():
        peer = Peer(weights, pictures, kind)
        peer.features().astype("<f4").tofile(features)
        print("ready", flush=True)
        for line in sys.stdin:
            print(peer.run(*map(int, line.split())), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
