#!/usr/bin/python3
"""Checks the network input of every profile against Pillow, torchvision and NumPy.

Real pictures, if there are any, and made ones of awkward sizes. Where pool3 resizes in whole numbers (keras,
torchvision), the bytes must be the same; elsewhere the floats must be within 1e-5.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from PIL import Image
from torchvision import transforms
from torchvision.models import inception_v3

PICTURES = pathlib.Path("/usr/share/openclipart/png")
MOST_PIXELS = 6_000_000
TOLERANCE = 1e-5
SIDE = 299
# width, height of the made pictures: one pixel, one column, one row, up, down, nothing to do, odd ratios, large
SIZES = [(1, 1), (1, 7), (9, 1), (2, 2), (1, 2000), (3000, 1), (37, 23), (150, 299), (299, 299), (299, 150), (298, 300),
         (300, 298), (342, 342), (342, 500), (341, 343), (597, 598), (640, 480), (31, 1009), (1201, 803), (2999, 1)]
LARGE = [(4000, 3000), (600_001, 1), (1, 550_001)]


def rounded_axis(size, scale):
    """Source coordinates of TensorFlow's resize, in float32 as there."""
    source = np.arange(SIDE, dtype=np.float32) * np.float32(scale)
    low = np.minimum(np.floor(source).astype(int), size - 1)
    return low, np.minimum(low + 1, size - 1), (source - np.floor(source)).astype(np.float64)


def resize_tensorflow(values, scale_of):
    h, w, _ = values.shape
    y0, y1, fy = rounded_axis(h, scale_of(h))
    x0, x1, fx = rounded_axis(w, scale_of(w))
    fx, fy = fx[None, :, None], fy[:, None, None]
    top = values[y0][:, x0] + (values[y0][:, x1] - values[y0][:, x0]) * fx
    bottom = values[y1][:, x0] + (values[y1][:, x1] - values[y1][:, x0]) * fx
    return top + (bottom - top) * fy


def nsfwjs(picture):
    values = np.asarray(picture).astype(np.float64) / 255
    return resize_tensorflow(values, lambda n: np.float32(n - 1) / np.float32(SIDE - 1)), None


def tf2015(picture):
    values = np.asarray(picture).astype(np.float64)
    return (resize_tensorflow(values, lambda n: np.float32(n) / np.float32(SIDE)) - 128) / 128, None


def keras(picture):
    pixels = np.asarray(picture.resize((SIDE, SIDE), Image.BILINEAR))
    x = pixels.astype(np.float32)
    x /= 127.5
    x -= 1.0
    return x, pixels


class Torchvision:
    """torchvision's own transforms, and the first step of its network."""

    def __init__(self):
        self.cut = transforms.Compose([transforms.Resize(342, transforms.InterpolationMode.BILINEAR),
                                       transforms.CenterCrop(SIDE)])
        self.normalise = transforms.Compose([transforms.ToTensor(),
                                             transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])
        self.net = inception_v3(weights=None, aux_logits=False, transform_input=True, init_weights=False)

    def __call__(self, picture):
        if max(picture.size) > 100 * min(picture.size):  # torchvision makes the whole of it: not with these
            return None
        cut = self.cut(picture)
        x = self.net._transform_input(self.normalise(cut)[None])[0]
        return x.permute(1, 2, 0).numpy(), np.asarray(cut)


def over_white(path):
    rgba = Image.open(path).convert("RGBA")
    white = Image.new("RGBA", rgba.size, "white")
    return Image.alpha_composite(white, rgba).convert("RGB")


def real_pictures(count):
    """A seeded choice of pictures that Pillow and pool3 decode alike; PNG decoding itself has other tests."""
    files = sorted(PICTURES.rglob("*.png"))
    chosen = []
    for i in np.random.default_rng(42).permutation(len(files)):
        with Image.open(files[i]) as picture:
            if picture.width * picture.height <= MOST_PIXELS and picture.mode in ("RGB", "RGBA", "L", "P"):
                chosen.append(files[i])
        if len(chosen) == count:
            break
    return chosen


def made_pictures(folder):
    rng = np.random.default_rng(7)
    paths = []
    for w, h in SIZES + LARGE:
        pixels = rng.integers(0, 256, (h, w, 3), np.uint8)
        pixels[: h // 3] = (pixels[: h // 3] > 127) * 255  # where rounding and clamping show
        path = folder / f"{w}x{h}.png"
        Image.fromarray(pixels).save(path, compress_level=1)
        paths.append(path)
    return paths


def check(profile, reference, dump, paths, out):
    subprocess.run([dump, profile, str(out), *map(str, paths)], check=True)
    inputs = np.fromfile(out, "<f4").reshape(len(paths), SIDE, SIDE, 3)
    worst, compared, exact, failures = 0.0, 0, 0, 0
    for path, got in zip(paths, inputs):
        expected = reference(over_white(path))
        if expected is None:
            continue
        values, pixels = expected
        compared += 1
        difference = float(np.abs(got.astype(np.float64) - values).max())
        worst = max(worst, difference)
        wrong = 0
        if pixels is not None:
            exact += 1
            wrong = int((np.rint((got.astype(np.float64) + 1) * 127.5) != pixels).sum())
        if not difference <= TOLERANCE or wrong:
            failures += 1
            print(f"{profile}: {path}: difference {difference:.2e}, {wrong} bytes differ")
    print(f"{profile}: {compared} pictures, {exact} of them byte by byte, largest difference {worst:.2e}, "
          f"{failures} failures")
    return failures == 0 and compared >= len(SIZES) // 2


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dump", required=True, help="the program pool3_profiles_dump")
    parser.add_argument("--count", type=int, default=30, help="real pictures")
    args = parser.parse_args()
    torch.set_num_threads(1)
    profiles = {"nsfwjs": nsfwjs, "tf2015": tf2015, "keras": keras, "torchvision": Torchvision()}
    with tempfile.TemporaryDirectory(prefix="pool3-profiles-") as folder:
        folder = pathlib.Path(folder)
        real = real_pictures(args.count)
        if len(real) < args.count:
            sys.exit(f"FAILED: too few pictures in {PICTURES}; install them with: scripts/setup test")
        paths = made_pictures(folder) + real
        good = [check(name, reference, args.dump, paths, folder / "out.f32") for name, reference in profiles.items()]
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
