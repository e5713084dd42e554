"""The page of `pool3 serve` in a browser: upload by file, drop, paste and photo; on to a neighbour; what is wrong is
kept. Skipped where `scripts/setup test` could not bring playwright-core."""

import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402
from serving import Server  # noqa: E402

MODULES = pathlib.Path(__file__).resolve().parents[3] / "work/test/node_modules"
SKIPPED = 77


def main():
    if not (MODULES / "playwright-core").is_dir():
        print(f"SKIPPED: {MODULES} has no playwright-core (run scripts/setup test)")
        sys.exit(SKIPPED)
    check, pool3, folder = support.start_test(__doc__)
    f = support.Features(pool3.shared_features)
    pool3("train", "--features", f.path, "--out", folder / "m.h5")
    server = Server(pool3, "--model", folder / "m.h5", "--corrections", folder / "wrong")
    try:
        shots = folder if pool3.helper is None else pathlib.Path(pool3.helper)
        command = ["node", str(pathlib.Path(__file__).with_name("page.mjs")), f"http://127.0.0.1:{server.port}/",
                   str(MODULES), f.paths[7], str(shots)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=500, check=False)
        for line in done.stdout.splitlines():
            one = json.loads(line)
            check(one["holds"], one["text"])
        check(done.returncode == 0, f"the browser ended in order: {done.stderr}")
        kept = list((folder / "wrong" / "a new class").iterdir())
        check(len(kept) == 1 and kept[0].read_bytes() == pathlib.Path(f.paths[7]).read_bytes(), "the picture itself is kept")
    finally:
        server.end()
    check.finish()


if __name__ == "__main__":
    main()
