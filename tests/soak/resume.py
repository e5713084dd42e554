"""What a killed extraction goes on with, and what it refuses by name: other weights, profile, precision, catalogue, labels,
classes. Failures of before count for --max-failures. What a kill after the rename leaves is put right.

    resume.py --pool3 PROGRAM --interpose LIBRARY --weights FILE
"""

import argparse
import os
import pathlib
import shutil
import sys
import tempfile
from importlib.machinery import SourceFileLoader

import h5py

kill = SourceFileLoader("kill", str(pathlib.Path(__file__).resolve().parent / "kill")).load_module()

ROWS = 24  # six blocks; pictures 5, 14 and 23 are broken


class Resume(kill.Killer):
    def __init__(self, arguments, folder):
        super().__init__(arguments, folder)
        self.corpus = folder / "corpus"
        self.halfway = 45  # operations on files before the kill
        kill.make_corpus(self.corpus, ROWS)

    def run(self, out, changed=(), **settings):
        """Exit code and output of an extraction; `changed` flags come last and count."""
        flags = {"--corpus": self.corpus, "--weights": self.arguments.weights, "--threads": 1, "--batch": kill.BATCH,
                 "--out": out, **dict(changed)}
        process = self.start_job(1, out, ["extract", *(word for flag in flags.items() for word in flag)], **settings)
        output = self.output_of(process)
        return process.returncode, output

    def unfinished(self, name, changed=()):
        """A job killed when about half of its rows are done, and its precision."""
        out, partial = self.folder / name, pathlib.Path(f"{self.folder / name}.partial")
        while True:
            for path in (out, partial, pathlib.Path(f"{out}.failures.tsv")):
                path.unlink(missing_ok=True)
            code, output = self.run(out, changed, kill_at=self.halfway, rank=0)
            done = 0
            if partial.exists():
                with h5py.File(partial) as file:
                    done, precision = int((file["status"][:] != 0).sum()), file.attrs["precision"]
            if 8 <= done < ROWS:
                assert code not in (0, 1, 3), f"{code}\n{output}"
                return out, precision if isinstance(precision, str) else precision.decode()
            self.halfway += 10 if partial.exists() else -5
            assert 5 < self.halfway < 200, f"no kill left half of the rows\n{output}"

    def refused(self, out, changed, *says):
        before = pathlib.Path(f"{out}.partial").read_bytes()
        code, output = self.run(out, changed)
        lines = [line for line in output.splitlines() if line.startswith("pool3: error:")]
        assert code == 1 and len(lines) == 1 and "is of another job" in lines[0], output
        missing = [part for part in says if part not in lines[0]]
        assert not missing, f"{missing} not in: {lines[0]}"
        assert pathlib.Path(f"{out}.partial").read_bytes() == before, "what is there was changed"
        print(f"ok: {lines[0].partition('is of another job: ')[2]}", flush=True)

    def goes_on(self, out, changed, reference):
        code, output = self.run(out, changed)
        assert code == 3 and "resuming: " in output, output
        assert out.read_bytes() == reference.read_bytes(), "the file differs"

    def other_jobs(self):
        reference = self.folder / "reference.h5"
        code, output = self.run(reference)
        assert code == 3, output
        out, precision = self.unfinished("f.h5")
        weights = self.folder / "other.safetensors"
        shutil.copyfile(self.arguments.weights, weights)
        with open(weights, "r+b") as file:  # one bit of one weight
            file.seek(-4, os.SEEK_END)
            byte = file.read(1)[0]
            file.seek(-4, os.SEEK_END)
            file.write(bytes([byte ^ 1]))
        self.refused(out, {"--weights": weights}, "weights_sha256: ")
        weights.unlink()
        self.refused(out, {"--profile": "tf2015"}, "profile: tf2015 here, nsfwjs there")
        other = "fp32" if precision != "fp32" else "bf16"
        self.refused(out, {"--precision": other}, f"precision: {other} here, {precision} there")
        self.refused(out, {"--labels": "none"}, "labels: none here, auto there")
        extra = self.corpus / "a" / "new.png"
        extra.write_bytes(kill.png((1, 2, 3)))
        self.refused(out, {}, "catalogue: pictures of ")
        extra.unlink()
        self.goes_on(out, {}, reference)
        return reference

    def classes(self):
        """The list of classes counts, its name does not."""
        lists = {name: self.folder / name for name in ("ab", "ba", "copy")}
        lists["ab"].write_text("a\nb\n")
        lists["ba"].write_text("b\na\n")
        lists["copy"].write_text("a\nb\n")
        reference = self.folder / "classes.h5"
        self.run(reference, {"--classes": lists["ab"]})
        out, _ = self.unfinished("c.h5", {"--classes": lists["ab"]})
        self.refused(out, {"--classes": lists["ba"]}, "catalogue: pictures of ")
        # The stored configuration is that of the job that began.
        code, output = self.run(out, {"--classes": lists["copy"]})
        assert code == 3 and "resuming: " in output, output
        assert out.read_bytes() == reference.read_bytes(), "the file differs"
        print("ok: --classes on a resume: other classes are refused, the same under another name go on")

    def killed_after_the_rename(self, reference):
        """The file is complete, but its lock is there and the table of failures is not: the same command puts that right."""
        place = self.folder / "renamed"
        place.mkdir()
        out = place / "f.h5"
        code, output = self.run(out, kill_renamed=out)
        left = {path.name for path in place.iterdir()}
        assert code not in (0, 1, 3) and {"f.h5", "f.h5.lock"} <= left and "f.h5.failures.tsv" not in left, f"{code} {left}\n{output}"
        code, output = self.run(out)
        assert code == 3 and "already done, nothing to do" in output, output
        tidied = {path.name: path.read_bytes() for path in place.iterdir()}
        wanted = {"f.h5": reference.read_bytes(), "f.h5.failures.tsv": pathlib.Path(f"{reference}.failures.tsv").read_bytes()}
        assert tidied == wanted, f"{sorted(tidied)} there, of {sorted(left)}"
        print("ok: a kill after the rename: the same command writes the table of failures and removes the lock", flush=True)

    def most_failures(self, reference):
        out, _ = self.unfinished("m.h5", {"--max-failures": 2})
        code, output = self.run(out, {"--max-failures": 2})
        assert code == 1 and "3 images failed, and --max-failures allows 2" in output, output
        self.goes_on(out, {"--max-failures": 3}, reference)
        print("ok: failures of before count for --max-failures, and nothing is lost")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pool3", type=pathlib.Path, required=True)
    parser.add_argument("--interpose", type=pathlib.Path, required=True)
    parser.add_argument("--weights", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    arguments.seed = 1
    with tempfile.TemporaryDirectory(prefix="pool3-resume-") as name:
        resume = Resume(arguments, pathlib.Path(name))
        reference = resume.other_jobs()
        resume.classes()
        resume.most_failures(reference)
        resume.killed_after_the_rename(reference)


if __name__ == "__main__":
    sys.exit(main())
