"""Turns files into ones as pool3 wrote them before: without a name for the status `missing`, with a shorter profile."""

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


def seal(path, tables=TABLES):
    """Seals the file as docs/format.md says. `tables`: those whose data the seal leaves to other checksums."""
    with h5py.File(path, "r") as f:
        extents = sorted((f[t].id.get_offset(), f[t].id.get_storage_size()) for t in tables if f[t].size)
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


def shorten_profile(path, attribute, tables=TABLES):
    """Before orientation and limit of pixels stood in the profile, only the flags of the configuration told them."""
    with h5py.File(path, "r+") as f:
        value = f.attrs[attribute]
        text = value.decode() if isinstance(value, bytes) else value
        words = [w for w in text.split(", ") if not w.startswith(("ignore-orientation", "max-pixels"))]
        shorter = ", ".join(words).encode()
        f.attrs.create(attribute, shorter, dtype=h5py.string_dtype("utf-8", len(shorter)))
    seal(path, tables)
