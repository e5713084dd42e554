"""`pool3 inspect-image`: its stages against hooks in torchvision's network, what it writes, and how it fails."""

import base64
import html.parser
import json
import pathlib
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree

import numpy as np
import torch
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402
from failing import FAILED, USAGE, Errors  # noqa: E402
from reference import Reference  # noqa: E402

LEAST_COSINE = 0.9999
# name: maps, side, pixels of the grid, maps in a row, pixels between maps
GRIDS = {"Conv2d_1a_3x3": (32, 149, (904, 904), 6, 2), "Conv2d_2a_3x3": (32, 147, (892, 892), 6, 2),
         "Mixed_5d": (288, 35, (611, 611), 17, 1), "Mixed_6e": (768, 17, (503, 503), 28, 1)}
NAME = 'a <b> & "c".png'


def reference_stages(weights, picture):
    """The network's input, and what torchvision's modules give for it."""
    network = Reference(weights)
    seen = {}
    network.net.register_forward_pre_hook(lambda module, inputs: seen.update(input=inputs[0].clone()))
    for name in GRIDS:
        module = getattr(network.net, name)
        module.register_forward_hook(lambda module, inputs, out, name=name: seen.update({name: out.clone()}))
    torch.set_num_threads(1)
    seen["pool_3"] = torch.from_numpy(network(picture)).reshape(1, 2048, 1, 1)
    return {name: x[0].numpy() for name, x in seen.items()}


def check_values(check, pool3, folder, expected):
    """The stages' own values, which a tool writes."""
    source, out = folder / "in.f32", folder / "out.f32"
    np.ascontiguousarray(expected["input"].transpose(1, 2, 0), "<f4").tofile(source)
    dump = pool3.program.parent / "tests/pool3_network_dump"
    for batch in ("1", "3"):
        told = subprocess.run([dump, pool3.weights, source, "stages", out, "fp32", batch], check=True,
                              capture_output=True, text=True).stdout
        shapes = [line.split() for line in told.splitlines()]
        check([s[0] for s in shapes] == [*GRIDS, "pool_3"], "the stages come in order")
        values, at = np.fromfile(out, "<f4"), 0
        for name, *shape in shapes:
            want = expected[name]
            check(tuple(map(int, shape)) == want.shape, f"{name} is {' x '.join(shape)}")
            got = values[at : at + want.size].astype(np.float64)
            at += want.size
            flat = want.ravel().astype(np.float64)
            cosine = got @ flat / np.linalg.norm(got) / np.linalg.norm(flat)
            ratio = np.linalg.norm(got) / np.linalg.norm(flat)
            check(cosine >= LEAST_COSINE and abs(ratio - 1) < 1e-4, f"{name}: cosine {cosine:.8f}, norms {ratio:.6f}")
        check(at == len(values), "and nothing else")


def check_grid(check, path, maps, columns, gap, size):
    grid = Image.open(path)
    check(grid.mode == "L" and grid.size == size, f"{path.name} is a grey picture of {grid.size}")
    pixels = np.asarray(grid).astype(int)
    side, most = maps.shape[1] + gap, maps.max()
    used, worst, compared = np.zeros(pixels.shape, bool), 0, 0
    for i, one in enumerate(maps.astype(np.float64)):
        y, x = i // columns * side, i % columns * side
        tile = pixels[y : y + one.shape[0], x : x + one.shape[1]]
        used[y : y + one.shape[0], x : x + one.shape[1]] = True
        extent = one.max() - one.min()
        if extent > 1e-3 * most:  # below this, rounding is magnified
            compared += 1
            worst = max(worst, np.abs(tile - (one - one.min()) / extent * 255).max())
    check(worst <= 1.5 and compared > len(maps) / 4, f"{path.name}: {compared} maps, largest difference {worst:.2f} levels")
    check(len(set(pixels[~used])) == 1, "one grey between the maps")


def check_chart(check, path, feature):
    root = xml.etree.ElementTree.parse(path).getroot()
    texts = [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")]
    check(f"pool_3 of {NAME}" in texts, "the chart's title names the picture")
    check({"0", "1024", "2048", "channel", "mean activation"} <= set(texts), "its axes have ticks and names")
    (bars,) = [p.get("d") for p in root.iter("{http://www.w3.org/2000/svg}path") if p.get("id") == "bars"]
    strokes = np.array([[float(n) for n in s] for s in re.findall(r"M([\d.]+) ([\d.]+)V([\d.]+)", bars)])
    check(strokes.shape == (2048, 3) and (np.diff(strokes[:, 0]) > 0).all(), "it has 2048 bars from left to right")
    heights = strokes[:, 1] - strokes[:, 2]
    check(np.abs(heights / heights.max() - feature / feature.max()).max() < 1e-3, "as high as the features")


class Images(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.sources, self.links, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("src", "href"):
                (self.sources if tag == "img" else self.links).append(value)

    def handle_data(self, data):
        self.text += data


def check_page(check, out):
    page = Images((out / "index.html").read_text(encoding="utf-8"))
    embedded = [base64.b64decode(s.split(",", 1)[1], validate=True) for s in page.sources if s.startswith("data:image/")]
    files = [(out / name).read_bytes() for name in ("input.png", *(f"{n}.png" for n in GRIDS), "pool_feature.svg")]
    check(embedded == files and len(page.sources) == 6 and not page.links, "the page holds all six pictures itself")
    check(NAME in page.text and "nsfwjs" in page.text, "and names the picture and the profile")
    config = json.loads(page.text[page.text.rindex("Configuration") + len("Configuration") :])
    check(config["command"] == "inspect-image" and "weights" in config, "and holds the configuration")


def check_errors(check, pool3, folder, picture):
    errors = Errors(check, pool3, folder, None)
    out = ["--weights", pool3.weights, "--out", folder / "never"]
    text, short = folder / "text.png", folder / "short.png"
    text.write_text("no picture\n")
    short.write_bytes(picture.read_bytes()[:2000])
    for path in (folder / "none.png", text, short, folder):
        errors(FAILED, path, "inspect-image", path, *out)
    missing = folder / "none.safetensors"
    errors(FAILED, missing, "inspect-image", picture, "--weights", missing, "--out", folder / "never")
    errors(USAGE, "--out", "inspect-image", picture, "--weights", pool3.weights)
    errors(USAGE, "no IMAGE given", "inspect-image", *out)
    errors(USAGE, "one IMAGE", "inspect-image", picture, picture, *out)
    check(not (folder / "never").exists(), "nothing was written")
    for place in ("/proc/x", text / "x", text):
        errors(FAILED, place, "inspect-image", picture, "--weights", pool3.weights, "--out", place)
    check(text.read_text() == "no picture\n", "a file in the folder's place is left alone")


def main():
    check, pool3, folder = support.start_test(__doc__)
    picture = folder / NAME
    shutil.copy(support.choose_pictures("animals", 1)[0], picture)
    expected = reference_stages(pool3.weights, picture)
    check_values(check, pool3, folder, expected)
    for ranks in (0, 2):
        out = folder / f"out{ranks}" / "deeper"
        result = pool3("inspect-image", picture, "--weights", pool3.weights, "--out", out, ranks=ranks)
        check(str(out / "index.html") in result.err, "the log names the page")
    out = folder / "out0/deeper"
    names = sorted(p.name for p in out.iterdir())
    check(names == sorted(["index.html", "input.png", "pool_feature.svg", *(f"{n}.png" for n in GRIDS)]), f"made {names}")
    for name, (count, side, size, columns, gap) in GRIDS.items():
        check(expected[name].shape == (count, side, side), f"{name} has {count} maps of {side} x {side}")
        check_grid(check, out / f"{name}.png", expected[name], columns, gap, size)
    shown = np.asarray(Image.open(out / "input.png")).astype(float)
    check(np.abs(shown - expected["input"].transpose(1, 2, 0) * 255).max() <= 0.51, "input.png is the network's input")
    check_chart(check, out / "pool_feature.svg", expected["pool_3"].ravel())
    check_page(check, out)
    same = [p.name for p in out.iterdir() if p.read_bytes() == (folder / "out2/deeper" / p.name).read_bytes()]
    check(len(same) == 7, "two ranks make the same files")
    check_errors(check, pool3, folder, picture)
    check.finish()


if __name__ == "__main__":
    main()
