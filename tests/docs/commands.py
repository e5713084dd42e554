"""The README's and the guide's commands, in order, as they are written, on a small corpus: each must end well. What can't
run here is in a table that says why."""

import csv
import lzma
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import time

import h5py
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
import support  # noqa: E402

DOCUMENTS = ("README.md", "docs/guide.md")
# Beginnings of lines that are not run, and why.
LEFT_OUT = {
    "scripts/demo": "takes ten minutes; it is what tests/e2e/commands/run.py does on a small corpus",
    "scripts/setup": "has brought what this test runs on",
    "scripts/test": "is what runs this test",
    "cmake ": "has built what this test runs",
    "pool3 serve ": "does not end; it has tests of its own",
    "pool3 neighbours --features features.h5 1234 --class boots": "row 1234 and boots are of a larger catalogue",
    "mpirun -n 2 pool3 run --config configs/openclipart.ini": "is scripts/demo",
}
OF_INT8 = ("--precision int8", "--calibrate")  # what needs instructions for it
INT8_OF_CPU = {"amx_int8", "avx512_vnni", "avx_vnni"}


def blocks(document):
    """The language and the lines of each block of code."""
    text = (ROOT / document).read_text(encoding="utf-8")
    return [(language, body.splitlines()) for language, body in re.findall(r"^```(\w*)\n(.*?)^```", text, re.M | re.S)]


def commands(lines):
    """Whole commands: a line ends in a backslash where it goes on."""
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [line.strip() for line in joined.splitlines() if line.strip() and not line.startswith("#")]


def is_shell(line):
    return line.split()[0] in ("pool3", "mpirun", "srun", "find") or any(line.startswith(start) for start in LEFT_OUT)


def make_corpus(folder, weights):
    """What the documents' reader has: pictures in folders, tables, tar files, tables of other programs."""
    names = []
    for name in ("animals", "food", "tools"):
        for i, path in enumerate(support.choose_pictures(name, 12)):
            (folder / "pictures" / name).mkdir(parents=True, exist_ok=True)
            names.append(f"pictures/{name}/{name}_{i}.png")
            shutil.copyfile(path, folder / names[-1])
    for i, path in enumerate(support.choose_pictures("office", 6)):
        (folder / "more/office").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / f"more/office/{i}.png")
    shutil.copyfile(folder / names[0], folder / "shoe.jpg")  # the content says what it is
    shutil.copyfile(folder / names[0], folder / "my-shoe.jpg")
    shutil.copyfile(folder / names[13], folder / "zip.png")
    for table, columns in (("catalogue.csv", ["path", "label"]), ("boxes.csv", ["file", "breed", "weight"])):
        with open(folder / table, "w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(columns)
            rows.writerows([[name, name.split("/")[1], 1][:len(columns)] for name in names[::4]])
    (folder / "shards").mkdir()
    for shard in range(128):
        with tarfile.open(folder / f"shards/a-{shard:03}.tar", "w") as tar:
            if shard % 16 == 0:
                name = names[shard // 16]
                tar.add(folder / name, arcname=f"{shard}.png")
                (folder / "label.cls").write_text(name.split("/")[1])
                tar.add(folder / "label.cls", arcname=f"{shard}.cls")
    (folder / "catalogue").mkdir()
    (folder / "inception_v3.safetensors").symlink_to(weights)
    make_tables(folder)


def make_tables(folder):
    rng = np.random.default_rng(1)
    y = np.arange(90) % 3
    x = (rng.normal(size=(90, 12)) + 3 * np.eye(12)[y]).astype("f4")
    np.savez(folder / "digits.npz", X=x, y=y)
    np.save(folder / "X.npy", x)
    np.save(folder / "y.npy", y)
    with h5py.File(folder / "other.h5", "w") as file:
        file["embeddings"] = x
    (folder / "names.csv").write_text("class,n\n" + "".join(f"class {k},{i}\n" for i, k in enumerate(y)))
    (folder / "iris.csv").write_text("a,b,species\n" + "".join(f"{v[0]},{v[1]},{'xyz'[k]}\n" for v, k in zip(x, y)))
    (folder / "clip.csv").write_text("path,label,0,1\n" + "".join(f"p{i}.jpg,{'xyz'[k]},{v[0]},{v[1]}\n"
                                                                  for i, (v, k) in enumerate(zip(x, y))))
    with lzma.open(folder / "mnist.xz", "wt") as file:
        file.writelines(f"{k} " + " ".join(f"{j + 1}:{value}" for j, value in enumerate(v)) + "\n" for v, k in zip(x, y))


def prepare(line, folder, env):
    """What another job has made by the time that a reader comes to this line."""
    if "mine.h5:weights" in line:
        with h5py.File(folder / "features.h5") as f, h5py.File(folder / "mine.h5", "w") as mine:
            mine["weights"] = np.ones(f["labels"].shape[0])
    if line.startswith("pool3 link all.h5 part-"):
        for part in (1, *range(3, 9)):
            subprocess.run(["pool3", "extract", "--corpus", "pictures/", "--part", f"{part}/8", "--out", f"part-{part}.h5"], cwd=folder, env=env,
                           check=True, capture_output=True)


def run(check, line, folder, env):
    for start, why in LEFT_OUT.items():
        if line.startswith(start):
            return print(f"left out: {line} ({why})")
    if any(flag in line for flag in OF_INT8) and not INT8_OF_CPU & set(pathlib.Path("/proc/cpuinfo").read_text().split()):
        return print(f"left out: {line} (this CPU has no instructions for int8)")
    prepare(line, folder, env)
    start = time.monotonic()
    done = subprocess.run(["bash", "-c", line], cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=2 * support.LIMIT_SECONDS, check=False)
    if not check(done.returncode == 0, f"{time.monotonic() - start:4.1f} s: {line}"):
        print(f"exit code {done.returncode}\n{done.stdout[-1000:]}{done.stderr[-2000:]}")
    return None


def main():
    check, pool3, folder = support.start_test(__doc__)
    env = support.environment({"POOL3_WEIGHTS": str(pool3.weights), "PATH": f"{pool3.program.parent}:{os.environ['PATH']}"})
    make_corpus(folder, pool3.weights)
    for document in DOCUMENTS:
        for language, lines in blocks(document):
            if language == "python":
                done = subprocess.run([sys.executable, "-c", "\n".join(lines)], cwd=folder, env=env, capture_output=True, text=True, timeout=support.LIMIT_SECONDS, check=False)
                check(done.returncode == 0, f"{document}: {lines[0]} ...{done.stderr}")
                continue
            for line in commands(lines):
                if is_shell(line):
                    run(check, line, folder, env)
                elif lines[0].startswith(("pool3", "mpirun", "#")):
                    check(False, f"{document}: what is this line? {line}")
    check.finish()


if __name__ == "__main__":
    main()
