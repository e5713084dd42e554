#!/usr/bin/python3
"""What --fast-decode changes: the features of large JPEGs, whole and shrunk, side by side.

    bench/fast_decode.py --pool3 PROGRAM [--weights FILE] [--pictures N] [--megapixels N] [--folder DIR]

The pictures are those of openclipart-png, laid over white and scaled up, as JPEG of quality 90. Prints how far apart the
two feature rows of a picture are, beside how far apart two different pictures are, and how often a picture's nearest
other picture stays the same. `--folder` takes JPEGs that are there already.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy as np
from PIL import Image

import compare_decode


def make_pictures(folder, count, megapixels):
    files = sorted(compare_decode.CORPUS.rglob("*.png"))
    files = [f for f in files if 40_000 < np.prod(Image.open(f).size) < 4e6]
    step = max(1, len(files) // count)
    for file in files[step // 2 :: step][:count]:
        picture = compare_decode.over_white(file)
        scale = (megapixels * 1e6 / (picture.width * picture.height)) ** 0.5
        size = tuple(max(1, round(side * scale)) for side in picture.size)
        picture.resize(size, Image.BICUBIC).save(folder / f"{file.parent.name}_{file.stem}.jpg", quality=90)


def features(options, corpus, out, *flags):
    command = [options.pool3, "extract", "--corpus", corpus, "--labels", "none", "--out", out, *flags]
    command += ["--weights", options.weights] if options.weights else []
    subprocess.run([str(c) for c in command], check=True)
    with h5py.File(out) as f:
        if (f["status"][:] != 1).any():
            sys.exit(f"{out}: some pictures failed")
        return f["features"][:].astype(np.float64)


def distances(a, b):
    return np.sqrt(np.maximum((a * a).sum(1)[:, None] + (b * b).sum(1)[None] - 2 * a @ b.T, 0))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pool3", required=True)
    parser.add_argument("--weights")
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--megapixels", type=float, default=12)
    parser.add_argument("--folder", type=pathlib.Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pool3-fast-decode-") as scratch:
        scratch = pathlib.Path(scratch)
        corpus = options.folder or scratch / "pictures"
        if options.folder is None:
            corpus.mkdir()
            make_pictures(corpus, options.pictures, options.megapixels)
        whole = features(options, corpus, scratch / "whole.h5")
        fast = features(options, corpus, scratch / "fast.h5", "--fast-decode")
    apart = np.linalg.norm(whole - fast, axis=1)
    cosine = (whole * fast).sum(1) / np.linalg.norm(whole, axis=1) / np.linalg.norm(fast, axis=1)
    among = distances(whole, whole)
    np.fill_diagonal(among, np.inf)
    across = distances(fast, whole)
    np.fill_diagonal(across, np.inf)
    print(f"{len(whole)} pictures")
    print(f"cosine of a picture's two rows:  median {np.median(cosine):.4f}, lowest {cosine.min():.4f}")
    print(f"distance of a picture's two rows, over that to its nearest other picture:  "
          f"median {np.median(apart / among.min(1)):.3f}, highest {(apart / among.min(1)).max():.3f}")
    print(f"the nearest other picture stays the same:  {np.mean(among.argmin(1) == across.argmin(1)):.1%}")


if __name__ == "__main__":
    main()
