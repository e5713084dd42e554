"""Turns a feature file into one as pool3 wrote it before the status `missing` had a name."""

import pathlib
import shutil
import struct
import sys

import h5py

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from reseal import xxh3  # noqa: E402

NAMES = ["pending", "done", "unreadable", "empty", "unknown_format", "corrupt", "too_large", "network_failed"]
SEALED = 504  # bytes of the seal before its checksum
TABLES = ("features", "labels", "classes", "paths", "keys", "status", "checksums", "failures")


def seal(path):
    """Seals the file as docs/format.md says."""
    with h5py.File(path, "r") as f:
        extents = sorted((f[t].id.get_offset(), f[t].id.get_storage_size()) for t in TABLES if f[t].size)
    data = path.read_bytes()
    front = data[:40] + struct.pack("<2q", len(data), len(extents))
    front += b"".join(struct.pack("<2q", *extent) for extent in extents)
    front = front.ljust(SEALED, b"\0")
    rest, at = front, 512
    for offset, length in extents:
        rest, at = rest + data[at:offset], offset + length
    path.write_bytes(front + struct.pack("<Q", xxh3(rest + data[at:])) + data[512:])


def make_older(source, target):
    shutil.copyfile(source, target)
    with h5py.File(target, "r+") as f:
        status = f["status"][:]
        del f["status"]
        older = h5py.enum_dtype({name: value for value, name in enumerate(NAMES)}, basetype="u1")
        f.create_dataset("status", data=status, dtype=older)
    seal(target)
