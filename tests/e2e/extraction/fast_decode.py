"""--fast-decode gives the features of the JPEG that Pillow shrinks in the codec, a file says so, and predict follows."""

import h5py
import pathlib
import sys
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402


def shrunk(path, side):
    """Pillow's draft mode: the same codec at 1/2, 1/4 or 1/8."""
    picture = Image.open(path)
    w, h = picture.size
    scale = max(s for s in (1, 2, 4, 8) if -(-min(w, h) // s) >= side)
    picture.draft("RGB", (w // scale, h // scale))
    return picture.convert("RGB"), scale


def write_pictures(folder, expected):
    """Two classes; sides on both sides of what may be halved."""
    scales = []
    for label, count in (("animals", 6), ("tools", 6)):
        (folder / label).mkdir(parents=True)
        (expected / label).mkdir(parents=True)
        for i, file in enumerate(support.choose_pictures(label, count)):
            size = [(596, 700), (600, 598), (1500, 1196)][i % 3]
            path = folder / label / f"{i}.jpg"
            Image.open(file).convert("RGB").resize(size).save(path, quality=90)
            picture, scale = shrunk(path, 299)
            picture.save(expected / label / f"{i}.png")
            scales.append(scale)
    return scales


def features(path):
    with h5py.File(path) as f:
        return f["features"][:]


def main():
    check, pool3, folder = support.start_test(__doc__)
    scales = write_pictures(folder / "jpeg", folder / "shrunk")
    check(sorted(set(scales)) == [1, 2, 4], "pictures at the whole, half and quarter of their size")
    whole, fast, png = folder / "whole.h5", folder / "fast.h5", folder / "png.h5"
    pool3.extract(folder / "jpeg", whole)
    pool3.extract(folder / "jpeg", fast, "--fast-decode")
    pool3.extract(folder / "shrunk", png)
    check((features(fast) == features(png)).all(), "features are those of Pillow's shrunk pictures")
    same = (features(fast) == features(whole)).all(axis=1)
    check(list(same) == [s == 1 for s in scales], "only shrunk pictures have other features")
    check("nsfwjs, fast-decode" in pool3("inspect", fast).out, "the file says how its pictures were decoded")
    model = folder / "model.h5"
    pool3("train", "--features", fast, "--out", model, "--test-fraction", 0)
    lines = []
    for picture in (folder / "jpeg" / "tools" / "2.jpg", folder / "shrunk" / "tools" / "2.png"):
        line = pool3("predict", "--model", model, "--weights", pool3.weights, picture).out
        lines.append(line.replace(str(picture), ""))
    check(lines[0] == lines[1], "predict decodes as the model's pictures were decoded")
    check.finish()


if __name__ == "__main__":
    main()
