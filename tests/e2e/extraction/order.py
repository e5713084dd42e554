"""`pool3 extract` looks at what is cheap first: flags, output, weights, device, and only then the pictures.

Each case is wrong twice: the error that ends the job must be of what comes first, and the corpus must not be looked at.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402

FAILED, USAGE = 1, 2
LISTED = ("corpus", "nowhere")  # what an error of the listing would name


def expect(check, pool3, what, code, names, *arguments, ranks=(1, 2)):
    """The error line must contain `names`, and no word of the corpus."""
    for count in ranks:
        result = pool3.start(arguments, count, limit_seconds=support.LIMIT_SECONDS)
        lines = result.errors()
        fine = (result.code == code and len(lines) == 1 and str(names) in lines[0]
                and not any(word in lines[0] for word in LISTED))
        if not check(fine, f"{count} ranks, {what}: {' '.join(lines)[:200]}"):
            print(result)


def check_order(check, pool3, folder):
    nowhere = ["extract", "--corpus", folder / "nowhere"]  # can't be listed
    weights = ["--weights", pool3.weights]
    typo = folder / "typo.safetensors"
    garbage = folder / "garbage.safetensors"
    garbage.write_bytes(b"no weights " * 1000)
    text = folder / "text"
    text.write_text("keep me\n")
    out = folder / "out.h5"

    expect(check, pool3, "flags before the output", USAGE, "--dtype", *nowhere, *weights, "--out", text, "--dtype", "int")
    expect(check, pool3, "flags before the output", USAGE, "--part", *nowhere, *weights, "--out", text, "--part", "3/2")
    expect(check, pool3, "the output before weights", FAILED, text, *nowhere, "--weights", typo, "--out", text)
    expect(check, pool3, "an output that is a folder", FAILED, "is a folder", *nowhere, "--weights", typo, "--out", folder)
    expect(check, pool3, "a folder that is not there", FAILED, folder / "none/x.h5", *nowhere, "--weights", typo, "--out",
           folder / "none/x.h5")
    expect(check, pool3, "mistyped weights before the listing", FAILED, typo, *nowhere, "--weights", typo, "--out", out)
    expect(check, pool3, "wrong weights before the listing", FAILED, garbage, *nowhere, "--weights", garbage, "--out", out)
    if not shutil.which("nvidia-smi"):
        expect(check, pool3, "the device before the listing", FAILED, "--device cuda", *nowhere, *weights, "--out", out,
               "--device", "cuda")
        expect(check, pool3, "weights before the device", FAILED, typo, *nowhere, "--weights", typo, "--out", out,
               "--device", "cuda")
    check(text.read_text() == "keep me\n" and not list(folder.glob("out.h5*")), "nothing was written")
    result = pool3.start([*nowhere, *weights, "--out", out], 1)
    check(result.code == FAILED and "nowhere" in result.err, "at last the corpus is found to be missing")


def check_nothing_is_listed(check, pool3, folder):
    """With strace: the corpus is not opened, nor anything in it looked at, before the weights are refused."""
    if subprocess.run(["which", "strace"], capture_output=True, check=False).returncode != 0:
        print("not checked: system calls (there is no strace)")
        return
    corpus = folder / "pictures"
    corpus.mkdir()
    shutil.copy(support.choose_pictures("shapes", 1)[0], corpus / "1.png")
    trace = folder / "trace"
    pool3.start(["extract", "--corpus", corpus, "--out", folder / "s.h5", "--weights", folder / "typo"], 0,
                prefix=["strace", "-f", "-e", "trace=%file", "-o", trace])
    calls = [line for line in trace.read_text(errors="replace").splitlines() if "execve" not in line]
    check(any("typo" in line for line in calls), "the weights are looked for")
    name = os.fspath(corpus)
    check(not any(f"{name}/" in line or ("open" in line and name in line) for line in calls), "and no call opens the corpus")


def check_dry_run(check, pool3, folder):
    """A plan without weights says so before it lists the pictures, and still comes."""
    corpus = folder / "few"
    corpus.mkdir()
    for i, picture in enumerate(support.choose_pictures("shapes", 3)):
        shutil.copy(picture, corpus / f"{i}.png")
    typo = folder / "typo.safetensors"
    plan = pool3("extract", "--corpus", corpus, "--out", folder / "d.h5", "--weights", typo, "--dry-run", "--log-format",
                 "json")
    messages = [json.loads(line)["message"] for line in plan.err.splitlines() if line.startswith("{")]
    check("images        3 " in plan.out and "not measured" in plan.out, "without weights there is a plan without time")
    check(any("can't be measured" in message and typo.name in message for message in messages), f"and a line: {messages}")
    for count in (1, 2):
        result = pool3.start(["extract", "--corpus", folder / "nowhere", "--out", folder / "d.h5", "--weights", typo,
                              "--dry-run"], count)
        at = result.err.find("can't be measured"), result.err.find("error:")
        check(result.code == FAILED and 0 <= at[0] < at[1], f"{count} ranks: which comes before the listing")


def main():
    check, pool3, folder = support.start_test(__doc__)
    check_order(check, pool3, folder)
    check_nothing_is_listed(check, pool3, folder)
    check_dry_run(check, pool3, folder)
    check.finish()


if __name__ == "__main__":
    main()
