"""The TIFF fixtures of make_fixtures.py, as those of BMP in fixtures_formats.py: written byte by byte where Pillow can't
write a kind, and computed from the samples."""
import struct

import numpy as np
from PIL import Image, ImageCms

from fixtures_formats import near_pillow, over_white, packed, palette_picture, picture_of, pillow_pixels, rng, save


def tiff_pieces(samples, bits, order, tile, planes, rows):
    """The strips or tiles of the samples, packed."""
    h, w, n = samples.shape
    step_y, step_x = tile or (rows, w)
    pieces = []
    for plane in [slice(s, s + 1) for s in range(n)] if planes else [slice(0, n)]:
        for y in range(0, h, step_y):
            for x in range(0, w, step_x):
                part = samples[y : y + step_y, x : x + step_x, plane]
                if tile:
                    full = np.zeros((step_y, step_x, part.shape[2]), samples.dtype)
                    full[: part.shape[0], : part.shape[1]] = part
                    part = full
                flat = part.reshape(part.shape[0], -1)
                if bits >= 8:
                    pieces.append(flat.astype(order + ("u2" if bits == 16 else "u1")).tobytes())
                else:
                    pieces.append(b"".join(packed(flat, bits)))
    return pieces


def tiff(samples, bits, photometric, order="<", tile=None, planes=False, rows=4, extra=None, palette=None, tags=(), big=False):
    h, w, n = samples.shape
    entries = {256: (4, [w]), 257: (4, [h]), 258: (3, [bits] * n), 259: (3, [1]), 262: (3, [photometric]), 277: (3, [n]),
               284: (3, [2 if planes else 1])}  # fmt: skip
    pieces = tiff_pieces(samples, bits, order, tile, planes, rows)
    start = 16 if big else 8
    offsets = start + np.cumsum([0] + [len(p) for p in pieces])
    places, sizes = (324, 325) if tile else (273, 279)
    entries |= {places: (4, offsets[:-1].tolist()), sizes: (4, [len(p) for p in pieces])}
    entries |= {322: (3, [tile[1]]), 323: (3, [tile[0]])} if tile else {278: (4, [rows])}
    if extra is not None:
        entries[338] = (3, [extra])
    if palette is not None:
        entries[320] = (3, palette.T.reshape(-1).tolist())
    entries |= dict(tags)
    word = "Q" if big else "I"
    room = struct.calcsize(word)
    data_end = int(offsets[-1]) + int(offsets[-1]) % 2
    count_format = "Q" if big else "H"
    after = data_end + struct.calcsize(order + count_format) + len(entries) * (12 + room // 4 * 8 - 8 if big else 12) + room
    directory, outside = struct.pack(order + count_format, len(entries)), b""
    for tag, (kind, values) in sorted(entries.items()):
        body = struct.pack(order + str(len(values)) + {1: "B", 3: "H", 4: "I"}[kind], *values)
        place = body.ljust(room, b"\0") if len(body) <= room else struct.pack(order + word, after + len(outside))
        outside += body if len(body) > room else b""
        directory += struct.pack(order + "HH" + word, tag, kind, len(values)) + place
    mark = b"II" if order == "<" else b"MM"
    head = mark + (struct.pack(order + "HHHQ", 43, 8, 0, data_end) if big else struct.pack(order + "HI", 42, data_end))
    body = b"".join(pieces)
    return head + body + bytes(data_end - int(offsets[-1])) + directory + bytes(room) + outside


def inks(cmyk):
    """Pillow's rounding, which is that of decode_jpeg."""
    taken = cmyk[..., :3].astype(int) * (255 - cmyk[..., 3:].astype(int)) + 128
    return 255 - cmyk[..., 3:].astype(int) - (((taken >> 8) + taken) >> 8)


def to_bytes(samples, bits):
    return (samples.astype(np.int64) * 255 * 2 + (2**bits - 1)) // (2 * (2**bits - 1))


def tiff_rgb(samples, bits, photometric, extra, palette):
    values = to_bytes(samples, bits)
    if photometric == 3:
        return palette[samples[..., 0]] >> 8
    if photometric == 5:
        return inks(values)
    colours = 3 if photometric == 2 else 1
    rgb = np.repeat(values[..., :colours], 3 // colours, axis=-1)
    rgb = 255 - rgb if photometric == 0 else rgb
    if extra == 2:
        return over_white(rgb, values[..., colours : colours + 1])
    if extra == 1:
        return np.minimum(rgb + 255 - values[..., colours : colours + 1], 255)
    return rgb


def made_tiffs(keep):
    kinds = [("grey", 1, 1), ("white_is_zero", 0, 1), ("rgb", 2, 3), ("palette", 3, 1), ("cmyk", 5, 4)]
    layouts = [("strips", {}), ("tiles", {"tile": (16, 16)}), ("planes", {"planes": True, "order": ">"}),
               ("planes_tiles", {"planes": True, "tile": (16, 32)}), ("big", {"big": True, "rows": 100})]  # fmt: skip
    for kind, photometric, colours in kinds:
        for layout, options in layouts:
            if colours == 1 and "planes" in options:
                continue
            for bits in (1, 2, 4, 8, 16):
                deep_only = colours > 1 and bits < 8
                sampled = bits not in (8, 16) and layout not in ("strips", "tiles")
                if deep_only or sampled or (bits == 16 and photometric == 3):
                    continue
                samples = rng.integers(0, 2**bits, (19, 21, colours))
                palette = rng.integers(0, 65536, (2**bits, 3)) if photometric == 3 else None
                data = tiff(samples, bits, photometric, palette=palette, **options)
                rgb = tiff_rgb(samples, bits, photometric, None, palette)
                if bits == 8 and layout in ("strips", "tiles"):
                    near_pillow(data, rgb, 0)
                keep(f"{kind}_{bits}bit_{layout}.tif", data, rgb)
    for name, photometric, n, extra in [("unassociated", 2, 4, 2), ("associated", 2, 4, 1), ("unspecified", 2, 4, 0),
                                        ("grey_unassociated", 1, 2, 2)]:  # fmt: skip
        for bits, options in [(8, {}), (16, {"order": ">"}), (8, {"planes": True})]:
            samples = rng.integers(0, 2**bits, (9, 8, n))
            if extra == 1:
                samples[..., :3] = samples[..., :3] * samples[..., 3:] // (2**bits - 1)
            data = tiff(samples, bits, photometric, extra=extra, **options)
            if bits == 8 and colours_are_plain(name) and not options:
                near_pillow(data, tiff_rgb(samples, bits, photometric, extra, None), 0)
            suffix = "_planes" if "planes" in options else ""
            keep(f"alpha_{name}_{bits}bit{suffix}.tif", data, tiff_rgb(samples, bits, photometric, extra, None))
    old = rng.integers(0, 256, (4, 3))
    samples = rng.integers(0, 4, (5, 6, 1))
    keep("palette_of_bytes.tif", tiff(samples, 2, 3, palette=old), old[samples[..., 0]])
    samples = rng.integers(0, 256, (5, 8, 3))
    for orientation in range(1, 9):
        turned = {1: samples, 2: samples[:, ::-1], 3: samples[::-1, ::-1], 4: samples[::-1],
                  5: samples.transpose(1, 0, 2), 6: np.rot90(samples, -1),
                  7: samples[::-1, ::-1].transpose(1, 0, 2), 8: np.rot90(samples)}[orientation]  # fmt: skip
        keep(f"orientation_{orientation}.tif", tiff(samples, 8, 2, tags=[(274, (3, [orientation]))]), turned)


def silent_alpha(keep):
    """A sample more than there are colours, and no ExtraSamples. Pillow takes it for alpha where the colours are RGB. One
    that is zero all over was meant for none."""
    rng = np.random.default_rng(10)
    for name, photometric, n, options in [
        ("rgb_8bit", 2, 4, {}), ("rgb_16bit", 2, 4, {"order": ">"}), ("rgb_8bit_planes", 2, 4, {"planes": True}),
        ("rgb_8bit_tiles", 2, 4, {"tile": (16, 16)}), ("grey_8bit", 1, 2, {}), ("cmyk_8bit", 5, 5, {}),
    ]:  # fmt: skip
        bits = 16 if "16bit" in name else 8
        samples = rng.integers(0, 2**bits, (19, 21, n))
        rgb = tiff_rgb(samples[..., : n - 1], bits, photometric, None, None)
        alpha = to_bytes(samples, bits)[..., n - 1 :]
        data = tiff(samples, bits, photometric, **options)
        if photometric == 2 and options.get("order") is None and not options.get("planes"):
            near_pillow(data, over_white(rgb, alpha), 0)
        keep(f"silent_alpha_{name}.tif", data, over_white(rgb, alpha))
        samples[..., n - 1] = 0
        keep(f"silent_zeros_{name}.tif", tiff(samples, bits, photometric, **options), rgb)
    samples = rng.integers(0, 256, (5, 8, 3))
    packet = b'<x:xmpmeta><rdf:Description tiff:Orientation="8"/></x:xmpmeta>'
    keep("orientation_xmp_8.tif", tiff(samples, 8, 2, tags=[(700, (1, list(packet)))]), np.rot90(samples))
    both = [(274, (3, [1])), (700, (1, list(packet)))]
    keep("orientation_1_xmp_8.tif", tiff(samples, 8, 2, tags=both), samples)


def lab_pixels(lab):
    """sRGB of float L*, a*, b*: CIE's formulas under D50, ICC's matrix of sRGB's primaries under D50, sRGB's curve."""
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], -1)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * [0.9642, 1, 0.8249]
    primaries = np.array([[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169],
                          [0.0139322, 0.0971045, 0.7141733]])  # fmt: skip
    linear = xyz @ np.linalg.inv(primaries).T
    return np.clip(np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 0) ** (1 / 2.4) - 0.055), 0, 1) * 255


def near_lcms(samples, rgb):
    """What littleCMS gives of the same bytes, without the coarse tables that it makes by default."""
    picture = Image.fromarray(np.ascontiguousarray(samples).astype(np.uint8), "LAB")
    exact = ImageCms.FLAGS["NOTPRECALC"]
    change = ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB", 0, exact)
    assert np.abs(np.asarray(ImageCms.applyTransform(picture, change)).astype(int) - rgb).max() <= 1


def labs(keep):
    rng = np.random.default_rng(11)
    y, x = np.mgrid[0:19, 0:21]
    samples = np.stack([x * 255 // 20, rng.integers(-20, 21, x.shape), rng.integers(-20, 21, x.shape)], -1)
    samples[0, :2] = [[255, 0, 0], [0, 0, 0]]
    exact = lab_pixels(samples * [100 / 255, 1, 1])
    samples %= 256  # a* and b* are signed bytes
    away = np.abs(exact - np.floor(exact) - 0.5) < 0.01  # a matrix of seven digits may round the other way
    assert not away[0, :2].any()
    samples[away.any(-1)] = [255, 0, 0]
    exact[away.any(-1)] = 255
    rgb = np.rint(exact).astype(int)
    assert (rgb[0, 0] == 255).all() and (rgb[0, 1] == 0).all()
    near_lcms(samples, rgb)
    icc = samples ^ [0, 128, 128]
    wide = samples * [257, 256, 256]
    alpha = rng.integers(0, 256, (19, 21, 1))
    both = np.concatenate([samples, alpha], -1)
    for name, values, bits, photometric, options in [
        ("8bit", samples, 8, 8, {}), ("8bit_tiles_planes", samples, 8, 8, {"tile": (16, 16), "planes": True}),
        ("16bit", wide, 16, 8, {}), ("16bit_planes", wide, 16, 8, {"order": ">", "planes": True}),
        ("icc_8bit", icc, 8, 9, {}), ("icc_16bit", icc * [257, 256, 256], 16, 9, {}),
        ("signed_8bit", samples, 8, 8, {"tags": [(339, (3, [2, 2, 2]))]}),
    ]:  # fmt: skip
        keep(f"lab_{name}.tif", tiff(values, bits, photometric, **options), rgb)
    for name, options in [("8bit", {}), ("8bit_planes", {"planes": True})]:
        keep(f"lab_alpha_{name}.tif", tiff(both, 8, 8, extra=2, **options), over_white(rgb, alpha))


def colours_are_plain(name):
    """Pillow rounds twice where colours are premultiplied."""
    return name != "associated"


def saved_tiffs(keep):
    """Written by Pillow, with libtiff's compressions, and read by it."""
    bilevel = picture_of(1).convert("1")
    for name, picture, compression in [
        ("packbits", picture_of(3), "packbits"), ("lzw", picture_of(4), "tiff_lzw"), ("group3", bilevel, "group3"),
        ("deflate", picture_of(3), "tiff_adobe_deflate"), ("group4", bilevel, "group4"), ("raw", bilevel, None),
        ("jpeg", picture_of(3), "jpeg"), ("jpeg_grey", picture_of(1), "jpeg"),
        ("jpeg_ycbcr", picture_of(3).convert("YCbCr"), "jpeg"), ("ycbcr", picture_of(3).convert("YCbCr"), "tiff_lzw"),
        ("palette", palette_picture(100), "tiff_lzw"), ("cmyk", picture_of(3).convert("CMYK"), "tiff_lzw"),
    ]:  # fmt: skip
        data = save(picture, "TIFF", compression=compression)
        keep(f"saved_{name}.tif", data, pillow_pixels(data))


def write(keep):
    made_tiffs(keep)
    saved_tiffs(keep)
    silent_alpha(keep)
    labs(keep)
