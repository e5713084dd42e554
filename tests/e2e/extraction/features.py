"""Makes the feature file that the other tests train on: real pictures, named by a manifest with labels."""

import csv
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402

LABELS = {
    "animals": "animals",
    "buildings": "buildings",
    "food": 'food, "drinks"',  # the manifest quotes it
    "geography": "flags and maps",
    "people": "people",
    "plants": "Bl\u00e4tter",
    "tools": "tools",
    "transportation": "transportation",
}
COUNT = 50


def write_manifest(path):
    """Rows of the manifest; each class's first picture, and two rows that are not for training."""
    rows = [(str(p), label) for folder, label in LABELS.items() for p in support.choose_pictures(folder, COUNT)]
    rows.append((str(support.choose_pictures("special", 1)[0]), ""))
    rows.append((str(path.parent / "missing.png"), "animals"))
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label"])
        writer.writerows(rows)
    return rows


def main():
    check, pool3, folder = support.start_test(__doc__)
    out = folder / "features.h5"
    if out.exists() and out.stat().st_mtime < pool3.program.stat().st_mtime:
        out.unlink()  # made by another pool3
    rows = write_manifest(folder / "manifest.csv")
    result = pool3.extract(folder / "manifest.csv", out, "--labels", "column", ranks=2, code=3)
    print(result.err)
    f = support.Features(out)
    expected = {path: label for path, label in rows}
    check(f.paths == sorted(expected, key=str.encode), "paths are those of the manifest, in byte order")
    names = [f.classes[k] if k >= 0 else "" for k in f.labels]
    check(names == [expected[p] for p in f.paths], "labels are those of the manifest")
    check(f.classes == sorted(LABELS.values()), "classes are in byte order")
    check([x["path"].decode() for x in f.failures] == [str(folder / "missing.png")], "the missing picture has failed")
    check.finish()


if __name__ == "__main__":
    main()
