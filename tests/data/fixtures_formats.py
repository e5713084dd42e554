"""The WebP, GIF, BMP and PNM fixtures of make_fixtures.py. WebP and GIF are written and decoded by Pillow. BMP and PNM are written
here, byte by byte; what it must decode to is computed from the samples, and compared with Pillow's pixels where Pillow
reads the kind rightly. fixtures_tiff.py makes the TIFF ones."""
import io
import struct

import numpy as np
from PIL import Image, ImageOps

rng = np.random.default_rng(9)


def over_white(rgb, alpha):
    return (rgb.astype(np.int64) * alpha + 255 * (255 - alpha.astype(np.int64)) + 127) // 255


def pillow_pixels(data):
    """As pool3 wants them: turned, the first frame, alpha over white."""
    picture = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        rgba = np.asarray(picture.convert("RGBA")).astype(np.int64)
        return over_white(rgba[..., :3], rgba[..., 3:])
    return np.asarray(picture.convert("RGB"))


def save(picture, kind, **options):
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def waves(w, h, bands):
    y, x = np.mgrid[0:h, 0:w]
    planes = [128 + 120 * np.sin((x * (c + 1) + y * (4 - c)) / 7.0) for c in range(bands)]
    return np.stack(planes, -1).astype(np.uint8)


def picture_of(bands, w=23, h=17):
    array = waves(w, h, bands)
    return Image.fromarray(array[..., 0] if bands == 1 else array, {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[bands])


def exif(orientation):
    return b"Exif\0\0II*\0\x08\0\0\0\x01\0" + struct.pack("<HHIHHI", 0x112, 3, 1, orientation, 0, 0)


# ---- WebP and GIF -------------------------------------------------------------------------------------------------
def webps(keep):
    rgb, rgba = picture_of(3), picture_of(4)
    for name, picture, options in [
        ("lossy", rgb, {"quality": 80}), ("lossy_alpha", rgba, {"quality": 80}), ("lossless", rgb, {"lossless": True}),
        ("lossless_alpha", rgba, {"lossless": True, "exact": True}), ("exif_6", rgb, {"exif": exif(6)}),
        ("exif_8_alpha", rgba, {"exif": exif(8)}), ("one_pixel", rgba.crop((3, 3, 4, 4)), {"lossless": True}),
        ("animated", rgba, {"save_all": True, "append_images": [rgba.rotate(180)], "lossless": True}),
    ]:  # fmt: skip
        data = save(picture, "WEBP", **options)
        keep(f"{name}.webp", data, pillow_pixels(data))
    keep("animated_offset.webp", *offset_animation())


def offset_animation():
    """A frame of 7 x 5 at (4, 2) on a canvas of 20 x 11; around it the canvas is transparent, so white."""
    part = picture_of(3, 7, 5)
    still = save(part, "WEBP", lossless=True)[12:]
    u24 = lambda n: struct.pack("<I", n)[:3]  # noqa: E731
    chunk = lambda kind, body: kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)  # noqa: E731
    head = chunk(b"VP8X", struct.pack("<I", 0x12) + u24(19) + u24(10)) + chunk(b"ANIM", bytes(6))
    frame = chunk(b"ANMF", u24(2) + u24(1) + u24(6) + u24(4) + u24(100) + b"\0" + still)
    body = b"WEBP" + head + frame
    canvas = np.full((11, 20, 3), 255)
    canvas[2:7, 4:11] = np.asarray(part)
    data = b"RIFF" + struct.pack("<I", len(body)) + body
    assert (pillow_pixels(data) == canvas).all()
    return data, canvas


def palette_picture(colours, w=23, h=17):
    indices = (waves(w, h, 1)[..., 0].astype(int) * colours // 256).astype(np.uint8)
    picture = Image.fromarray(indices, "P")
    picture.putpalette(rng.integers(0, 256, colours * 3).astype(np.uint8).tobytes())
    return picture


def gifs(keep):
    for name, picture, options in [
        ("palette", palette_picture(256), {"interlace": 0}), ("interlaced", palette_picture(200), {"interlace": 1}),
        ("two_colours", palette_picture(2), {"interlace": 0}), ("grey", picture_of(1), {}),
        ("transparent", palette_picture(16), {"transparency": 5}), ("tiny", palette_picture(4, 1, 3), {"interlace": 1}),
        ("animated", palette_picture(16), {"save_all": True, "append_images": [palette_picture(8).rotate(90)]}),
    ]:  # fmt: skip
        data = save(picture, "GIF", **options)
        keep(f"{name}.gif", data, pillow_pixels(data))
    data = save(palette_picture(64), "GIF", interlace=0)
    table = 3 * 2 ** ((data[10] & 7) + 1)
    local = bytearray(data[:13] + data[13 + table :])
    at = local.index(b",", 13)
    local[10] &= 0x7F
    local[at + 9] = 0x80 | data[10] & 7  # a table of its own
    local[at + 10 : at + 10] = data[13 : 13 + table]
    keep("local_palette.gif", bytes(local), pillow_pixels(bytes(local)))
    assert (pillow_pixels(bytes(local)) == pillow_pixels(data)).all()
    shifted = bytearray(data)
    shifted[6:10] = struct.pack("<HH", 30, 25)
    at = shifted.index(b",", 13 + table)
    shifted[at + 1 : at + 5] = struct.pack("<HH", 4, 3)
    canvas = np.full((25, 30, 3), 255)
    canvas[3:20, 4:27] = pillow_pixels(data)
    keep("offset.gif", bytes(shifted), canvas)
    shifted[6:10] = struct.pack("<HH", 9, 9)  # the frame hangs over the edge
    keep("over_the_edge.gif", bytes(shifted), canvas[:20, :27])


# ---- BMP ----------------------------------------------------------------------------------------------------------
def bmp(w, h, bits, pixels, palette=b"", compression=0, header=40, masks=b"", used=0):
    if header == 12:
        info = struct.pack("<IHHHH", 12, w, h, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, w, h, 1, bits, compression, len(pixels), 0, 0, used, 0) + masks
        info += bytes(max(0, header - len(info)))
    offset = 14 + len(info) + len(palette)
    return b"BM" + struct.pack("<IHHI", offset + len(pixels), 0, 0, offset) + info + palette + pixels


def lines(rows):
    """Rows of bytes, from the last up, each filled up to four bytes."""
    return b"".join(bytes(r) + bytes(-len(bytes(r)) % 4) for r in rows[::-1])


def packed(indices, bits):
    flat = (indices[..., None] >> np.arange(bits - 1, -1, -1)) & 1
    return [np.packbits(row.reshape(-1).astype(np.uint8)).tobytes() for row in flat]


def spread(values, bits):
    return (values * 255 * 2 + (2**bits - 1)) // (2 * (2**bits - 1))


def near_pillow(data, rgb, most=1):
    """Pillow cuts off where it widens 5 bits to 8."""
    assert np.abs(pillow_pixels(data).astype(int) - rgb).max() <= most


def palette_bmps(keep):
    w, h = 13, 7
    for bits in (1, 4, 8):
        indices = rng.integers(0, 2**bits, (h, w))
        colours = rng.integers(0, 256, (2**bits, 4)).astype(np.uint8)
        rgb = colours[indices][..., 2::-1]
        data = bmp(w, h, bits, lines(packed(indices, bits)), colours.tobytes())
        near_pillow(data, rgb, 0)
        keep(f"{bits}bit.bmp", data, rgb)
    down = bmp(w, -h, 8, lines(packed(indices[::-1], 8)), colours.tobytes())
    near_pillow(down, rgb, 0)
    keep("8bit_top_down.bmp", down, rgb)
    core = bmp(w, h, 8, lines(packed(indices, 8)), np.ascontiguousarray(colours[:, :3]).tobytes(), header=12)
    near_pillow(core, rgb, 0)
    keep("8bit_os2.bmp", core, rgb)
    few = bmp(w, h, 8, lines(packed(indices % 5, 8)), colours[:5].tobytes(), used=5)
    near_pillow(few, colours[indices % 5][..., 2::-1], 0)
    keep("8bit_five_colours.bmp", few, colours[indices % 5][..., 2::-1])


def colour_bmps(keep):
    w, h = 7, 9
    bgra = rng.integers(0, 256, (h, w, 4)).astype(np.uint8)
    bgra[0:2, :, 3], bgra[2:4, :, 3] = 0, 255
    rgb = bgra[..., 2::-1]
    plain = bmp(w, h, 24, lines([r.tobytes() for r in bgra[..., :3]]))
    near_pillow(plain, rgb, 0)
    keep("24bit.bmp", plain, rgb)
    keep("24bit_os2.bmp", bmp(w, h, 24, lines([r.tobytes() for r in bgra[..., :3]]), header=12), rgb)
    rows = lines([r.tobytes() for r in bgra])
    unused = bmp(w, h, 32, rows)
    near_pillow(unused, rgb, 0)
    keep("32bit.bmp", unused, rgb)  # the fourth byte means nothing
    blended = over_white(rgb, bgra[..., 3:])
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    alpha = bmp(w, h, 32, rows, compression=3, header=108, masks=masks)
    near_pillow(alpha, blended, 0)
    keep("32bit_alpha_v4.bmp", alpha, blended)
    keep("32bit_alpha_masks.bmp", bmp(w, h, 32, rows, compression=6, masks=masks), blended)
    for name, widths, options in [("555", (5, 5, 5), {}), ("565", (5, 6, 5), {"compression": 3})]:
        parts = [rng.integers(0, 2**n, (h, w)) for n in widths]
        r, g, b = parts
        pixels = (r << (widths[1] + 5)) | (g << 5) | b
        if options:
            options["masks"] = struct.pack("<III", 0xF800, 0x7E0, 0x1F)
        data = bmp(w, h, 16, lines([row.astype("<u2").tobytes() for row in pixels]), **options)
        rgb = np.stack([spread(p, n) for p, n in zip(parts, widths)], -1)
        near_pillow(data, rgb)
        keep(f"16bit_{name}.bmp", data, rgb)


def silent_bmps(keep):
    """A channel of alpha that is zero all over: viewers show such pictures opaque."""
    rng = np.random.default_rng(12)
    w, h = 7, 9
    bgra = rng.integers(0, 256, (h, w, 4)).astype(np.uint8)
    bgra[..., 3] = 0
    rows = lines([r.tobytes() for r in bgra])
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    for name, options in [("v3", {"header": 56}), ("v4", {"header": 108}), ("v5", {"header": 124}), ("masks", {})]:
        compression = 3 if options else 6
        data = bmp(w, h, 32, rows, compression=compression, masks=masks, **options)
        keep(f"32bit_no_alpha_{name}.bmp", data, bgra[..., 2::-1])
    bgra[8, 6, 3] = 1  # one pixel has some, so the others are transparent
    data = bmp(w, h, 32, lines([r.tobytes() for r in bgra]), compression=3, header=108, masks=masks)
    rgb = over_white(bgra[..., 2::-1], bgra[..., 3:])
    near_pillow(data, rgb, 0)
    keep("32bit_little_alpha_v4.bmp", data, rgb)
    parts = rng.integers(0, 32, (h, w, 3))
    for name, header, alpha in [("v3", 56, 0), ("v4", 108, 0), ("v5_some", 124, 1)]:
        kept = rng.integers(0, 2, (h, w)) * alpha
        pixels = (kept << 15) | (parts[..., 0] << 10) | (parts[..., 1] << 5) | parts[..., 2]
        masks = struct.pack("<IIII", 0x7C00, 0x3E0, 0x1F, 0x8000)
        data = bmp(w, h, 16, lines([row.astype("<u2").tobytes() for row in pixels]), compression=3, header=header, masks=masks)
        rgb = spread(parts, 5)
        keep(f"16bit_alpha_{name}.bmp", data, over_white(rgb, kept[..., None] * 255) if alpha else rgb)


def stray_gif(keep):
    """A byte too many between blocks, over which Pillow and browsers pass."""
    data = save(picture_of(1, 5, 7), "GIF", interlace=0)
    at = 13 + 3 * 2 ** ((data[10] & 7) + 1)
    data = data[:at] + b"\0" + data[at:]
    keep("stray_zero.gif", data, pillow_pixels(data))


def webp_of_xmp(keep):
    data = save(picture_of(3), "WEBP", lossless=True, xmp=b"<x:xmpmeta><tiff:Orientation>3</tiff:Orientation></x:xmpmeta>")
    keep("xmp_3.webp", data, np.rot90(pillow_pixels(data), 2))


def run_bmps(keep):
    colours = rng.integers(0, 256, (256, 4)).astype(np.uint8)
    # A run of 5, four pixels one by one, the end of the line; one pixel, the rest of the line has colour 0.
    code, literal = bytes([5, 7, 0, 4, 1, 2, 3, 4, 0, 0, 1, 9, 0, 0, 0, 1]), [[7] * 5 + [1, 2, 3, 4], [9] + [0] * 8]
    keep_runs(keep, "8bit_runs", code, literal, 8, colours, True)
    code, literal = bytes([5, 0x12, 0, 4, 0x34, 0x56, 0, 0, 9, 0x66, 0, 1]), [[1, 2, 1, 2, 1, 3, 4, 5, 6], [6] * 9]
    keep_runs(keep, "4bit_runs", code, literal, 4, colours, True)
    # Pillow is wrong about steps, odd numbers of pixels and their fillers.
    code = bytes([5, 7, 0, 3, 1, 2, 3, 0, 0, 0, 1, 9, 0, 2, 2, 2, 2, 4, 0, 1])
    literal = np.zeros((5, 8), int)
    literal[0], literal[1, 0], literal[3, 3:5] = [7, 7, 7, 7, 7, 1, 2, 3], 9, 4
    keep_runs(keep, "8bit_runs_step", code, literal, 8, colours, False)
    code = bytes([5, 0x12, 0, 3, 0x34, 0x50, 0, 0, 8, 0x66, 0, 1])
    keep_runs(keep, "4bit_runs_odd", code, [[1, 2, 1, 2, 1, 3, 4, 5], [6] * 8, [0] * 8], 4, colours, False)


def keep_runs(keep, name, code, indices, bits, colours, pillow):
    indices = np.array(indices)
    rgb = colours[indices[::-1]][..., 2::-1]
    h, w = indices.shape
    data = bmp(w, h, bits, code, colours[: 2**bits].tobytes(), compression=1 if bits == 8 else 2)
    if pillow:
        near_pillow(data, rgb, 0)
    keep(f"{name}.bmp", data, rgb)


# ---- PNM ----------------------------------------------------------------------------------------------------------
def pnm(kind, w, h, most, samples, comment=b""):
    """`samples`: rows of numbers, in text for P1 to P3."""
    head = b"P%d\n" % kind + comment + b"%d %d\n" % (w, h) + (b"" if most is None else b"%d\n" % most)
    if kind <= 3:
        return head + b"\n".join(b" ".join(b"%d" % v for v in row.reshape(-1)) for row in samples) + b"\n"
    if kind == 4:
        return head + b"".join(np.packbits(row.astype(np.uint8)).tobytes() for row in samples)
    return head + samples.astype(">u2" if most > 255 else "u1").tobytes()


def keep_pnm(keep, name, data, samples, most):
    """Pillow's pixels, but for its 16-bit grey: those are rounded to bytes here, and may be one from its 16 bits."""
    picture = Image.open(io.BytesIO(data))
    rgb = np.rint(samples / most * 255).clip(0, 255)
    if samples.ndim == 2:
        rgb = np.repeat(rgb[..., None], 3, -1)
    if picture.mode == "I":
        assert np.abs(np.asarray(picture)[..., None] / 257 - rgb).max() < 0.51
    else:
        assert (np.asarray(picture.convert("RGB")) == rgb).all(), name
    keep(name, data, rgb)


def pnms(keep):
    rng = np.random.default_rng(21)
    w, h = 11, 6  # a line of P4 has bits to spare
    bits = rng.integers(0, 2, (h, w))
    for kind in (1, 4):
        keep_pnm(keep, f"p{kind}.pbm", pnm(kind, w, h, None, bits), 1 - bits, 1)
    crowded = b"P1 # no blanks\n11\t6\r\n" + b"".join(b"%d" % v for v in bits.reshape(-1))
    keep_pnm(keep, "p1_crowded.pbm", crowded, 1 - bits, 1)
    for kinds, suffix, shape in (((2, 5), "pgm", (h, w)), ((3, 6), "ppm", (h, w, 3))):
        for most in (1, 30, 255, 1000, 65535):  # 30 has values half way between bytes
            samples = rng.integers(0, most + 1, shape)
            for kind in kinds:
                keep_pnm(keep, f"p{kind}_{most}.{suffix}", pnm(kind, w, h, most, samples), samples, most)
    data = pnm(6, w, h, 15, rng.integers(0, 256, (h, w, 3)), b"# made by hand\n#again 7\n")
    above = np.frombuffer(data[-w * h * 3 :], np.uint8).reshape(h, w, 3)
    keep_pnm(keep, "p6_above_the_largest.pnm", data, above, 15)
    data = b"P2\n#1\n3 #2\n 2 # 3\n 9\n0 1 2 # 4 5\n3\n#\n4 9"
    keep_pnm(keep, "p2_comments.pgm", data, np.array([[0, 1, 2], [3, 4, 9]]), 9)


def scaled_jpegs(folder, smooth_jpeg):
    """Lines "name side width height hex of RGB": what a JPEG becomes whose shorter side may shrink to `side`, as
    Pillow's draft mode has it. `smooth_jpeg`: a maker of JPEGs of (width, height, options)."""
    lines = []
    for name, w, h, options, sides in [
        ("shrink_420.jpg", 83, 70, {"subsampling": 2, "quality": 90}, (70, 36, 35, 18, 17, 9, 8, 1)),
        ("shrink_444_progressive.jpg", 51, 64, {"subsampling": 0, "progressive": True}, (51, 26, 13, 7, 6)),
    ]:  # fmt: skip
        data = smooth_jpeg(w, h, options)
        (folder / name).write_bytes(data)
        for side in sides:
            picture = Image.open(io.BytesIO(data))
            scale = max((s for s in (1, 2, 4, 8) if -(-min(w, h) // s) >= side))
            picture.draft("RGB", (w // scale, h // scale))
            rgb = np.asarray(picture)
            assert rgb.shape[:2] == (-(-h // scale), -(-w // scale))
            lines.append(f"{name} {side} {rgb.shape[1]} {rgb.shape[0]} {rgb.tobytes().hex()}")
    (folder / "shrunk.txt").write_text("\n".join(lines) + "\n")


def write(keep):
    webps(keep)
    gifs(keep)
    palette_bmps(keep)
    colour_bmps(keep)
    run_bmps(keep)
    silent_bmps(keep)
    webp_of_xmp(keep)
    stray_gif(keep)
    pnms(keep)
