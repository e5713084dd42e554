"""Situations from the field: each line of table.txt is one, with what must come of it.

    situation | files | command | expected

The files are made in an empty folder, where the command runs. A name of data/ is copied from there; any other name becomes
a small picture, NAME=TEXT a text file. Words may be quoted as in a shell; \\n, \\t, \\xHH and so on are as in Python. A pipe
in a text is \\x7c.

    pixels FILE        expected: the picture of data/ with the same pixels, or "STATUS: what the message contains"
    pool3 WORDS        expected: the exit code, then texts that standard output and errors contain, with " ; " between
                       them; !TEXT must not be there. {weights} is the path of the default weights

--only WORD runs the lines that contain it, and shows what the commands said.
"""

import argparse
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import support  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE / "data"


def situations(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            parts = [part.strip() for part in line.split(" | ")]
            if len(parts) != 4:
                sys.exit(f"{path}:{number}: four columns with ' | ' between them, not {len(parts)}")
            yield number, parts


def escaped(text):
    """Bytes of a text with Python's escapes, where \\xHH is one byte."""
    return text.encode().decode("unicode_escape").encode("latin-1")


def make(folder, word):
    """A file of the second column."""
    name, equals, text = word.partition("=")
    place = os.path.join(os.fsencode(folder), escaped(name))
    os.makedirs(os.path.dirname(place), exist_ok=True)
    content = escaped(text) if equals else (DATA / name if (DATA / name).is_file() else DATA / "small.jpg").read_bytes()
    with open(place, "wb") as file:
        file.write(content)


def pixels(programs, folder, words, expected):
    """What is wrong; empty if nothing is."""
    out = subprocess.run([programs.dump, words[0]], cwd=folder, check=True, capture_output=True).stdout
    if not expected.endswith(".png"):
        status, _, message = expected.partition(": ")
        said = out.decode(errors="replace")
        return "" if said.startswith(f"{status}: ") and message in said else f"gave {said[:200]!r}"
    right = np.asarray(Image.open(DATA / expected).convert("RGB"))
    head, _, body = out.partition(b"\n")
    if not head.startswith(b"P6"):
        return f"gave {head.decode(errors='replace')}"
    _, width, height, _ = head.split()
    mine = np.frombuffer(body, "u1").reshape(int(height), int(width), 3)
    if mine.shape != right.shape:
        return f"is {mine.shape[1]} x {mine.shape[0]}, not {right.shape[1]} x {right.shape[0]}"
    return "" if (mine == right).all() else f"{(mine != right).any(-1).sum()} pixels differ"


def pool3(programs, folder, words, expected):
    """What is wrong; empty if nothing is."""
    words = [programs.weights if word == "{weights}" else word for word in words]
    done = subprocess.run([programs.pool3, *words], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=support.environment({}), timeout=support.LIMIT_SECONDS)
    said = done.stdout.decode(errors="replace")
    if programs.only:
        print(said)
    code, *texts = [text.strip() for text in expected.split(" ; ")]
    wrong = [] if done.returncode == int(code) else [f"ended with {done.returncode}"]
    wrong += [f"says {text[1:]!r}" for text in texts if text.startswith("!") and text[1:] in said]
    wrong += [f"does not say {text!r}" for text in texts if not text.startswith("!") and text not in said]
    return "; ".join(wrong) + (f"\n{said}" if wrong else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pool3", required=True, type=os.path.abspath, help="the program")
    parser.add_argument("--dump", required=True, type=os.path.abspath, help="the program pool3_decode_dump")
    parser.add_argument("--weights", default="", type=os.path.abspath, help="the default weights")
    parser.add_argument("--only", default="", metavar="WORD")
    programs = parser.parse_args()
    count, failed = 0, 0
    for number, (what, files, command, expected) in situations(HERE / "table.txt"):
        if programs.only not in f"{what} {files} {command}":
            continue
        count += 1
        kind, *words = shlex.split(command)
        with tempfile.TemporaryDirectory(prefix="pool3-field-") as folder:
            for word in shlex.split(files):
                make(folder, word)
            wrong = {"pixels": pixels, "pool3": pool3}[kind](programs, folder, words, expected)
        if wrong:
            failed += 1
            print(f"FAILED: table.txt:{number}: {what}: {wrong}")
    print(f"{count} situations, {failed} failed")
    sys.exit(1 if failed or not count else 0)


if __name__ == "__main__":
    main()
