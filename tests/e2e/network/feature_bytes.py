"""The bytes of a small corpus's features, on 1, 2 and 4 ranks, are those that tests/data/feature_hashes.json has.

A run takes one kind of kernels. What can't run here, or has no hash yet, is skipped. fp32 and int8 have one hash each for
all instructions, since they promise the same bits; int8's weights are calibrated on this very CPU. LibTorch's results depend on its version, so it has none.

--record writes what this program gives into the file. Do that on a machine that has the instructions, with a pool3 whose
features are the right ones.
"""

import argparse
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import h5py
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[3]
IMAGES = ROOT / "tests/data/images"
HASHES = ROOT / "tests/data/feature_hashes.json"
SKIPPED = 77
# What a hash is called: the precision, and the instructions that give these bytes
KINDS = {
    "fp32": ("fp32", ("avx2", "avx512")),
    "bf16_avx512": ("bf16", ("avx512_bf16",)),
    "bf16_amx": ("bf16", ("amx",)),
    "int8": ("int8", ("avx2_vnni", "avx512_vnni", "amx")),
}
# All codecs, and what they have ways of their own for.
PICTURES = """
    1bit.bmp 16bit_555.bmp 24bit.bmp 32bit_alpha_v4.bmp 8bit_runs.bmp
    animated.gif interlaced.gif palette.gif transparent.gif
    baseline_420.jpg cmyk_adobe.jpg exif_6.jpg grey.jpg progressive.jpg shrink_420.jpg ycck.jpg
    type0_16bit.png type2_8bit.png type2_8bit_trns.png type3_4bit_adam7.png type4_8bit.png type6_16bit_adam7.png
    alpha_associated_8bit.tif cmyk_8bit_strips.tif grey_16bit_tiles.tif rgb_8bit_planes.tif saved_jpeg_ycbcr.tif saved_lzw.tif
    exif_6.webp lossless_alpha.webp lossy.webp
""".split()
TABLES = ("paths", "labels", "keys", "status")


def made_picture(width, height, seed):
    """A BMP file of waves and noise, in whole numbers."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    noise = (x * 7919 + y * 104729 + (c + seed) * 1299709) ** 2 // 64 % 61
    pixels = ((x * (seed + 1 + c) // 3) % 195 * (y % (97 + seed)) // 97 + noise).astype("u1")
    rows = np.zeros((height, (width * 3 + 3) // 4 * 4), "u1")
    rows[:, : width * 3] = pixels.reshape(height, -1)
    numbers = lambda *parts: b"".join(value.to_bytes(size, "little") for value, size in parts)  # noqa: E731
    info = numbers((40, 4), (width, 4), (height, 4), (1, 2), (24, 2), (0, 4), (rows.size, 4), (2835, 4), (2835, 4), (0, 8))
    return b"BM" + numbers((54 + rows.size, 4), (0, 4), (54, 4)) + info + rows.tobytes()


def make_corpus(root):
    """Folders by the kind of file; some pictures larger than the network's input, a copy, and three that fail."""
    for name in PICTURES:
        place = root / name.split(".")[1]
        place.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(IMAGES / name, place / name)
    (root / "made").mkdir()
    for seed, (width, height) in enumerate([(640, 480), (301, 997), (1024, 300)]):
        (root / "made" / f"{seed}.bmp").write_bytes(made_picture(width, height, seed))
    shutil.copyfile(IMAGES / "progressive.jpg", root / "made/copy.jpg")
    (root / "made/cut.png").write_bytes((IMAGES / "type2_8bit.png").read_bytes()[:70])
    (root / "made/empty.png").write_bytes(b"")
    (root / "made/text.png").write_text("no picture\n")


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def weights_hash(path):
    """Of the numbers in a safetensors file; what the header tells of them may change."""
    data = path.read_bytes()
    return sha256(data[8 + int.from_bytes(data[:8], "little") :])


def hashes(path):
    """Of datasets, not of the file, whose attributes hold its date and place. Strings have a zero byte behind them."""
    with h5py.File(path) as f:
        return {name: sha256(b"".join(s + b"\0" for s in f[name][:]) if f[name].dtype.kind in "OS" else f[name][:].tobytes())
                for name in ("features", *TABLES)}


class Kernels:
    """The network on instructions of one's choice, without MPI and HDF5."""

    def __init__(self, args, folder):
        self.args, self.folder = args, folder

    def instructions(self):
        """What this CPU has, the best one last."""
        return subprocess.run([self.args.dump, "instructions"], check=True, capture_output=True, text=True).stdout.split()

    def features(self, path, weights, precision, instructions, batch):
        """The rows of a feature file, computed anew."""
        f = support.Features(path)
        done, root = np.flatnonzero(f.status == support.DONE), pathlib.Path(f.attributes["root"])
        inputs, out = self.folder / "in.f32", self.folder / "out.f32"
        subprocess.run([self.args.inputs, f.attributes["profile"], inputs, *(root / f.paths[r] for r in done)], check=True)
        subprocess.run([self.args.dump, weights, inputs, str(len(done)), out, precision, str(batch), instructions], check=True)
        rows = np.zeros_like(f.features)
        rows[done] = np.fromfile(out, "<f4").reshape(len(done), -1)
        return rows


def extract(check, pool3, folder, weights, precision, ranks):
    out = folder / f"{ranks}.h5"
    pool3("extract", "--corpus", folder / "corpus", "--labels", "directory", "--weights", weights, "--out", out,
          "--precision", precision, "--batch", 4, ranks=ranks, code=3)
    check(support.Features(out).attributes["precision"] == precision, f"{ranks} ranks give {precision} features")
    return out


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def usable(args, had):
    """The instructions of this kind that this CPU has."""
    mine = [i for i in KINDS[args.kind][1] if i in had]
    return mine or skip(f"this CPU has {had[-1]}; {args.kind} needs {KINDS[args.kind][1][0]}")


def recorded(args):
    known = json.loads(HASHES.read_text()) if HASHES.exists() else {"features": {}}
    if not args.record and args.kind not in known["features"]:
        skip(f"no hash of {args.kind} is recorded; do it on a machine that has it: {pathlib.Path(__file__).name} {args.kind} --record")
    return known


def record(known, kind, features, rest):
    known.update(rest)
    known["features"][kind] = features
    HASHES.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")


def run(args, check, pool3, folder):
    precision = KINDS[args.kind][0]
    kernels = Kernels(args, folder)
    had = kernels.instructions()
    instructions, known = usable(args, had), recorded(args)
    make_corpus(folder / "corpus")
    weights = pool3.weights
    if precision == "int8":
        weights = folder / "int8.safetensors"
        pool3("convert", "--weights", pool3.weights, "--out", weights, "--calibrate", folder / "corpus")
        calibrated = weights_hash(weights)
        if args.record:
            known["calibrated_weights"] = calibrated
        check(calibrated == known["calibrated_weights"], "the calibrated weights are those of other CPUs")
    found = {}
    files = {f"{ranks} ranks": extract(check, pool3, folder, weights, precision, ranks) for ranks in (1, 2, 4)}
    tables = {where: hashes(path) for where, path in files.items()}
    # pool3 takes the best instructions that there are; those are not of this kind where the CPU has better ones.
    if precision != "bf16" or had[-1] in instructions:
        found.update({where: table["features"] for where, table in tables.items()})
    for one in instructions:
        rows = kernels.features(files["1 ranks"], weights, precision, one, 16)
        found[f"{one} kernels by themselves"] = sha256(rows.tobytes())
    rest = {name: tables["1 ranks"][name] for name in TABLES}
    rest["weights"] = weights_hash(pool3.weights)
    if args.record:
        record(known, args.kind, next(iter(found.values())), rest)
    check(rest["weights"] == known["weights"], "these are the default weights, as scripts/setup weights makes them")
    for where, table in tables.items():
        for name in TABLES:
            check(table[name] == known[name], f"{where}: {name} {table[name][:16]}, recorded {known[name][:16]}")
    expected = known["features"][args.kind]
    for where, features in found.items():
        check(features == expected, f"{where}: features {features[:16]}, recorded {expected[:16]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--pool3", required=True, help="the program")
    parser.add_argument("--weights", required=True, help="the default weights")
    parser.add_argument("--dump", required=True, help="the program pool3_network_dump")
    parser.add_argument("--inputs", required=True, help="the program pool3_profiles_dump")
    parser.add_argument("--record", action="store_true")
    args = parser.parse_args()
    check = support.Checks()
    pool3 = support.Pool3(pathlib.Path(args.pool3).absolute(), pathlib.Path(args.weights).absolute(), check)
    if not pool3.weights.is_file():
        sys.exit(f"FAILED: there are no weights at {pool3.weights}; make them with: scripts/setup weights")
    with tempfile.TemporaryDirectory(prefix="pool3-e2e-") as folder:
        run(args, check, pool3, pathlib.Path(folder))
    check.finish()


if __name__ == "__main__":
    main()
