"""The TGA and ICO fixtures of make_fixtures.py, written byte by byte. What they must decode to is computed from the
samples, and compared with Pillow's pixels where Pillow reads the kind rightly."""
import io
import struct

import numpy as np
from PIL import Image

from fixtures_formats import over_white, pillow_pixels, spread

W, H = 13, 7


def samples(rng, bands, w=W, h=H):
    """Half of it in runs."""
    flat = rng.integers(0, 256, (h, w, bands))
    flat[:, : w // 2] = flat[:, :1]
    return flat


def packets(rows):
    """Rows of pixels, each its bytes, in packets of runs and of single pixels, which may cross the ends of rows."""
    pixels = [p for row in rows for p in row]
    out, at = b"", 0
    while at < len(pixels):
        run = 1
        while run < 128 and at + run < len(pixels) and pixels[at + run] == pixels[at]:
            run += 1
        if run > 1:
            out += bytes([0x80 | run - 1]) + pixels[at]
        else:
            single = 1
            while single < 5 and at + single < len(pixels) and pixels[at + single] != pixels[at + single - 1]:
                single += 1
            out += bytes([single - 1]) + b"".join(pixels[at : at + single])
            run = single
        at += run
    return out


def tga(kind, bits, pixels, descriptor=0, palette=b"", first=0, entry=0, name=b""):
    """`pixels`: rows as they are stored, of pixels of bytes."""
    colours = len(palette) * 8 // entry if entry else 0
    head = struct.pack("<BBBHHBHHHHBB", len(name), bool(palette), kind, first, colours, entry, 0, 0,
                       len(pixels[0]), len(pixels), bits, descriptor)  # fmt: skip
    return head + name + palette + (packets(pixels) if kind > 8 else b"".join(p for row in pixels for p in row))


def bgr(rgb, alpha=None):
    rows = np.concatenate([rgb[..., ::-1], alpha], -1) if alpha is not None else rgb[..., ::-1]
    return [[p.astype(np.uint8).tobytes() for p in row] for row in rows]


def tgas(keep):
    rng = np.random.default_rng(31)
    rgb, alpha, grey = samples(rng, 3), samples(rng, 1), samples(rng, 1)
    blended = over_white(rgb, alpha)
    rows = {"bgr": bgr(rgb), "bgra": bgr(rgb, alpha), "grey": [[bytes([v[0]]) for v in row] for row in grey]}
    grey3 = np.repeat(grey, 3, -1)
    for runs in (0, 8):
        end = "_runs" if runs else ""
        for name, data, right in [
            (f"24bit{end}", tga(2 + runs, 24, rows["bgr"][::-1]), rgb),
            (f"24bit_top_down{end}", tga(2 + runs, 24, rows["bgr"], 0x20, name=b"of a name"), rgb),
            (f"32bit_alpha{end}", tga(2 + runs, 32, rows["bgra"][::-1], 8), blended),
            (f"grey{end}", tga(3 + runs, 8, rows["grey"][::-1]), grey3),
        ]:  # fmt: skip
            assert (pillow_pixels(data) == right).all(), name
            keep(f"{name}.tga", data, right)
    mirrored = tga(2, 24, [row[::-1] for row in rows["bgr"][::-1]], 0x10)
    keep("24bit_right_to_left.tga", mirrored, rgb)
    clear = tga(2, 32, bgr(rgb, alpha * 0)[::-1], 8)
    keep("32bit_alpha_all_zero.tga", clear, rgb)
    five = rng.integers(0, 32, (H, W, 3))
    words = five[..., 0] << 10 | five[..., 1] << 5 | five[..., 2]
    data = tga(2, 16, [[struct.pack("<H", v) for v in row] for row in words[::-1]])
    keep("16bit.tga", data, spread(five, 5))
    palette = rng.integers(0, 256, (9, 3))
    indices = rng.integers(0, 9, (H, W))
    stored = [[bytes([v + 4]) for v in row] for row in indices[::-1]]
    data = tga(1, 8, stored, palette=palette[:, ::-1].astype(np.uint8).tobytes(), first=4, entry=24)
    keep("palette_from_4.tga", data, palette[indices])
    data = tga(9, 8, [[bytes([v]) for v in row] for row in indices[::-1]], palette=palette[:, ::-1].astype(np.uint8).tobytes(), entry=24)
    assert (pillow_pixels(data) == palette[indices]).all()
    keep("palette_runs.tga", data, palette[indices])


def icon(pictures, kind=1):
    """`pictures`: width, height, bits and bytes of each."""
    at = 6 + 16 * len(pictures)
    directory = b""
    for w, h, bits, data in pictures:
        directory += struct.pack("<BBBBHHII", w % 256, h % 256, 0, 0, 1, bits, len(data), at)
        at += len(data)
    return struct.pack("<HHH", 0, kind, len(pictures)) + directory + b"".join(p[3] for p in pictures)


def lines(rows):
    return b"".join(row + bytes(-len(row) % 4) for row in rows[::-1])


def bitmap(bits, rows, mask, palette=b""):
    """`mask`: [h, w], 1 where nothing is drawn."""
    h, w = mask.shape
    info = struct.pack("<IiiHHIIiiII", 40, w, 2 * h, 1, bits, 0, 0, 0, 0, len(palette) // 4, 0)
    return info + palette + lines(rows) + lines([np.packbits(row.astype(np.uint8)).tobytes() for row in mask])


def icos(keep):
    rng = np.random.default_rng(32)
    rgb, alpha = samples(rng, 3), samples(rng, 1)
    mask = rng.integers(0, 2, (H, W))
    blended, masked = over_white(rgb, alpha), np.where(mask[..., None] == 1, 255, rgb)
    bgr_rows = [row[:, ::-1].astype(np.uint8).tobytes() for row in rgb]
    with_alpha = [np.concatenate([rgb, alpha], -1)[y][:, [2, 1, 0, 3]].astype(np.uint8).tobytes() for y in range(H)]
    without = [np.concatenate([rgb, alpha * 0], -1)[y][:, [2, 1, 0, 3]].astype(np.uint8).tobytes() for y in range(H)]
    small = bitmap(24, [bytes(3) * 2] * 2, np.zeros((2, 2)))
    palette = rng.integers(0, 256, (16, 3))
    indices = rng.integers(0, 16, (H, W))
    quads = np.concatenate([palette[:, ::-1], palette[:, :1] * 0], -1).astype(np.uint8).tobytes()
    nibbles = [bytes(int(f"{a:x}{b:x}", 16) for a, b in zip(row[::2], list(row[1::2]) + [0])) for row in indices]
    out = io.BytesIO()
    Image.fromarray(np.concatenate([rgb, alpha], -1).astype(np.uint8), "RGBA").save(out, "PNG")
    for name, data, right, pillow in [
        ("32bit_alpha", icon([(2, 2, 24, small), (W, H, 32, bitmap(32, with_alpha, mask))]), blended, True),
        ("32bit_alpha_all_zero", icon([(W, H, 32, bitmap(32, without, mask))]), masked, False),
        ("24bit_mask", icon([(W, H, 24, bitmap(24, bgr_rows, mask)), (2, 2, 24, small)]), masked, True),
        ("4bit_mask", icon([(W, H, 4, bitmap(4, nibbles, mask, quads))]), np.where(mask[..., None] == 1, 255, palette[indices]), True),
        ("png_inside", icon([(2, 2, 24, small), (W, H, 32, out.getvalue())]), blended, True),
        ("cursor", icon([(W, H, 3, bitmap(24, bgr_rows, mask))], 2), masked, False),
    ]:  # fmt: skip
        assert not pillow or (pillow_pixels(data) == right).all(), name
        keep(f"{name}.ico", data, right)


def write(keep):
    tgas(keep)
    icos(keep)
