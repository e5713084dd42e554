"""Pictures that changed places or content, with the same names and sizes: a row never keeps another picture's features."""

import os
import pathlib
import shutil
import struct
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402

COUNT = 12


def bmp(path, colour):
    """All files have the same size."""
    pixels = bytes(colour) * 16 * 16
    header = b"BM" + struct.pack("<IHHI", 54 + len(pixels), 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, 16, 16, 1, 24, 0, 0, 0, 0, 0, 0)
    path.write_bytes(header + pixels)


def make_corpus(folder):
    for i in range(COUNT):
        path = folder / "ab"[i % 2] / f"{i:02}.bmp"
        path.parent.mkdir(parents=True, exist_ok=True)
        bmp(path, (20 * i, 255 - 20 * i, 7 * i))
    (folder / "a" / "zz.bmp").write_bytes(b"BM no picture at all")


def swap(a, b):
    """By renaming: neither size nor time of the content changes."""
    other = a.with_name("other")
    a.rename(other)
    b.rename(a)
    other.rename(b)


def extract(pool3, corpus, out, *flags, **how):
    return pool3.extract(corpus, out, "--batch", 4, "--precision", "fp32", *flags, code=3, **how)


def finished(check, pool3, folder, corpus):
    out, fresh = folder / "f.h5", folder / "fresh.h5"
    extract(pool3, corpus, out)
    before = out.read_bytes()
    result = extract(pool3, corpus, out)
    check(result.err.count("already done, nothing to do") == 1 and "touched" not in result.err, "nothing changed: nothing is read")
    for ranks in (1, 2):
        swap(corpus / "a/00.bmp", corpus / "a/02.bmp")
        result = extract(pool3, corpus, out, ranks=ranks)
        check(f"2 pictures are others than when {out} was made" in result.err, f"{ranks} ranks: told after two files changed places")
        check("12 rows copied, 1 tried" in result.err, "known content is not computed again")
        check((out.read_bytes() == before) == (ranks == 2), "swapped twice, all is as before")
        if ranks == 1:
            extract(pool3, corpus, fresh)
            check(out.read_bytes() == fresh.read_bytes(), "the file is that of a fresh extraction, byte for byte")
            fresh.unlink()
    os.utime(corpus / "b/01.bmp")
    result = extract(pool3, corpus, out, ranks=2)
    check("already done, nothing to do: 1 pictures were touched since, and are the same" in result.err, "a touched picture is compared")
    check(out.read_bytes() == before, "and its row stays")
    result = extract(pool3, corpus, out)
    check("touched" not in result.err, "once")
    return out


def retried(check, pool3, corpus, out, fresh):
    """--retry-failed goes by row, unless a done row's picture is another."""
    swap(corpus / "a/04.bmp", corpus / "a/06.bmp")
    extract(pool3, corpus, out, "--retry-failed")
    extract(pool3, corpus, fresh)
    check(out.read_bytes() == fresh.read_bytes(), "--retry-failed: the file is that of a fresh extraction")
    fresh.unlink()


def sharded(check, pool3, folder, corpus):
    """Members of a tar file that change places."""
    tar, out, fresh = folder / "s.tar", folder / "s.h5", folder / "s_fresh.h5"
    for first, second in (("00", "02"), ("02", "00")):
        for name, source in (("00", first), ("02", second)):
            shutil.copyfile(corpus / f"a/{source}.bmp", folder / f"{name}.bmp")
        subprocess.run(["tar", "cf", tar, "-C", folder, "00.bmp", "02.bmp"], check=True)
        result = pool3.extract(tar, out, "--labels", "none", "--precision", "fp32")
    check("2 pictures are others" in result.err, "members of a tar file that changed places")
    pool3.extract(tar, fresh, "--labels", "none", "--precision", "fp32")
    check(out.read_bytes() == fresh.read_bytes(), "the file is that of a fresh extraction")


def resumed(check, pool3, folder, corpus):
    """Two files change places while the job is down."""
    ranks = 2
    out, fresh = folder / f"r{ranks}.h5", folder / f"r{ranks}_fresh.h5"
    env = {"LD_PRELOAD": pool3.library, "POOL3_TEST_MATCH": str(out), "POOL3_TEST_KILL_AT": "52"}
    for _ in range(30):  # until some blocks are done
        killed = pool3.start(["extract", "--corpus", corpus, "--weights", pool3.weights, "--out", out, "--batch", "4",
                              "--precision", "fp32"], ranks=0, env=env)  # fmt: skip
        if killed.code == -9:
            break
    check(killed.code == -9 and not out.exists(), "a job is killed among its rows")
    time.sleep(0.1)
    swap(corpus / "a/00.bmp", corpus / "a/02.bmp")
    result = extract(pool3, corpus, out, ranks=ranks)
    check("2 pictures are others than when their rows were made" in result.err, result.err.strip().splitlines()[0])
    extract(pool3, corpus, fresh)
    check(out.read_bytes() == fresh.read_bytes(), f"{ranks} ranks resume: the file is that of a fresh extraction")


def main():
    checks, pool3, folder = support.start_test(__doc__)
    corpus = folder / "corpus"
    make_corpus(corpus)
    out = finished(checks, pool3, folder, corpus)
    retried(checks, pool3, corpus, out, folder / "fresh.h5")
    sharded(checks, pool3, folder, corpus)
    resumed(checks, pool3, folder, corpus)
    checks.finish()


if __name__ == "__main__":
    main()
