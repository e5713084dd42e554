#!/usr/bin/python3
"""How much memory does decoding take? Bytes a pixel beside the file, by format.

    bench/decode_memory.py --build DIR [--megapixels N]

Each picture is made by Pillow, of random blocks, and decoded in a process of its own (bench_pipeline_parts); what the
same process takes for a picture of one pixel, and the file, are taken off its largest resident set.
"""
import argparse
import pathlib
import subprocess
import tempfile
import time

import numpy as np
from PIL import Image

Image.MAX_IMAGE_PIXELS = None
TURNED = Image.Exif()
TURNED[0x0112] = 6
KINDS = {
    "JPEG": ("jpg", "RGB", {}), "JPEG, turned by EXIF": ("jpg", "RGB", {"exif": TURNED}),
    "JPEG, progressive": ("jpg", "RGB", {"progressive": True, "subsampling": 0}),
    "JPEG, progressive CMYK, turned": ("jpg", "CMYK", {"progressive": True, "exif": TURNED}),
    "PNG": ("png", "RGB", {"compress_level": 1}), "PNG, alpha": ("png", "RGBA", {"compress_level": 1}),
    "WebP": ("webp", "RGB", {"method": 0}), "WebP, alpha": ("webp", "RGBA", {"method": 0}),
    "WebP, lossless alpha": ("webp", "RGBA", {"method": 0, "lossless": True, "quality": 0}),
    "GIF": ("gif", "P", {}), "BMP": ("bmp", "RGB", {}),
    "TIFF, LZW": ("tif", "RGB", {"compression": "tiff_lzw"}), "TIFF, CMYK": ("tif", "CMYK", {}),
    "TIFF, JPEG": ("tif", "RGB", {"compression": "jpeg"}),
}  # fmt: skip


def picture(megapixels, mode):
    side = round((megapixels * 1e6) ** 0.5)
    small = np.random.default_rng(1).integers(0, 256, (max(1, side // 40), max(1, side // 40), 4), np.uint8)
    return Image.fromarray(small, "RGBA").resize((side, side), Image.BILINEAR).convert("RGB" if mode == "P" else mode)


def decoded(build, file, listing):
    """Largest resident bytes, and seconds."""
    listing.write_text(f"{file}\n")
    start = time.monotonic()
    done = subprocess.run(["/usr/bin/time", "-f", "%M", build / "bench/bench_pipeline_parts", "decode", "1", listing],
                          capture_output=True, text=True, check=True)
    return int(done.stderr.split()[-1]) * 1024, time.monotonic() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--megapixels", type=float, default=36)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pool3-memory-") as folder:
        folder = pathlib.Path(folder)
        listing = folder / "list"
        for name, (suffix, mode, options) in KINDS.items():
            taken = []
            for size in (args.megapixels, 1e-6):
                file = folder / f"p.{suffix}"
                made = picture(size, mode)
                made = made.quantize(64) if mode == "P" else made
                made.save(file, quality=options.get("quality", 90), **{k: v for k, v in options.items() if k != "quality"})
                taken.append(decoded(args.build, file, listing)[0] - file.stat().st_size)
            pixels = made.width * made.height, round((args.megapixels * 1e6) ** 0.5) ** 2
            print(f"{name:32} {(taken[0] - taken[1]) / (pixels[1] - pixels[0]):5.1f} bytes a pixel", flush=True)
        tall = folder / "tall.png"
        for size in ((1, 178_000_000), (178_000_000, 1)):
            try:
                Image.new("RGB", size, (10, 200, 30)).save(tall, compress_level=1)
            except (OSError, ValueError, SystemError) as error:
                print(f"{size}: Pillow can't write it: {error}")
                continue
            most, seconds = decoded(args.build, tall, listing)
            print(f"{size[0]} x {size[1]} pixels: {seconds:.2f} s, {most / 2**20:.0f} MiB", flush=True)


if __name__ == "__main__":
    main()
