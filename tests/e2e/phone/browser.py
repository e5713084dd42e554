"""The page of examples/browser in a headless browser: a picture is classified there as `pool3 predict` does, with no server
but one of files. Skipped where `scripts/setup test` could not bring playwright-core and onnxruntime-web."""

import functools
import http.server
import json
import os
import pathlib
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[3]
MODULES = ROOT / "work/test/node_modules"
SKIPPED = 77


class Quiet(http.server.SimpleHTTPRequestHandler):
    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript"}

    def log_message(self, *_):
        pass


def main():
    for name in ("playwright-core", "onnxruntime-web"):
        if not (MODULES / name).is_dir():
            print(f"SKIPPED: {MODULES} has no {name} (run scripts/setup test)")
            sys.exit(SKIPPED)
    check, pool3, folder = support.start_test(__doc__)
    f = support.Features(pool3.shared_features)
    model, page = folder / "m.h5", folder / "page"
    pool3("train", "--features", pool3.shared_features, "--out", model)
    subprocess.run([ROOT / "examples/browser/build", model, page, "--weights", pool3.weights], check=True,
                   env={**support.environment({}), "POOL3": str(pool3.program)})
    said = json.loads(pool3("predict", "--model", model, "--weights", pool3.weights, f.paths[7]).out)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(page)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    shots = os.environ.get("POOL3_SHOTS", "")
    command = ["node", str(pathlib.Path(__file__).with_name("page.mjs")), f"http://127.0.0.1:{server.server_port}/",
               str(MODULES), f.paths[7], shots]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=500, check=False)
    server.shutdown()
    for line in done.stdout.splitlines():
        one = json.loads(line)
        if "holds" in one:
            check(one["holds"], one["text"])
        else:
            off = abs(one["probability"] - said["probability"])
            check(one["label"] == said["class"] and off < 0.05, f"it says what predict says: {one['label']}, off by {off:.3f}, after {one['seconds']:.1f} s")
    check(done.returncode == 0, f"the browser ended in order: {done.stderr}")
    check((page / "model.onnx").stat().st_size < 30e6, f"the model has {(page / 'model.onnx').stat().st_size / 1e6:.1f} MB")
    check.finish()


if __name__ == "__main__":
    main()
