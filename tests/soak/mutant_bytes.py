"""How `mutants_files` damages a file: one under a seal, JSON, and any other."""

import copy
import json
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from reseal import EXTENTS, SEAL, Sealed, reseal  # noqa: E402

NUMBERS = [0, 1, 2, 3, 7, 8, 255, 256, 65535, 1 << 31, (1 << 32) - 1, 1 << 33, 1 << 62, (1 << 63) - 1, (1 << 64) - 1]
WORDS = ["-1", "9223372036854775807", "18446744073709551616", "1e308", "1e999", "nan", "-inf", "0x10", "", "\x00", '"', ",", ":",
         "\n", "\r", " ", "\x1b[31m", "\u202e", "\xff", "a" * 300, "[" * 300, "1:1" * 50, "{", "}"]  # fmt: skip
VALUES = [None, True, -1, 0, 1, 0.5, -0.5, 1e308, 1 << 31, (1 << 63) - 1, -(1 << 63), 1 << 64, "", "a\n\x1b", [], {}, [[]], [-1, 1e9]]
DEEP = 200_000  # brackets in each other


def number_at(data, at, chance):
    size = chance.choice([1, 2, 4, 8])
    value = chance.choice([*NUMBERS, len(data), chance.getrandbits(64)]) & ((1 << (8 * size)) - 1)
    data[at : at + size] = value.to_bytes(size, "little")


class SealedSeed:
    """After the damage every checksum is made right again."""

    def __init__(self, path):
        self.sealed = Sealed(path)
        self.whole = bytes(self.sealed.data)
        tables = [(t.offset, t.offset + t.size) for t in self.sealed.tables.values() if t.size]
        self.table = [at for begin, end in tables for at in range(begin, end)]
        inside = set(self.table)
        self.structure = [at for at in range(SEAL, len(self.whole)) if at not in inside]

    def mutant(self, chance):
        """What was done, and its bytes."""
        self.sealed.data = data = bytearray(self.whole)
        how = chance.choice(["structure", "structure", "structure", "numbers", "numbers", "table", "seal", "cut"])
        for _ in range(chance.choice([1, 1, 1, 2, 4])):
            if how == "structure":
                data[chance.choice(self.structure)] ^= 1 << chance.randrange(8)
            elif how == "numbers":
                number_at(data, chance.choice(self.structure) & ~1, chance)
            elif how == "table" and self.table:
                at = chance.choice(self.table)
                data[at] = chance.choice([data[at] ^ (1 << chance.randrange(8)), 0xFF, 0x7F, 0])
            elif how == "seal":
                number_at(data, chance.randrange(48, EXTENTS + 16 * 8) & ~7, chance)
        if how == "cut":
            del data[chance.randrange(SEAL, len(data)) :]
        else:
            try:
                self.sealed.fix_checksums()
            except (IndexError, ValueError, struct.error):
                pass  # its tables are not where they were
        reseal(data)
        return how, data


def places_in(value, path=()):
    """The way to each value in JSON."""
    yield path
    for key, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places_in(part, (*path, key))


def put(root, path, value):
    if not path:
        return value
    at = root
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return root


class JsonSeed:
    """Other values, fewer, and some that lie deep."""

    def __init__(self, path):
        self.values = [json.loads(line) for line in path.read_text().splitlines()] if path.suffix == ".jsonl" else [
            json.loads(path.read_text())]  # fmt: skip
        self.bytes = BytesSeed(path)
        self.places = [list(places_in(value)) for value in self.values]

    def mutant(self, chance):
        if chance.random() < 0.2:
            return self.bytes.mutant(chance)
        values = copy.deepcopy(self.values)
        which = chance.randrange(len(values))
        how = chance.choice(["value", "value", "value", "less", "deep", "many"])
        for _ in range(chance.choice([1, 1, 2, 4])):
            place = chance.choice(self.places[which])
            try:
                if how == "less" and place:
                    at = values[which]
                    for key in place[:-1]:
                        at = at[key]
                    del at[place[-1]]
                else:
                    new = chance.choice(VALUES) if how == "value" else {"deep": "DEEP", "many": [0] * 3000}.get(how, {})
                    values[which] = put(values[which], place, copy.deepcopy(new))
            except (KeyError, IndexError, TypeError):
                pass  # it lay in what has changed
        text = "\n".join(json.dumps(value) for value in values) + "\n"
        return how, text.replace('"DEEP"', "[" * DEEP + "]" * DEEP).encode()


class BytesSeed:
    """Bits flipped, words and numbers put in or over, pieces left out or there twice, an end too early."""

    def __init__(self, path):
        self.whole = path.read_bytes()

    def mutant(self, chance):
        data = bytearray(self.whole)
        how = chance.choice(["flip", "flip", "number", "word", "word", "twice", "less", "cut"])
        for _ in range(chance.choice([1, 1, 2, 4])):
            at = chance.randrange(len(data))
            if how == "flip":
                data[at] ^= 1 << chance.randrange(8)
            elif how == "number":
                number_at(data, at, chance)
            elif how == "word":
                word = chance.choice(WORDS).encode("latin-1" if chance.random() < 0.5 else "utf-8", "replace")
                data[at : at + chance.choice([0, 0, 1, len(word)])] = word
            elif how == "twice":
                data[at:at] = data[at : at + chance.choice([1, 10, 100])] * chance.choice([1, 2, 20])
            elif how == "less" and len(data) > 1:
                del data[at : min(at + chance.choice([1, 2, 10, 100]), len(data) - 1 + (at > 0))]
        if how == "cut":
            del data[chance.randrange(len(data)) :]
        return how, data


def seed_of(kind, path):
    if kind in ("features", "link", "map", "index", "model", "rbf"):
        return SealedSeed(path)
    return JsonSeed(path) if path.suffix in (".json", ".jsonl") else BytesSeed(path)
