"""Reads a feature file and a model file with h5py, and runs the example of the README on it.

usage: store_h5py.py MPIEXEC STORE_SAMPLE README_MD
"""

import ctypes
import ctypes.util
import os
import re
import struct
import subprocess
import sys
import tempfile

import h5py
import numpy as np
import pandas

ROWS = 23


def load_xxh3():
    """XXH3-64 of bytes, from the shared library: Python has none of its own."""
    library = ctypes.CDLL(ctypes.util.find_library("xxhash") or "libxxhash.so.0")
    library.XXH3_64bits.restype = ctypes.c_uint64
    library.XXH3_64bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    return lambda data: library.XXH3_64bits(data, len(data))


def failed(row):
    return row % 7 == 3


def expected_path(row):
    return "shoes/" + "x" * (row % 5) + str(row) + "_\u00fc.jpg"


def check_features(path):
    with h5py.File(path, "r") as f:
        assert f.attrs["format"] == b"pool3 features", f.attrs["format"]
        assert f.attrs["format_version"] == 1 and f.attrs["complete"] == 1 and f.attrs["block_rows"] == 4
        assert f.attrs["root"].decode() == "/data/shop" and f.attrs["precision"] == b"fp32"
        assert f["features"].dtype == np.dtype("<f4") and f["features"].shape == (ROWS, 2048)
        assert f["features"].chunks is None
        grid = np.sin(np.arange(ROWS * 2048, dtype=np.float64)).reshape(ROWS, 2048)
        grid[[r for r in range(ROWS) if failed(r)]] = 0
        np.testing.assert_allclose(f["features"][:], grid.astype(np.float32), rtol=0, atol=1e-6)
        assert f["labels"][:].tolist() == [r % 4 - 1 for r in range(ROWS)]
        assert [c.decode() for c in f["classes"][:]] == ["baby_shoe", "caf\u00e9", "handbag"]
        assert f["classes"].asstr()[1] == "caf\u00e9"
        assert list(f["paths"].asstr()[:]) == [expected_path(r) for r in range(ROWS)]
        names = h5py.check_enum_dtype(f["status"].dtype)
        assert names["done"] == 1 and names["corrupt"] == 5 and names["missing"] == 8 and len(names) == 9, names
        assert f["status"][:].tolist() == [5 if failed(r) else 1 for r in range(ROWS)]
        assert f["keys"][1] == b"%016x%016x" % (0x0123456789ABCDEF ^ 1, 0xF000000000000001)
        assert f["checksums"].dtype == np.dtype("<u8") and f["checksums"].shape == (6,)
        table = f["failures"][:]
        assert table["row"].tolist() == [r for r in range(ROWS) if failed(r)]
        assert [p.decode() for p in table["path"]] == [expected_path(r) for r in table["row"]]
        assert table["stage"][0] == b"decode" and table["code"][0] == b"corrupt"
        assert table["message"][1] == b"bad Huffman code in row 10"


def check_dimensions(path):
    """The dimensions have names, the paths are the scale of the rows, and h5ls and pandas show it so."""
    with h5py.File(path, "r") as f:
        assert [d.label for d in f["features"].dims] == ["row", "feature"]
        for name in ("features", "labels", "keys", "status"):
            dimension = f[name].dims[0]
            assert dimension.label == "row" and list(dimension.keys()) == ["path"], name
            assert dimension[0].name == "/paths", name
        assert f["paths"].attrs["CLASS"] == b"DIMENSION_SCALE" and f["classes"].dims[0].label == "class"
        labels = f["labels"]
        table = pandas.DataFrame({"label": labels[:], "status": f["status"][:]},
                                 index=pandas.Index(labels.dims[0][0].asstr()[:], name=labels.dims[0].label))
        assert table.loc[expected_path(5), "label"] == 5 % 4 - 1
        failures = pandas.DataFrame(f["failures"][:])
        assert failures.columns.tolist() == ["row", "path", "stage", "code", "message"] and len(failures) == 3
    listed = subprocess.run(["h5ls", "-v", path], check=True, capture_output=True, text=True).stdout
    for text in ("features", "{23/23, 2048/2048}", "native float", "DIMENSION_LABELS", "DIMENSION_LIST", "enum native"):
        assert text in listed, f"{text} not in\n{listed}"


def check_checksums(path, xxh3):
    """Block and table checksums are what docs/format.md says."""
    with h5py.File(path, "r") as f:
        for block in range(6):
            rows = slice(4 * block, 4 * block + 4)
            stored = b"".join(f[name][rows].tobytes() for name in ("features", "keys", "status"))
            assert xxh3(stored) == f["checksums"][block], block
        for name in ("labels", "classes", "paths", "keys", "status", "checksums", "failures"):
            assert xxh3(f[name][:].tobytes()) == f.attrs["xxh3_" + name], name


def check_seal(path, kind, tables, xxh3):
    """The seal is what docs/format.md says."""
    with open(path, "rb") as raw:
        data = raw.read()
    assert data[:32] == kind.ljust(32, b"\0")
    version, size, count = struct.unpack_from("<3q", data, 32)
    assert version == 1 and size == len(data)
    extents = [struct.unpack_from("<2q", data, 56 + 16 * i) for i in range(count)]
    with h5py.File(path, "r") as f:
        assert extents == sorted((f[t].id.get_offset(), f[t].nbytes) for t in tables), extents
    rest, at = data[:504], 512
    for offset, length in extents:
        rest, at = rest + data[at:offset], offset + length
    assert xxh3(rest + data[at:]) == struct.unpack_from("<Q", data, 504)[0]


def check_model(path):
    with h5py.File(path, "r") as f:
        assert f.attrs["format"] == b"pool3 model" and f.attrs["loss"] == b"l2"
        assert f.attrs["features_profile"] == b"nsfwjs" and f.attrs["seed"] == 42
        assert f["coef"].shape == (3, 2048) and f["coef"].dtype == np.dtype("<f8")
        assert f["coef"][2, 5] == (2 * 2048 + 5) / 4
        assert f["intercept"][:].tolist() == [0.5, 1.5, 2.5]
        assert f["sigmoid_a"].shape == (0,)
        assert f["classes"].asstr()[1] == "caf\u00e9"


def check_example(folder, document):
    """Runs the first Python block of the document where features.h5 is the sample."""
    with open(document, encoding="utf-8") as text:
        code = re.search(r"```python\n(.*?)```", text.read(), re.S).group(1)
    os.rename(folder + "/f.h5", folder + "/features.h5")
    os.chdir(folder)
    names = {}
    exec(code, names)
    keep = [r for r in range(ROWS) if not failed(r)]
    assert names["features"].shape == (len(keep), 2048)
    assert names["labels"].tolist() == [r % 4 - 1 for r in keep]
    assert list(names["classes"]) == ["baby_shoe", "caf\u00e9", "handbag"]
    assert list(names["paths"]) == [expected_path(r) for r in keep]


def main():
    mpiexec, sample, document = sys.argv[1:4]
    document = os.path.abspath(document)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([mpiexec, "--oversubscribe", "-n", "2", sample, folder], check=True)
        check_features(folder + "/f.h5")
        check_dimensions(folder + "/f.h5")
        xxh3 = load_xxh3()
        tables = ("features", "labels", "classes", "paths", "keys", "status", "checksums", "failures")
        check_checksums(folder + "/f.h5", xxh3)
        check_seal(folder + "/f.h5", b"pool3 features", tables, xxh3)
        check_seal(folder + "/m.h5", b"pool3 model", (), xxh3)
        check_model(folder + "/m.h5")
        check_example(folder, document)
        os.chdir("/")
    print("ok")


main()
