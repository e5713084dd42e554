"""Features by other means: Pillow reads the picture, PyTorch resizes it, torchvision's Inception-v3 does the rest."""

import json
import struct

import numpy as np
import torch
from PIL import Image
from torchvision.models import inception


def read_safetensors(path):
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        data = file.read()
    meta = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        assert entry["dtype"] == "F32", entry
        values = np.frombuffer(data[begin:end], "<f4").reshape(entry["shape"])
        tensors[name] = torch.from_numpy(values.copy())
    return tensors, meta


class FunctionsWithoutPadding:
    """torch.nn.functional, but average pools leave the padding out."""

    def __getattr__(self, name):
        return self.average if name == "avg_pool2d" else getattr(torch.nn.functional, name)

    @staticmethod
    def average(x, *args, **how):
        return torch.nn.functional.avg_pool2d(x, *args, count_include_pad=False, **how)


class Reference:
    """pool_3 features of picture files, with the weights of pool3's own file."""

    def __init__(self, weights):
        tensors, meta = read_safetensors(weights)
        assert meta["average_pool_counts_padding"] == meta["max_pool_in_7c"] == "false", meta
        inception.F = FunctionsWithoutPadding()
        self.net = inception.inception_v3(weights=None, aux_logits=False, transform_input=False, init_weights=False)
        self.net.fc = torch.nn.Identity()
        for name, block in self.net.named_modules():
            if isinstance(block, inception.BasicConv2d):
                block.conv.weight = torch.nn.Parameter(tensors.pop(name + ".weight"))
                block.conv.bias = torch.nn.Parameter(tensors.pop(name + ".bias"))
                block.bn = torch.nn.Identity()  # it is folded into the convolution
        assert not tensors, tensors.keys()
        self.net.eval()

    def __call__(self, path, bf16=False):
        picture = Image.open(path).convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        pixels = np.asarray(Image.alpha_composite(white, picture).convert("RGB"), np.float32) / np.float32(255)
        x = torch.from_numpy(pixels).permute(2, 0, 1)[None]
        x = torch.nn.functional.interpolate(x, (299, 299), mode="bilinear", align_corners=True)
        kind = torch.bfloat16 if bf16 else torch.float32
        with torch.inference_mode():
            return self.net.to(kind)(x.to(kind))[0].float().numpy()
