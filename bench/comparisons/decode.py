#!/usr/bin/python3
"""Decoding from memory to RGB, on one core: pool3 beside libjpeg-turbo (used as djpeg does), OpenCV and Pillow.

    bench/compare decode [--pictures N] [--repeats N] [--side N] [--json FILE]

The pictures are PNGs of openclipart-png, and JPEGs made from them: at their own size, progressive, and scaled to 12
megapixels. Every decoder takes every picture in turn, in one process; so what else the machine does hits all alike. Times
are CPU time. The table shows the mean over the pictures of each one's median, and the ratio to the best of the others.
Needs python3-opencv, python3-pil, and the target bench_decode_library.
"""
import argparse
import ctypes
import io
import json
import pathlib
import statistics
import sys
import time

import cv2
import numpy as np
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPUS = pathlib.Path("/usr/share/openclipart/png")
Image.MAX_IMAGE_PIXELS = None
cv2.setNumThreads(1)


def library(path):
    loaded = ctypes.CDLL(str(path))
    bytes_of = [ctypes.c_char_p, ctypes.c_size_t]
    loaded.pool3_decode.restype, loaded.pool3_decode.argtypes = ctypes.c_int64, [*bytes_of, ctypes.c_int64]
    loaded.turbo_decode.restype, loaded.turbo_decode.argtypes = ctypes.c_int64, bytes_of
    return loaded


def with_opencv(data):
    """As a network wants it: RGB, three channels. OpenCV drops the alpha rather than laying it over white."""
    picture = cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    return picture.shape[0] * picture.shape[1]


def with_opencv_bgr(data):
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return picture.shape[0] * picture.shape[1]


def with_pillow(data):
    """Alpha is laid over white, as pool3 does."""
    picture = Image.open(io.BytesIO(data))
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        rgba = picture.convert("RGBA")
        picture = Image.new("RGB", rgba.size, "white")
        picture.paste(rgba, mask=rgba.getchannel("A"))
    elif picture.mode != "RGB":
        picture = picture.convert("RGB")
    picture.load()
    return picture.width * picture.height


def chosen(count):
    """Spread evenly over the catalogue, without the pictures over 40 megapixels."""
    files = sorted(CORPUS.rglob("*.png"))
    step = max(1, len(files) // count)
    kept = [f for f in files[step // 2 :: step] if np.prod(Image.open(f).size) < 40e6]
    if not kept:
        sys.exit("compare decode: openclipart-png is not installed (run scripts/setup test)")
    return kept[:count]


def over_white(file):
    rgba = Image.open(file).convert("RGBA")
    white = Image.new("RGB", rgba.size, "white")
    white.paste(rgba, mask=rgba.getchannel("A"))
    return white


def jpeg(picture, **options):
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90, **options)
    return out.getvalue()


def to_12_megapixels(picture):
    scale = (12e6 / (picture.width * picture.height)) ** 0.5
    return picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))), Image.BICUBIC)


def sets_of(count):
    files = chosen(count)
    few = files[:: max(1, len(files) // 8)][:8]
    return {
        "PNG": lambda: [f.read_bytes() for f in files],
        "JPEG": lambda: [jpeg(over_white(f)) for f in files],
        "JPEG, progressive": lambda: [jpeg(over_white(f), progressive=True) for f in files],
        "JPEG of 12 megapixels": lambda: [jpeg(to_12_megapixels(over_white(f))) for f in few],
    }


def decoders_of(kind, loaded, side):
    decoders = {"pool3": lambda data: loaded.pool3_decode(data, len(data), 0)}
    if kind != "PNG":
        decoders["pool3 --fast-decode"] = lambda data: loaded.pool3_decode(data, len(data), side)
        decoders["libjpeg-turbo"] = lambda data: loaded.turbo_decode(data, len(data))
    return decoders | {"OpenCV (BGR)": with_opencv_bgr, "OpenCV": with_opencv, "Pillow": with_pillow}


def measure(pictures, decoders, repeats):
    """Seconds of each decoder: the sum of each picture's median."""
    total = dict.fromkeys(decoders, 0.0)
    for data in pictures:
        times = {name: [] for name in decoders}
        turns = list(decoders.items())
        for _ in range(repeats):
            turns = turns[1:] + turns[:1]  # whoever comes first finds colder caches
            for name, decode in turns:
                start = time.process_time()
                pixels = decode(data)
                times[name].append(time.process_time() - start)
                if pixels <= 0:
                    sys.exit(f"compare decode: {name} could not read a picture")
        for name, seconds in times.items():
            total[name] += statistics.median(seconds)
    return total


def main():
    parser = argparse.ArgumentParser(prog="bench/compare decode", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=60, help="of each set; of 12 megapixels eight at most")
    parser.add_argument("--repeats", type=int, default=5, help="of each picture and decoder")
    parser.add_argument("--side", type=int, default=299, help="shorter side that --fast-decode keeps")
    parser.add_argument("--library", default=ROOT / "build/bench/bench/libbench_decode_library.so")
    parser.add_argument("--only", help="one set, by the first letters of its name")
    parser.add_argument("--json", help="file to write the table to")
    options = parser.parse_args()
    loaded = library(options.library)
    table = {}
    for kind, make in sets_of(options.pictures).items():
        if options.only and not kind.startswith(options.only):
            continue
        pictures = make()
        total = measure(pictures, decoders_of(kind, loaded, options.side), options.repeats)
        ours = ("pool3", "pool3 --fast-decode")
        best = min(seconds for name, seconds in total.items() if name not in ours)
        table[kind] = {name: {"ms": 1e3 * s / len(pictures), "ratio": s / best} for name, s in total.items()}
        print(f"{kind}: {len(pictures)} pictures, {sum(map(len, pictures)) / 1e6:.1f} MB")
        for name, row in table[kind].items():
            print(f"  {name:22} {row['ms']:9.2f} ms a picture   {row['ratio']:5.2f} of the best other")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
