"""What the end-to-end tests share: running pool3, checking what comes out, and cutting a corpus of real pictures."""

import argparse
import ctypes
import ctypes.util
import hashlib
import itertools
import json
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np

PICTURES = pathlib.Path("/usr/share/openclipart/png")
LIMIT_SECONDS = 240  # for what takes seconds: a machine may be slow, and busy. What takes longer hangs.
MOST_PIXELS = 178_956_970  # pool3's default --max-pixels
DONE = 1
launches = itertools.count()
TABLES = ("features", "labels", "classes", "paths", "keys", "status", "checksums", "failures")


class Checks:
    """Counts what holds and what does not. The test goes on after a failed check; one without any check has failed."""

    def __init__(self):
        self.count = self.failed = 0
        self.start = time.monotonic()

    def __call__(self, holds, what):
        self.count += 1
        if holds:
            print(f"[{time.monotonic() - self.start:5.1f} s] ok: {what}", flush=True)
        else:
            self.failed += 1
            print(f"[{time.monotonic() - self.start:5.1f} s] FAILED: {what}", flush=True)
        return holds

    def finish(self):
        print(f"{self.failed} of {self.count} checks failed" if self.count else "FAILED: nothing was checked")
        sys.exit(1 if self.failed or not self.count else 0)


class Result:
    """What a command did."""

    def __init__(self, command, code, out, err, seconds):
        self.command, self.code, self.out, self.err, self.seconds = command, code, out, err, seconds

    def errors(self):
        return [line for line in self.err.splitlines() if line.startswith("pool3: error:")]

    def __str__(self):
        end = f"exit code {self.code} after {self.seconds:.1f} s"
        return f"{self.command}\n{end}\n--- stdout\n{self.out}--- stderr\n{self.err}---"


# What a user's shell may hold that would change what pool3, Open MPI, Slurm or curl do.
FOREIGN = {"LD_PRELOAD", "COLUMNS", "http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}
FOREIGN_FAMILIES = ("POOL3_", "OMPI_", "PMIX_", "PMI_", "SLURM_", "SBATCH_", "SRUN_", "OMP_", "OPENBLAS_", "MALLOC_")


def environment(extra):
    """The caller's, without what would change what pool3 or Open MPI do."""
    # The suite may run with less than the CPU has, and with one place for what is timed, so that `auto` means one precision.
    kept = ("POOL3_MAX_INSTRUCTIONS", "POOL3_CACHE")
    env = {k: v for k, v in os.environ.items() if k in kept or not (k in FOREIGN or k.startswith(FOREIGN_FAMILIES))}
    env.setdefault("POOL3_CACHE", "off")
    env.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", OMP_NUM_THREADS="1")
    # Ranks that wait let others have the core: tests run on machines with few cores, next to other work.
    env["OMPI_MCA_mpi_yield_when_idle"] = "1"
    # All ranks end by themselves. Without this, mpirun waits a second before it looks again.
    env["OMPI_MCA_odls_base_sigkill_timeout"] = "0"
    # A folder of its own for each launch: two mpirun that begin or end at one instant fail over the one that they share.
    env["OMPI_MCA_orte_top_session_dir"] = f"{tempfile.gettempdir()}/pool3-test-mpi.{os.getpid()}.{next(launches)}"
    env.update(extra)
    return env


def run_command(command, limit_seconds, cwd=None, env=None):
    """Runs to the end or to the limit; then it and its children are killed, and the code is None."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               cwd=cwd, env=environment(env or {}), start_new_session=True)
    try:
        out, err = process.communicate(timeout=limit_seconds)
        code = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        code = None
    text = [stream.decode("utf-8", "surrogateescape") for stream in (out, err)]
    return Result(" ".join(map(str, command)), code, *text, time.monotonic() - start)


class Pool3:
    """The program under test."""

    def __init__(self, program, weights, checks):
        self.program, self.weights, self.check = program, weights, checks

    def start(self, arguments, ranks=0, limit_seconds=2 * LIMIT_SECONDS, cwd=None, env=None, prefix=(), program=None):
        """Runs `pool3 ARGUMENTS`; `ranks` 0 means without mpirun, as most users do."""
        launch = ["mpirun", "-n", str(ranks), "--oversubscribe", "--bind-to", "none"] if ranks else []
        command = [*prefix, *launch, str(program or self.program), *map(str, arguments)]
        return run_command(command, limit_seconds, cwd, env)

    def __call__(self, *arguments, ranks=0, code=0, **how):
        """Runs `pool3 ARGUMENTS` and ends the test unless the exit code is `code`."""
        result = self.start(arguments, ranks, **how)
        if result.code != code:
            print(f"FAILED: exit code {code} expected\n{result}")
            sys.exit(1)
        return result

    def extract(self, corpus, out, *flags, code=0, **how):
        return self("extract", "--corpus", corpus, "--weights", self.weights, "--out", out, *flags, code=code, **how)


def predicts_as_features(pool3, model, features, corpus, picture, weights):
    """True if predict gives a picture of the corpus the best score that a linear model gives its row."""
    line = json.loads(pool3("predict", "--model", model, "--weights", weights, picture).out)
    with h5py.File(model) as m, h5py.File(features) as f:
        row = [p.decode() for p in f["paths"][:]].index(str(picture.relative_to(corpus)))
        score = (f["features"][row].astype(np.float64) @ m["coef"][:].T + m["intercept"][:]).max()
    return abs(line["score"] - score) < 1e-4 * abs(score)


def start_test(description):
    """Reads the arguments every test gets. The checks, pool3, and a folder that goes away with the test."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--pool3", required=True, help="the program")
    parser.add_argument("--weights", required=True, help="weights file; $POOL3_WEIGHTS comes first")
    parser.add_argument("--keep", help="work in this folder and leave it there")
    parser.add_argument("--features", help="feature file that features.py made")
    parser.add_argument("--library", help="a library to load before others")
    parser.add_argument("--helper", help="a program of this test's own")
    args = parser.parse_args()
    weights = pathlib.Path(os.environ.get("POOL3_WEIGHTS") or args.weights).absolute()
    if not weights.is_file():
        sys.exit(f"FAILED: there are no weights at {weights}; make them with: scripts/setup weights")
    if not PICTURES.is_dir():
        sys.exit(f"FAILED: there are no pictures in {PICTURES}; install them with: scripts/setup test")
    checks = Checks()
    pool3 = Pool3(pathlib.Path(args.pool3).absolute(), weights, checks)
    pool3.shared_features = pathlib.Path(args.features).absolute() if args.features else None
    pool3.library, pool3.helper = args.library, args.helper
    return checks, pool3, make_folder(args.keep)


def make_folder(kept):
    if kept:
        os.makedirs(kept, exist_ok=True)
        return pathlib.Path(kept).absolute()
    holder = tempfile.TemporaryDirectory(prefix="pool3-e2e-")
    make_folder.holders.append(holder)
    os.chmod(holder.name, 0o755)  # so that tests can go on as another user
    return pathlib.Path(holder.name)


make_folder.holders = []  # they live as long as the program


# ---------------------------------------------------------------- pictures


def png_pixels(path):
    """Pixels that the header tells; 0 if it is none."""
    with open(path, "rb") as file:
        head = file.read(24)
    if len(head) < 24 or head[:8] != b"\x89PNG\r\n\x1a\n":
        return 0
    width, height = struct.unpack(">II", head[16:24])
    return width * height


def choose_pictures(folder, count, seed=7, most_bytes=150_000, most_pixels=2_000_000):
    """`count` small real pictures below a top folder, no two of the same bytes. The choice depends on names alone."""
    def rank(path):
        return hashlib.sha256(f"{seed} {path.relative_to(PICTURES)}".encode()).digest()

    chosen, seen = [], set()
    for path in sorted((PICTURES / folder).rglob("*.png"), key=rank):
        if path.is_symlink() or path.stat().st_size > most_bytes or not 0 < png_pixels(path) <= most_pixels:
            continue
        digest = hashlib.sha256(path.read_bytes()).digest()
        if digest in seen:
            continue
        seen.add(digest)
        chosen.append(path)
        if len(chosen) == count:
            return sorted(chosen)
    sys.exit(f"FAILED: {PICTURES / folder} has no {count} small pictures; install them with: scripts/setup test")


def huge_picture():
    """A real picture that pool3 must refuse by its header."""
    huge = [p for p in sorted(PICTURES.rglob("*.png")) if not p.is_symlink() and png_pixels(p) > MOST_PIXELS]
    return min(huge, key=lambda p: p.stat().st_size)


def build_corpus(root, folders, count):
    """Copies `count` pictures of each top folder to `root`. Their paths, relative to `root`, by folder."""
    copied = {}
    for folder in folders:
        copied[folder] = []
        for source in choose_pictures(folder, count):
            path = source.relative_to(PICTURES)
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, root / path)
            copied[folder].append(str(path))
    return copied


def add_bad_pictures(root, folder, picture):
    """Puts pictures that can't be used into a folder of the corpus. {path: (stage, code)}."""
    place = root / folder
    (place / "empty.png").write_bytes(b"")
    whole = (root / picture).read_bytes()
    (place / "truncated.png").write_bytes(whole[: len(whole) // 2])
    (place / "text.jpg").write_text("This is no picture.\n" * 40)
    (place / "dangling.png").symlink_to("nowhere.png")
    shutil.copyfile(huge_picture(), place / "huge.png")
    with open(place / "film.png", "wb") as film:
        film.truncate(1 << 40)  # of holes alone
    return {
        f"{folder}/dangling.png": ("read", "missing"),
        f"{folder}/empty.png": ("read", "empty"),
        f"{folder}/film.png": ("read", "unreadable"),
        f"{folder}/huge.png": ("decode", "too_large"),
        f"{folder}/text.jpg": ("decode", "unknown_format"),
        f"{folder}/truncated.png": ("decode", "corrupt"),
    }


# ---------------------------------------------------------------- files


class Hash128(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


def load_image_key():
    """XXH3-128 of bytes as 32 hex digits, by the system's xxhash library."""
    library = ctypes.CDLL(ctypes.util.find_library("xxhash") or "libxxhash.so.0")
    library.XXH3_128bits.restype = Hash128
    library.XXH3_128bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]

    def image_key(data):
        h = library.XXH3_128bits(data, len(data))
        return f"{h.high:016x}{h.low:016x}"

    return image_key


class Features:
    """A feature file, read by h5py alone."""

    def __init__(self, path):
        self.path = path
        with h5py.File(path, "r") as f:
            self.features = f["features"][:]
            self.labels = f["labels"][:]
            self.status = f["status"][:]
            self.classes = list(f["classes"].asstr()[:])
            self.paths = list(f["paths"].asstr()[:])
            self.keys = [key.decode() for key in f["keys"][:]]
            self.failures = f["failures"][:]
            self.attributes = {name: value.decode() if isinstance(value, bytes) else value
                               for name, value in f.attrs.items()}

    def rows(self, side, seed=42, test_fraction=0.2):
        """Indices of the labelled good rows on a side, "training" or "test"."""
        def is_test(row):
            return key_uniform(seed, self.keys[row], 1) < test_fraction

        good = [r for r in range(len(self.paths)) if self.status[r] == DONE and self.labels[r] >= 0]
        return np.array([r for r in good if is_test(r) == (side == "test")])


class Model:
    """A model file, read by h5py alone."""

    def __init__(self, path):
        with h5py.File(path, "r") as f:
            self.coef, self.intercept = f["coef"][:], f["intercept"][:]
            self.sigmoid_a, self.sigmoid_b = f["sigmoid_a"][:], f["sigmoid_b"][:]
            self.classes = list(f["classes"].asstr()[:])
            self.held_out_truth = f["held_out_truth"][:] if "held_out_truth" in f else None
            self.attributes = {name: value.decode() if isinstance(value, bytes) else value
                               for name, value in f.attrs.items()}

    def scores(self, x):
        return x.astype(np.float64) @ self.coef.T + self.intercept

    def probabilities(self, scores):
        """As docs/format.md says; None without them."""
        t = self.attributes["temperature"]
        if t > 0:
            p = np.exp(t * (scores - scores.max(1, keepdims=True)))
        elif len(self.sigmoid_a):
            p = 1 / (1 + np.exp(self.sigmoid_a * scores + self.sigmoid_b))
        else:
            return None
        return p / p.sum(1, keepdims=True)

    def predicted(self, scores):
        p = self.probabilities(scores)
        return (scores if p is None else p).argmax(1)


MASK = (1 << 64) - 1


def mix(z):
    """SplitMix64's finaliser."""
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def key_uniform(seed, key, salt):
    """The number in [0, 1) that puts an image on a side (salt 1) or in a fold (salt 2)."""
    h = mix(mix(mix((seed + 0x9E3779B97F4A7C15 * salt) & MASK) ^ int(key[:16], 16)) ^ int(key[16:], 16))
    return (h >> 11) / 2**53


def make_features(pool3, path, kind, width=64, classes=4, rows=400):
    """A finished feature file of drawn rows at `path`, by the helper program; `kind`: float32 or float16."""
    subprocess.run([pool3.helper, path, kind, str(width), str(classes), str(rows)], check=True, env=environment({}))
    return path
