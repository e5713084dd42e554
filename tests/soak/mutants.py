#!/usr/bin/python3
"""Damaged real pictures through `pool3 extract`: no report of a sanitizer, no hang, and every failure is listed.

    tests/soak/mutants.py --pool3 PROGRAM --weights FILE [--count 5000] [--seed 1] [--limit-seconds 7200]

The pictures are those of openclipart-png as they are, and made into JPEG (plain, progressive, grey, CMYK), WebP, GIF, BMP
and TIFF by Pillow. Each mutant is one of them with bits flipped, cut, with its first bytes changed, with a piece written
over or left out, or with the checksums of a PNG made right again after that. Most meant for a build with
`--preset asan-ubsan`. A mutant that brings pool3 down is kept in the folder that the last line names.
"""
import argparse
import collections
import csv
import io
import os
import pathlib
import random
import shutil
import struct
import sys
import tempfile
import zlib

import h5py
import numpy as np
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import support  # noqa: E402

SIDE = 200  # of the pictures before they are damaged: small ones are tried faster
DONE = 1
KINDS = {
    "jpg": ("JPEG", "RGB", {}), "progressive.jpg": ("JPEG", "RGB", {"progressive": True}), "grey.jpg": ("JPEG", "L", {}),
    "cmyk.jpg": ("JPEG", "CMYK", {}), "webp": ("WEBP", "RGB", {}), "alpha.webp": ("WEBP", "RGBA", {"lossless": True}),
    "gif": ("GIF", "P", {}), "bmp": ("BMP", "RGB", {}), "palette.bmp": ("BMP", "P", {}),
    "lzw.tif": ("TIFF", "RGBA", {"compression": "tiff_lzw"}), "jpeg.tif": ("TIFF", "RGB", {"compression": "jpeg"}),
    "deflate.tif": ("TIFF", "CMYK", {"compression": "tiff_adobe_deflate"}),
    "ppm": ("PPM", "RGB", {}), "pgm": ("PPM", "L", {}), "pbm": ("PPM", "1", {}),
    "group4.tif": ("TIFF", "1", {"compression": "group4"}),
}  # fmt: skip
REPORTS = ("AddressSanitizer", "runtime error:", "LeakSanitizer", "terminate called", "Segmentation fault", "Signal:")


def seeds(count):
    """Names and bytes of whole pictures."""
    files = sorted(p for p in support.PICTURES.rglob("*.png") if p.stat().st_size < 60_000)
    for file in files[:: max(1, len(files) // count)][:count]:
        yield file.name, file.read_bytes()
        picture = Image.open(file).convert("RGBA")
        picture.thumbnail((SIDE, SIDE))
        for suffix, (kind, mode, options) in KINDS.items():
            out = io.BytesIO()
            picture.convert("RGB").convert(mode).save(out, kind, **options)
            yield f"{file.stem}.{suffix}", out.getvalue()


def repaired(data):
    """A PNG with right checksums, so that the damage reaches what is behind them."""
    out, at = bytearray(data), 8
    while at + 12 <= len(out):
        size = struct.unpack(">I", out[at : at + 4])[0]
        if size > len(out) - at - 12:
            break
        out[at + 8 + size : at + 12 + size] = struct.pack(">I", zlib.crc32(out[at + 4 : at + 8 + size]))
        at += 12 + size
    return bytes(out)


def mutant(data, chance):
    out = bytearray(data)
    how = chance.choice(["flip", "flip", "cut", "header", "overwrite", "leave out", "numbers"])
    if how == "flip":
        for _ in range(chance.randint(1, 12)):
            out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
    elif how == "cut":
        del out[chance.randrange(len(out)) :]
    elif how == "header":
        for _ in range(chance.randint(1, 4)):
            out[chance.randrange(min(64, len(out)))] = chance.randrange(256)
    elif how == "numbers":  # values on which sizes break, anywhere
        at = chance.randrange(len(out))
        out[at : at + 4] = struct.pack(chance.choice("<>") + "I", chance.choice([0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFF]))
    else:
        at, size = chance.randrange(len(out)), chance.randint(1, 200)
        out[at : at + size] = chance.randbytes(min(size, len(out) - at)) if how == "overwrite" else b""
    return how, repaired(out) if data[:4] == b"\x89PNG" and chance.random() < 0.5 else bytes(out)


def write_mutants(folder, count, seed):
    chance = random.Random(seed)
    whole = list(seeds(max(1, count // 40)))
    for i in range(count):
        name, data = whole[i % len(whole)]
        how, damaged = mutant(data, chance)
        (folder / f"{i:05}-{how.replace(' ', '-')}-{name}").write_bytes(damaged)


def check_file(check, out, names):
    with h5py.File(out) as f:
        paths = [p.decode("utf-8", "surrogateescape") if isinstance(p, bytes) else p for p in f["paths"][:]]
        status, failures = f["status"][:], f["failures"][:]
        features = f["features"]
        check([pathlib.Path(p).name for p in paths] == sorted(names, key=os.fsencode), "every mutant has its row")
        failed = set(np.flatnonzero(status != DONE).tolist())
        check({int(x["row"]) for x in failures} == failed and len(failures) == len(failed), "every failure is listed")
        check_table(check, f"{out}.failures.tsv", paths, status, h5py.check_enum_dtype(f["status"].dtype))
        check(bool((status != 0).all()), "no row is left")
        good = [i for i in range(len(paths)) if i not in failed]
        check(all(np.isfinite(features[i]).all() for i in good), "features are finite")
        check(0 < len(failed) < len(paths), f"{len(failed)} of {len(paths)} mutants are refused")
        kinds = collections.Counter(x["message"].decode()[:60] for x in failures)
        for message, times in kinds.most_common(12):
            print(f"  {times:5} {message}")


def check_table(check, table, paths, status, codes):
    """The table beside the file says of each picture that is not done what became of it, and of no other."""
    with open(table, newline="", encoding="utf-8", errors="surrogateescape") as file:
        lines = list(csv.DictReader(file, delimiter="\t"))
    listed = {line["path"]: codes[line["code"]] for line in lines}
    failed = {path: code for path, code in zip(paths, status) if code != DONE}
    check(listed == failed and len(lines) == len(listed), f"the table lists {len(listed)} failures, with their codes")
    check(all(line["message"] and line["stage"] in ("read", "decode", "network") for line in lines), "and says where and why")
    check(len(paths) == len(lines) + int((status == DONE).sum()), "each picture is done or listed")
    print("  " + ", ".join(f"{n} {code}" for code, n in collections.Counter(x["code"] for x in lines).most_common()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pool3", required=True)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit-seconds", type=float, default=7200)
    options = parser.parse_args()
    check = support.Checks()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pool3-mutants-"))
    pictures = folder / "pictures"
    pictures.mkdir()
    write_mutants(pictures, options.count, options.seed)
    out = folder / "mutants.h5"
    # One picture of damaged size may ask for half a gigabyte; a limit below that keeps the run short.
    command = [options.pool3, "extract", "--corpus", pictures, "--labels", "none", "--weights", options.weights, "--out",
               out, "--threads", 1, "--max-pixels", 20_000_000]  # fmt: skip
    result = support.run_command([str(c) for c in command], options.limit_seconds, env={
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=0", "UBSAN_OPTIONS": "halt_on_error=1"})
    check(result.code == 3, f"exit code {result.code} after {result.seconds:.0f} s; 3 is expected")
    reports = [line for line in result.err.splitlines() if any(sign in line for sign in REPORTS)]
    if not check(not reports and result.code is not None, "no report, no hang"):
        print(result.err[-4000:])
    if out.exists():
        check_file(check, out, [p.name for p in pictures.iterdir()])
    if check.failed:
        print(f"kept: {folder}")
    else:
        shutil.rmtree(folder)
    check.finish()


if __name__ == "__main__":
    main()
