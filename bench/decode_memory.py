#!/usr/bin/python3
"""How much memory does decoding take? Bytes a pixel beside the file, by format.

    bench/decode_memory.py --build DIR [--megapixels N]

Each picture is made by Pillow (interlaced PNG, which it can't write, by a few lines here), of random blocks, and decoded in a process of its own (bench_pipeline_parts); what the
same process takes for a picture of one pixel, and the file, are taken off its largest resident set.
"""
import argparse
import pathlib
import struct
import subprocess
import tempfile
import zlib

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
    "PNG, interlaced": ("png", "RGB", 8), "PNG, interlaced alpha": ("png", "RGBA", 8),
    "PNG, interlaced alpha, 16 bits": ("png", "RGBA", 16),
    "WebP": ("webp", "RGB", {"method": 0}), "WebP, alpha": ("webp", "RGBA", {"method": 0}),
    "WebP, lossless alpha": ("webp", "RGBA", {"method": 0, "lossless": True, "quality": 0}),
    "GIF": ("gif", "P", {}), "BMP": ("bmp", "RGB", {}), "PNM": ("ppm", "RGB", {}),
    "TIFF, LZW": ("tif", "RGB", {"compression": "tiff_lzw"}), "TIFF, CMYK": ("tif", "CMYK", {}),
    "TIFF, JPEG": ("tif", "RGB", {"compression": "jpeg"}),
}  # fmt: skip


def picture(megapixels, mode):
    side = round((megapixels * 1e6) ** 0.5)
    small = np.random.default_rng(1).integers(0, 256, (max(1, side // 40), max(1, side // 40), 4), np.uint8)
    return Image.fromarray(small, "RGBA").resize((side, side), Image.BILINEAR).convert("RGB" if mode == "P" else mode)


def save_interlaced(picture, bits, file):
    """PNG in the seven passes of Adam7."""
    samples = np.asarray(picture).astype(">u2") * 257 if bits == 16 else np.asarray(picture)
    squeeze, data = zlib.compressobj(1), b""
    for x, y, right, down in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        for row in samples[y::down, x::right] if picture.width > x else ():
            data += squeeze.compress(b"\0" + row.tobytes())
    header = struct.pack(">2I5B", *picture.size, bits, 6 if picture.mode == "RGBA" else 2, 0, 0, 1)
    with open(file, "wb") as out:
        out.write(b"\x89PNG\r\n\x1a\n")
        for kind, body in ((b"IHDR", header), (b"IDAT", data + squeeze.flush()), (b"IEND", b"")):
            out.write(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)))


def decoded(build, file, listing):
    """Largest resident bytes, and CPU seconds."""
    listing.write_text(f"{file}\n")
    done = subprocess.run(["/usr/bin/time", "-f", "%M %U %S", build / "bench/bench_pipeline_parts", "decode", "1", listing],
                          capture_output=True, text=True, check=True)
    kilobytes, user, system = done.stderr.split()[-3:]
    return int(kilobytes) * 1024, float(user) + float(system)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--megapixels", type=float, default=36)
    parser.add_argument("--only", default="", help="formats whose names begin so")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pool3-memory-") as folder:
        folder = pathlib.Path(folder)
        listing = folder / "list"
        for name, (suffix, mode, options) in KINDS.items():
            if not name.startswith(args.only):
                continue
            taken = []
            for size in (args.megapixels, 1e-6):
                file = folder / f"p.{suffix}"
                made = picture(size, mode)
                made = made.quantize(64) if mode == "P" else made
                if isinstance(options, int):
                    save_interlaced(made, options, file)
                else:
                    made.save(file, **options)
                taken.append(decoded(args.build, file, listing)[0] - file.stat().st_size)
            pixels = made.width * made.height, round((args.megapixels * 1e6) ** 0.5) ** 2
            print(f"{name:32} {(taken[0] - taken[1]) / (pixels[1] - pixels[0]):5.1f} bytes a pixel", flush=True)
        if args.only:
            return
        tall = folder / "tall.png"
        for size in ((1, 178_000_000), (178_000_000, 1)):
            try:
                Image.new("RGB", size, (10, 200, 30)).save(tall, compress_level=1)
            except (OSError, ValueError, SystemError, MemoryError) as error:
                print(f"{size}: Pillow can't write it: {error}")
                continue
            most, seconds = decoded(args.build, tall, listing)
            print(f"{size[0]} x {size[1]} pixels: {seconds:.2f} s of CPU time, {most / 2**20:.0f} MiB", flush=True)


if __name__ == "__main__":
    main()
