"""Files of pool3 with other bytes, and right checksums all the same: what docs/format.md says, written a second time.

    file = Sealed(path)          # features, a model or a link
    file.put("labels", 3, 99)    # as numpy would assign it
    file.put_attribute("block_rows", 7)
    file.save(out)
"""

import ctypes
import ctypes.util
import struct

import h5py
import numpy as np

SEAL = 512  # bytes of the seal, the last 8 of which are its checksum
EXTENTS = 56  # where its extents are: 16 pairs of int64
KEY = 32


def xxh3(data):
    library = ctypes.CDLL(ctypes.util.find_library("xxhash") or "libxxhash.so.0")
    library.XXH3_64bits.restype = ctypes.c_uint64
    library.XXH3_64bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    data = bytes(data)
    return library.XXH3_64bits(data, len(data))


def extents_of(data):
    """The extents that the seal names, or None if they can't be."""
    count = struct.unpack_from("<q", data, 48)[0]
    if not 0 <= count <= 16:
        return None
    extents, at = [struct.unpack_from("<2q", data, EXTENTS + 16 * i) for i in range(count)], SEAL
    for offset, length in extents:
        if offset < at or length < 0 or offset + length > len(data):
            return None
        at = offset + length
    return extents


def reseal(data):
    """`data`, a bytearray, gets the length and the checksum that fit it."""
    extents = extents_of(data)
    if extents is None:
        struct.pack_into("<q", data, 48, 0)
        extents = []
    struct.pack_into("<q", data, 40, len(data))
    covered, at = bytes(data[: SEAL - 8]), SEAL
    for offset, length in extents:
        covered, at = covered + data[at:offset], offset + length
    struct.pack_into("<Q", data, SEAL - 8, xxh3(covered + data[at:]))


class Table:
    def __init__(self, dataset):
        self.shape, self.dtype = dataset.shape, dataset.dtype
        self.offset, self.size = dataset.id.get_offset() or 0, dataset.id.get_storage_size()
        if dataset.size and dataset.id.get_offset() is None:
            self.size = 0  # not in one piece, as in a link


class Sealed:
    """A file in memory, and where things are in it."""

    def __init__(self, path):
        self.data = bytearray(path.read_bytes())
        with h5py.File(path, "r") as f:
            self.tables = {}
            f.visititems(lambda name, found: self.tables.update({name: Table(found)} if isinstance(found, h5py.Dataset) else {}))
            self.attributes = {name: self._place(f, name) for name in f.attrs
                               if getattr(f.attrs[name], "dtype", np.dtype("S1")).kind in "iuf"}
            self.block_rows = int(f.attrs.get("block_rows", 0))
            self.has_blocks = "checksums" in f

    def _place(self, file, name):
        """Offset and type of a number among the root's attributes: behind its name in the header."""
        value = np.asarray(file.attrs[name])
        at = self.data.find(name.encode() + b"\0")
        while at >= 0:
            found = self.data.find(value.tobytes(), at, at + len(name) + 120)
            if found >= 0:
                return found, value.dtype
            at = self.data.find(name.encode() + b"\0", at + 1)
        raise AssertionError(f"attribute {name} is not there")

    def rows(self, name):
        table = self.tables[name]
        return np.frombuffer(self.data, table.dtype, int(np.prod(table.shape)), table.offset).reshape(table.shape).copy()

    def put(self, name, where, value):
        values = self.rows(name)
        values[where] = value
        table = self.tables[name]
        self.data[table.offset : table.offset + table.size] = values.tobytes()
        return self

    def put_attribute(self, name, value):
        at, dtype = self.attributes[name]
        self.data[at : at + dtype.itemsize] = np.asarray(value, dtype).tobytes()
        return self

    def _bytes(self, name, begin=None, end=None):
        table = self.tables[name]
        row = table.size // max(1, table.shape[0])
        begin, end = begin or 0, table.shape[0] if end is None else end
        return self.data[table.offset + begin * row : table.offset + end * row]

    def fix_checksums(self):
        if self.has_blocks:
            rows = self.tables["features"].shape[0]
            sums = []
            for begin in range(0, rows, self.block_rows):
                end = min(begin + self.block_rows, rows)
                sums.append(xxh3(b"".join(self._bytes(name, begin, end) for name in ("features", "keys", "status"))))
            self.put("checksums", slice(None), np.array(sums, "<u8"))
        for name in self.tables:
            if f"xxh3_{name}" in self.attributes:
                self.put_attribute(f"xxh3_{name}", xxh3(self._bytes(name)))

    def save(self, path):
        self.fix_checksums()
        reseal(self.data)
        path.write_bytes(self.data)
        return path
