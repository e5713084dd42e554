"""The emoji pictures that scripts/setup emoji brings, with their subcategories as classes."""

import csv
import json

from shared.peers import ROOT

SETS = ("apple", "google")


def manifest(name, path, most=0, skin_tones=True):
    """Writes path and subcategory of each picture of a set. The number of pictures, and of classes."""
    folder = ROOT / "work/bench/emoji" / name
    rows = []
    for emoji in json.loads((folder / "emoji.json").read_text()):
        tones = emoji.get("skin_variations", {}).values() if skin_tones else ()
        for variant in (emoji, *tones):
            picture = folder / "img" / name / "64" / variant["image"]
            if variant[f"has_img_{name}"] and picture.is_file():
                rows.append((str(picture), emoji["subcategory"]))
    rows = rows[:: max(1, len(rows) // most)] if most else rows
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label"])
        writer.writerows(rows)
    return len(rows), len({label for _, label in rows})
