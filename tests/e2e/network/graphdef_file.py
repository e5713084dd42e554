"""Writes a frozen Inception-v3 as TensorFlow's graph of December 2015 has it: protocol buffers by hand."""
import struct

# Names of the graph, written out block by block, in the order in which torchvision defines its convolutions.
STEM = ["conv", "conv_1", "conv_2", "conv_3", "conv_4"]
A = ["conv", "tower/conv", "tower/conv_1", "tower_1/conv", "tower_1/conv_1", "tower_1/conv_2", "tower_2/conv"]
B = ["conv", "tower/conv", "tower/conv_1", "tower/conv_2"]
C = ["conv", "tower/conv", "tower/conv_1", "tower/conv_2",
     "tower_1/conv", "tower_1/conv_1", "tower_1/conv_2", "tower_1/conv_3", "tower_1/conv_4", "tower_2/conv"]  # fmt: skip
D = ["tower/conv", "tower/conv_1", "tower_1/conv", "tower_1/conv_1", "tower_1/conv_2", "tower_1/conv_3"]
E = ["conv", "tower/conv", "tower/mixed/conv", "tower/mixed/conv_1",
     "tower_1/conv", "tower_1/conv_1", "tower_1/mixed/conv", "tower_1/mixed/conv_1", "tower_2/conv"]  # fmt: skip
BLOCKS = {"mixed": A, "mixed_1": A, "mixed_2": A, "mixed_3": B, "mixed_4": C, "mixed_5": C, "mixed_6": C, "mixed_7": C,
          "mixed_8": D, "mixed_9": E, "mixed_10": E}  # fmt: skip
NAMES = STEM + [f"{block}/{name}" for block, names in BLOCKS.items() for name in names]


def varint(n):
    out = b""
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def field(number, value):
    """A field: bytes and str as they are, int as varint, float as fixed32."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def node(name, op, inputs=(), **attributes):
    body = field(1, name) + field(2, op) + b"".join(field(3, i) for i in inputs)
    body += b"".join(field(5, field(1, key) + field(2, value)) for key, value in attributes.items())
    return field(1, body)


def const(name, values):
    shape = b"".join(field(2, field(1, n)) for n in values.shape)
    tensor = field(1, 1) + field(2, shape)
    if values.size and (values == values.flat[0]).all():
        tensor += field(5, float(values.flat[0]))  # one value for all, as TensorFlow compresses them
    elif values.ndim == 1 and values.size % 3 == 2:
        tensor += field(5, values.astype("<f4").tobytes())  # packed
    else:
        tensor += field(4, values.astype("<f4").tobytes())
    return node(name, "Const", dtype=field(6, 1), value=field(8, tensor))


def write(path, layers, max_pool, scale=True):
    assert len(NAMES) == len(layers) == 94
    out = [node("DecodeJpeg/contents", "Const", value=field(8, field(1, 7)))]
    for name, layer in zip(NAMES, layers):
        norm = {p: f"{name}/batchnorm/{p}" for p in ("beta", "gamma", "moving_mean", "moving_variance")}
        out.append(const(f"{name}/conv2d_params", layer["kernel"]))
        for part, values in (("beta", "beta"), ("gamma", "gamma"), ("moving_mean", "mean"), ("moving_variance", "variance")):
            out.append(const(norm[part], layer[values]))
        inputs = [f"{name}/Conv2D", norm["moving_mean"], norm["moving_variance"], norm["beta"], norm["gamma"]]
        attributes = {"variance_epsilon": field(4, 0.001), "scale_after_normalization": field(5, int(scale))}
        out.append(node(f"{name}/batchnorm", "BatchNormWithGlobalNormalization", inputs, **attributes))
        out.append(node(name, "Relu", [f"{name}/batchnorm"]))
    for block in BLOCKS:
        if block in ("mixed_3", "mixed_8"):
            out.append(node(f"{block}/pool", "MaxPool"))
        else:
            out.append(node(f"{block}/tower_2/pool", "MaxPool" if block == "mixed_10" and max_pool else "AvgPool"))
    out.append(field(4, field(1, 5)))  # versions
    path.write_bytes(b"".join(out))
