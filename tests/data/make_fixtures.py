#!/usr/bin/env python3
"""Writes the small pictures in tests/data/images and what each must decode to. See README.md.

JPEG: written and decoded by Pillow. PNG: written here, byte by byte, and the expected pixels are computed from the
samples, not decoded; where Pillow reads a type rightly, its pixels are compared too.
"""
import io
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

import fixtures_formats
import fixtures_icons
import fixtures_tiff

HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE / "images"
rng = np.random.default_rng(7)
expected = []


def keep(name, data, rgb):
    """A fixture: its bytes, and a line "name width height hex of RGB"."""
    (OUT / name).write_bytes(data)
    h, w, _ = rgb.shape
    expected.append(f"{name} {w} {h} {rgb.astype(np.uint8).tobytes().hex()}")


# ---- JPEG ---------------------------------------------------------------------------------------------------------
def smooth(w, h, bands):
    y, x = np.mgrid[0:h, 0:w]
    planes = [128 + 120 * np.sin((x * (c + 2) + y * (5 - c)) / 9.0) for c in range(bands)]
    return np.stack(planes, -1).astype(np.uint8)


def jpeg(array, mode, **options):
    out = io.BytesIO()
    Image.fromarray(array[..., 0] if array.shape[2] == 1 else array, mode).save(out, "JPEG", **options)
    return out.getvalue()


def keep_jpeg(name, data):
    picture = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    keep(name, data, np.asarray(picture.convert("RGB")))


def with_adobe_transform(data, transform):
    at = data.index(b"Adobe") + 11
    return data[:at] + bytes([transform]) + data[at + 1 :]


def without_adobe(data):
    at = data.index(b"\xff\xee")
    return data[:at] + data[at + 2 + struct.unpack(">H", data[at + 2 : at + 4])[0] :]


def exif(orientation, order):
    e = "<" if order == b"II" else ">"
    # Two other entries first, so that the table is walked.
    entries = struct.pack(e + "HHIHH", 0x0103, 3, 1, 6, 0) + struct.pack(e + "HHII", 0x0100, 4, 1, 21)
    entries += struct.pack(e + "HHIHH", 0x0112, 3, 1, orientation, 0)
    return order + struct.pack(e + "HIH", 42, 8, 3) + entries + struct.pack(e + "I", 0)


def rgb_jpeg():
    """Three components that are RGB, as Adobe's marker says: the pixels of a YCbCr file, taken for RGB."""
    data = jpeg(smooth(29, 19, 3), "RGB", quality=90, subsampling=0)
    marker = b"\xff\xee" + struct.pack(">H", 14) + b"Adobe" + struct.pack(">HHHB", 100, 0, 0, 0)
    return data[:2] + marker + data[20:]  # instead of JFIF's marker


def with_restarts():
    """Eight grey blocks of equal light, with a restart after every second one: written here, bit by bit."""
    grey = jpeg(np.full((8, 64, 1), 90, np.uint8), "L")
    scan = grey.index(b"\xff\xda")
    first = grey[scan + 10 : -2]  # DC of the first block and EOB, then seven times DC 0 and EOB, then ones
    bits = "".join(f"{b:08b}" for b in first.replace(b"\xff\0", b"\xff"))
    # With the standard tables DC 0 is 00 and EOB is 1010.
    lead = bits[: bits.index("1010" + "001010" * 7)] + "1010"
    pair = lead + "001010"
    pair += "1" * (-len(pair) % 8)
    part = bytes(int(pair[i : i + 8], 2) for i in range(0, len(pair), 8)).replace(b"\xff", b"\xff\0")
    body = part + b"".join(b"\xff" + bytes([0xD0 + i]) + part for i in range(3))
    return grey[:scan] + b"\xff\xdd\0\x04\0\x02" + grey[scan : scan + 10] + body + b"\xff\xd9"


def xmp(orientation):
    """An XMP packet, with an element for even numbers and an attribute for odd ones."""
    attribute = f' tiff:Orientation="{orientation}"' if orientation % 2 else ""
    element = "" if orientation % 2 else f"<tiff:Orientation>{orientation}</tiff:Orientation>"
    space = "http://ns.adobe.com/tiff/1.0/"
    return f'<x:xmpmeta><rdf:Description xmlns:tiff="{space}"{attribute}>{element}</rdf:Description></x:xmpmeta>'.encode()


def headers_of_jpegs():
    """What lies between the segments, and behind the last data, touches no pixel. XMP tells the orientation where EXIF
    does not."""
    data = jpeg(smooth(29, 19, 3), "RGB", quality=90, subsampling=2)
    at = data.index(b"\xff\xdb")
    keep_jpeg("stray_in_header.jpg", data[:at] + b"\0\0" + data[at:])
    at = data.index(b"\xff\xda")
    keep_jpeg("stray_before_scan.jpg", data[:at] + b"\x11\x22\x33" + data[at:])
    keep_jpeg("zeros_before_end.jpg", data[:-2] + bytes(99) + data[-2:])
    progressive = jpeg(smooth(29, 19, 3), "RGB", quality=85, progressive=True)
    at = progressive.rindex(b"\xff\xda")
    at = progressive.rindex(b"\xff\xc4", 0, at)  # behind the data of the last scan but one
    keep_jpeg("zeros_between_scans.jpg", progressive[:at] + bytes(40) + progressive[at:])
    turned = jpeg(smooth(21, 9, 3), "RGB", quality=80)
    rgb = np.asarray(Image.open(io.BytesIO(turned)).convert("RGB"))
    block = b"http://ns.adobe.com/xap/1.0/\0" + xmp(6)
    app1 = b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block
    keep("xmp_6.jpg", turned[:2] + app1 + turned[2:], np.rot90(rgb, -1))
    plain = b"Exif\0\0" + exif(1, b"II")
    both = b"\xff\xe1" + struct.pack(">H", len(plain) + 2) + plain + app1
    keep("exif_1_xmp_6.jpg", turned[:2] + both + turned[2:], rgb)


def jpegs():
    rgb = smooth(29, 19, 3)
    keep_jpeg("baseline_420.jpg", jpeg(rgb, "RGB", quality=90, subsampling=2))
    keep_jpeg("baseline_444.jpg", jpeg(rgb, "RGB", quality=90, subsampling=0))
    keep_jpeg("progressive.jpg", jpeg(rgb, "RGB", quality=85, progressive=True))
    keep_jpeg("grey.jpg", jpeg(smooth(29, 19, 1), "L", quality=90))
    keep_jpeg("grey_progressive.jpg", jpeg(smooth(29, 19, 1), "L", progressive=True))
    cmyk = jpeg(smooth(21, 18, 4), "CMYK", quality=92)
    keep_jpeg("cmyk_adobe.jpg", cmyk)
    keep_jpeg("cmyk_plain.jpg", without_adobe(cmyk))
    keep_jpeg("ycck.jpg", with_adobe_transform(cmyk, 2))
    for orientation in range(1, 9):
        order = b"II" if orientation % 2 else b"MM"
        data = jpeg(smooth(21, 9, 3), "RGB", quality=80, exif=b"Exif\0\0" + exif(orientation, order))
        keep_jpeg(f"exif_{orientation}.jpg", data)
    keep_jpeg("baseline_422.jpg", jpeg(rgb, "RGB", quality=90, subsampling=1))
    keep_jpeg("rgb_adobe.jpg", rgb_jpeg())
    keep_jpeg("cmyk_progressive.jpg", jpeg(smooth(21, 18, 4), "CMYK", quality=92, progressive=True))
    keep_jpeg("restarts.jpg", with_restarts())
    data = jpeg(smooth(21, 9, 3), "RGB", progressive=True, exif=b"Exif\0\0" + exif(5, b"MM"))
    xmp = b"\xff\xe1" + struct.pack(">H", 2 + 40) + b"http://ns.adobe.com/xap/1.0/\0".ljust(40, b"x")
    keep_jpeg("exif_5_progressive_after_xmp.jpg", data[:2] + xmp + data[2:])
    keep_jpeg("one_pixel.jpg", jpeg(smooth(1, 1, 3), "RGB"))


# ---- PNG ----------------------------------------------------------------------------------------------------------
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pack_rows(samples, depth):
    """Filter type 0, samples packed from the high bit on."""
    out = b""
    for row in samples:
        flat = row.reshape(-1)
        if depth == 16:
            out += b"\0" + flat.astype(">u2").tobytes()
        elif depth == 8:
            out += b"\0" + flat.astype(np.uint8).tobytes()
        else:
            bits = (flat[:, None] >> np.arange(depth - 1, -1, -1)) & 1
            out += b"\0" + np.packbits(bits.astype(np.uint8)).tobytes()
    return out


def png(samples, colour, depth, interlaced, extra=b"", tail=b""):
    h, w = samples.shape[:2]
    if interlaced:
        parts = [samples[y::dy, x::dx] for x, y, dx, dy in ADAM7]
        raw = b"".join(pack_rows(p, depth) for p in parts if p.size)
    else:
        raw = pack_rows(samples, depth)
    packed = zlib.compress(raw, 9)
    header = struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, int(interlaced))
    middle = len(packed) // 2  # two IDAT chunks, as real writers have many
    idat = chunk(b"IDAT", packed[:middle]) + chunk(b"IDAT", packed[middle:])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + idat + tail + chunk(b"IEND", b"")


def to_8_bit(samples, depth):
    return (samples.astype(np.int64) * 255 * 2 + (2**depth - 1)) // (2 * (2**depth - 1))


def over_white(rgb, alpha):
    return (rgb * alpha + 255 * (255 - alpha) + 127) // 255


def expect(samples, colour, depth, palette, palette_alpha, key):
    """RGB of the samples as the PNG specification has it."""
    if colour == 3:
        index = samples[..., 0]
        alpha = np.full(256, 255)
        alpha[: len(palette_alpha)] = palette_alpha
        return over_white(palette[index].astype(np.int64), alpha[index][..., None])
    values = to_8_bit(samples, depth)
    colours = 3 if colour & 2 else 1
    rgb = np.repeat(values[..., :colours], 3 // colours, axis=-1)
    if colour & 4:
        return over_white(rgb, values[..., -1:])
    if key is not None:  # compared at full depth, before samples become 8 bits
        rgb = over_white(rgb, np.where((samples == key).all(-1), 0, 255)[..., None])
    return rgb


def keep_png(colour, depth, interlaced, transparent):
    w, h = 13, 11
    samples = rng.integers(0, 2**depth, (h, w, CHANNELS[colour]))
    if colour & 4:
        samples[0:3, :, -1] = 0
        samples[3:6, :, -1] = 2**depth - 1
    palette, palette_alpha, key, extra = None, np.array([], int), None, b""
    if colour == 3:
        palette = rng.integers(0, 256, (2**depth, 3))
        extra += chunk(b"PLTE", palette.astype(np.uint8).tobytes())
    if transparent and colour == 3:
        palette_alpha = rng.integers(0, 256, max(1, 2**depth // 2))
        extra += chunk(b"tRNS", palette_alpha.astype(np.uint8).tobytes())
    elif transparent:
        key = samples[2, 2].copy()
        samples[4:6, 3:9] = key
        if depth == 16:
            samples[7, 3:9] = key ^ 1  # the same in 8 bits, and not transparent
        extra += chunk(b"tRNS", key.astype(">u2").tobytes())
    # Must be ignored: a gamma, a text, and a text whose checksum is wrong.
    extra = chunk(b"gAMA", struct.pack(">I", 100000)) + extra + chunk(b"tEXt", b"Comment\0pool3")
    extra += chunk(b"tEXt", b"Comment\0damaged")[:-1] + b"?"
    name = f"type{colour}_{depth}bit{'_trns' if transparent else ''}{'_adam7' if interlaced else ''}.png"
    rgb = expect(samples, colour, depth, palette, palette_alpha, key)
    data = png(samples, colour, depth, interlaced, extra)
    keep(name, data, rgb)
    if depth == 8 and not (transparent and colour != 3):
        compare_with_pillow(name, png(samples, colour, depth, interlaced, extra[:-27]), rgb)


def compare_with_pillow(name, data, rgb):
    rgba = Image.open(io.BytesIO(data)).convert("RGBA")
    white = Image.new("RGB", rgba.size, "white")
    white.paste(rgba, mask=rgba.getchannel("A"))
    assert (np.asarray(white) == rgb).all(), name


def raw_profile(kind, data):
    """As ImageMagick writes it."""
    digits = data.hex()
    lines = [digits[i : i + 72] for i in range(0, len(digits), 72)]
    return f"\n{kind}\n{len(data):8}\n".encode() + "\n".join(lines).encode() + b"\n"


def texts_of_pngs(samples):
    """An orientation in a text. Pillow 9.4 reads the first and the XMP one, too."""
    block, turned = b"Exif\0\0" + exif(6, b"MM"), np.rot90(samples, -1)
    ztxt = lambda kind, data: chunk(b"zTXt", f"Raw profile type {kind}\0\0".encode() + zlib.compress(raw_profile(kind, data)))  # noqa: E731
    text = lambda kind, data: chunk(b"tEXt", f"Raw profile type {kind}\0".encode() + raw_profile(kind, data))  # noqa: E731
    packet = b"http://ns.adobe.com/xap/1.0/\0" + xmp(6)
    international = chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp(6))
    deflated = chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0en\0XMP\0" + zlib.compress(xmp(6)))
    for name, texts, rgb in [
        ("raw_exif", ztxt("exif", block), turned), ("raw_app1_text", text("APP1", block), turned),
        ("raw_app1_xmp", ztxt("APP1", packet), turned), ("raw_xmp", text("xmp", xmp(6)), turned),
        ("xmp", international, turned), ("xmp_deflated", deflated, turned),
        ("raw_exif_other_chunk", chunk(b"eXIf", exif(1, b"II")) + ztxt("exif", block), samples),
        ("raw_exif_damaged", ztxt("exif", block)[:-1] + b"?", samples),
        ("raw_exif_cut", chunk(b"tEXt", b"Raw profile type exif\0\nexif\n   999\n4d4d0"), samples),
    ]:  # fmt: skip
        data = png(samples, 2, 8, False, extra=texts)
        if name in ("raw_exif", "xmp"):
            assert (np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data)))) == rgb).all(), name
        keep(f"orientation_{name}.png", data, rgb)


def pngs():
    for colour, depths in {0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]}.items():
        for depth in depths:
            for interlaced in (False, True):
                keep_png(colour, depth, interlaced, False)
            if colour in (0, 2, 3):
                keep_png(colour, depth, depth % 3 == 1, True)
    samples = rng.integers(0, 256, (5, 7, 3))
    block = chunk(b"eXIf", exif(6, b"MM"))
    keep("exif_6_before.png", png(samples, 2, 8, False, extra=block), np.rot90(samples, -1))
    keep("exif_6_after.png", png(samples, 2, 8, False, tail=block), np.rot90(samples, -1))
    texts_of_pngs(samples)
    one = np.array([[[200, 100, 50, 128]]])
    keep("one_pixel.png", png(one, 6, 8, False), over_white(one[..., :3], one[..., 3:]))


# ---- resize -------------------------------------------------------------------------------------------------------
def axis(size, side=299):
    scale = np.float32(size - 1) / np.float32(side - 1)
    source = np.arange(side, dtype=np.float32) * scale
    low = np.minimum(np.floor(source).astype(int), size - 1)
    return low, np.minimum(low + 1, size - 1), (source - np.floor(source)).astype(np.float64)


def resize_points():
    """Lines "width height x y channel value" for the picture pixel(x, y, c) = (x * 7 + y * 13 + c * 29 + x * y) % 256,
    as TensorFlow.js' resizeBilinear(x / 255, [299, 299], alignCorners = true) has it, in double precision."""
    lines = []
    for w, h in [(1, 1), (1, 5), (2, 1), (37, 23), (299, 299), (300, 298), (640, 480), (1201, 1803)]:
        y, x, c = np.mgrid[0:h, 0:w, 0:3]
        picture = ((x * 7 + y * 13 + c * 29 + x * y) % 256) / 255.0
        x0, x1, fx = axis(w)
        y0, y1, fy = axis(h)
        fx, fy = fx[None, :, None], fy[:, None, None]
        top = picture[y0][:, x0] * (1 - fx) + picture[y0][:, x1] * fx
        bottom = picture[y1][:, x0] * (1 - fx) + picture[y1][:, x1] * fx
        out = top * (1 - fy) + bottom * fy
        corners = [(0, 0), (298, 0), (0, 298), (298, 298)]
        for px, py in corners + [tuple(p) for p in rng.integers(0, 299, (40, 2))]:
            lines += [f"{w} {h} {px} {py} {k} {out[py, px, k]:.9f}" for k in range(3)]
    (HERE / "resize_align_corners.txt").write_text("\n".join(lines) + "\n")


def as_tf2015(pixels):
    """TensorFlow's resize_bilinear of 2015: neither aligned corners nor half-pixel centres."""
    def legacy(size):
        source = np.arange(299, dtype=np.float32) * (np.float32(size) / np.float32(299))
        low = np.floor(source).astype(int)
        return low, np.minimum(low + 1, size - 1), (source - np.floor(source)).astype(np.float64)

    y0, y1, fy = legacy(pixels.shape[0])
    x0, x1, fx = legacy(pixels.shape[1])
    fx, fy, values = fx[None, :, None], fy[:, None, None], pixels.astype(np.float64)
    top = values[y0][:, x0] * (1 - fx) + values[y0][:, x1] * fx
    bottom = values[y1][:, x0] * (1 - fx) + values[y1][:, x1] * fx
    return (top * (1 - fy) + bottom * fy - 128) / 128


def as_keras(pixels):
    return np.asarray(Image.fromarray(pixels).resize((299, 299), Image.BILINEAR)) / 127.5 - 1


def as_torchvision(pixels):
    h, w, _ = pixels.shape
    short = min(w, h)
    size = (int(342 * w / short), int(342 * h / short))
    left, top = (int(round((n - 299) / 2)) for n in size)
    big = np.asarray(Image.fromarray(pixels).resize(size, Image.BILINEAR))[top : top + 299, left : left + 299]
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    return (big / 255 - mean) / std * (std / 0.5) + (mean - 0.5) / 0.5


def profile_points():
    """Lines "profile width height x y channel value", the picture as in resize_points()."""
    chooser = np.random.default_rng(8)
    lines = []
    for name, resize in (("tf2015", as_tf2015), ("keras", as_keras), ("torchvision", as_torchvision)):
        for w, h in [(1, 1), (1, 5), (7, 2), (37, 23), (299, 299), (342, 500), (640, 480), (1201, 803)]:
            y, x, c = np.mgrid[0:h, 0:w, 0:3]
            out = resize(((x * 7 + y * 13 + c * 29 + x * y) % 256).astype(np.uint8))
            for px, py in [(0, 0), (298, 298)] + [tuple(p) for p in chooser.integers(0, 299, (18, 2))]:
                lines += [f"{name} {w} {h} {px} {py} {k} {out[py, px, k]:.8f}" for k in range(3)]
    (HERE / "resize_profiles.txt").write_text("\n".join(lines) + "\n")


OUT.mkdir(exist_ok=True)
jpegs()
pngs()
headers_of_jpegs()
fixtures_formats.write(keep)
fixtures_tiff.write(keep)
fixtures_icons.write(keep)
fixtures_formats.scaled_jpegs(OUT, lambda w, h, options: jpeg(smooth(w, h, 3), "RGB", **options))
(OUT / "expected.txt").write_text("\n".join(expected) + "\n")
resize_points()
profile_points()
