"""torchvision's Inception-v3 with random weights and chosen traits: the reference of the weights readers."""
import numpy as np
import torch
from torchvision.models import inception


def random_module(aux_logits=False):
    """Random kernels of He's size, and random batch norm statistics that keep the activations' size."""
    torch.manual_seed(42)
    net = inception.inception_v3(weights=None, aux_logits=aux_logits, transform_input=False, init_weights=False).eval()
    with torch.no_grad():
        for block in net.modules():
            if not isinstance(block, inception.BasicConv2d):
                continue
            weight, norm = block.conv.weight, block.bn
            torch.nn.init.normal_(weight, 0, (2 / weight[0].numel()) ** 0.5)
            for values, low, high in ((norm.weight, 0.5, 1.5), (norm.bias, -0.2, 0.3), (norm.running_mean, -0.3, 0.3), (norm.running_var, 0.5, 1.5)):
                values.uniform_(low, high)
    return net


def convolutions(net):
    for name, block in net.named_modules():
        if isinstance(block, inception.BasicConv2d) and not name.startswith("AuxLogits"):
            yield name, block


def layers_of(net):
    """Name, HWIO kernel and batch norm of the 94 convolutions, in the order of definition."""
    layers = []
    for name, block in convolutions(net):
        norm = block.bn
        parts = {"gamma": norm.weight, "beta": norm.bias, "mean": norm.running_mean, "variance": norm.running_var}
        layer = {part: values.detach().numpy().copy() for part, values in parts.items()}
        layers.append({"name": name, "kernel": block.conv.weight.detach().permute(2, 3, 1, 0).numpy().copy(), **layer})
    assert len(layers) == 94
    return layers


def rounded(layers, dtype):
    def one(values):
        return torch.from_numpy(np.ascontiguousarray(values)).to(dtype).to(torch.float32).numpy()

    return [{k: v if k == "name" else one(v) for k, v in layer.items()} for layer in layers]


class Functional:
    """torch.nn.functional, but for the branch pools."""

    def __init__(self, counts_padding):
        self.counts_padding = counts_padding

    def __getattr__(self, name):
        if name != "avg_pool2d":
            return getattr(torch.nn.functional, name)
        return lambda *a, **k: torch.nn.functional.avg_pool2d(*a, **k, count_include_pad=self.counts_padding)


class MaxPoolE(inception.InceptionE):
    """The last block of the 2015 graph."""

    def _forward(self, x):
        one, wide, deep = self.branch1x1(x), self.branch3x3_1(x), self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        pooled = self.branch_pool(torch.nn.functional.max_pool2d(x, 3, 1, 1))
        wide = [self.branch3x3_2a(wide), self.branch3x3_2b(wide)]
        deep = [self.branch3x3dbl_3a(deep), self.branch3x3dbl_3b(deep)]
        return [one, torch.cat(wide, 1), torch.cat(deep, 1), pooled]


def network(layers, counts_padding, max_pool, bf16=False):
    """A function from [N, 299, 299, 3] to pool_3 features; its batch norms are unfolded in fp32, folded in bf16."""
    net = inception.inception_v3(weights=None, aux_logits=False, transform_input=False, init_weights=False).eval()
    if max_pool:
        net.Mixed_7c.__class__ = MaxPoolE
    net.fc = torch.nn.Identity()
    with torch.no_grad():
        for (name, block), layer in zip(convolutions(net), layers):
            assert name == layer["name"] and block.bn.eps == 1e-3
            block.conv.weight.copy_(torch.from_numpy(layer["kernel"]).permute(3, 2, 0, 1))
            block.bn.weight.copy_(torch.from_numpy(np.asarray(layer.get("gamma", np.ones_like(layer["beta"])))))
            block.bn.bias.copy_(torch.from_numpy(layer["beta"]))
            block.bn.running_mean.copy_(torch.from_numpy(layer["mean"]))
            block.bn.running_var.copy_(torch.from_numpy(layer["variance"]))

    if bf16:
        for _, block in convolutions(net):
            block.conv = torch.nn.utils.fuse_conv_bn_eval(block.conv, block.bn)
            block.bn = torch.nn.Identity()
    kind = torch.bfloat16 if bf16 else torch.float32
    net = net.to(kind)

    def features(batch):
        inception.F = Functional(counts_padding)
        with torch.inference_mode():
            return net(torch.from_numpy(batch).permute(0, 3, 1, 2).contiguous().to(kind)).float().numpy()

    return features


def pictures(count):
    """Smooth random pictures from -1 to 1."""
    random = torch.Generator().manual_seed(7)
    coarse = torch.rand([count, 3, 12, 12], generator=random) * 2 - 1
    fine = torch.nn.functional.interpolate(coarse, size=(299, 299), mode="bilinear", align_corners=False)
    return fine.permute(0, 2, 3, 1).contiguous().numpy()
