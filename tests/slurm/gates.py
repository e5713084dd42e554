"""The gates of the nightly job and the settings of all job scripts, without Slurm and with a pool3 of this test's own, which
says what it is told: whatever is odd about a setting or a report, nothing is published and the night does not end well.
"""

import json
import os
import pathlib
import re
import subprocess
import tempfile

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "slurm"
# Makes what each command would; `diff` copies the report that the test has put there.
PROGRAM = """#!/bin/bash
command=$1; shift
while (($#)); do case $1 in --out) out=$2; shift ;; --as) link=$2; shift ;; --*) ;; *) file=$1 ;; esac; shift; done
case $command in
  extract) echo new >"$out" ;;
  diff) [[ ! -e $REPORT ]] || cp "$REPORT" "$out"; exit "${DIFF_CODE:-0}" ;;
  publish) ln -sfn "$(realpath "$file")" "$link" ;;
esac
"""
REPORT = {"format": "pool3 diff", "rows_a": 16, "rows_b": 16, "added": 0, "removed": 0, "changed": 0, "newly_failed": 0}
failed = 0


def check(holds, what):
    global failed
    failed += not holds
    print(("ok: " if holds else "FAILED: ") + what, flush=True)


class Night:
    """A catalogue with a published generation, and one run of a job script."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.work = self.folder / "work"
        self.report = self.folder / "report.json"
        self.program = self.folder / "pool3"
        self.program.write_text(PROGRAM)
        self.program.chmod(0o755)

    def run(self, script="reembed.sbatch", report=None, text=None, **settings):
        """True if it ended well; what it said is in `said`, its state in `state`."""
        self.report.unlink(missing_ok=True)
        if report is not None or text is not None:
            self.report.write_text(json.dumps(report, indent=2) + "\n" if text is None else text)
        env = {name: value for name, value in os.environ.items() if not name.startswith(("POOL3_", "SLURM_"))}
        env.update(POOL3_SCRIPTS=str(SCRIPTS), POOL3_PROGRAM=str(self.program), POOL3_LAUNCH="none", REPORT=str(self.report),
                   POOL3_FOLDER=str(self.work))
        env.update(settings)
        done = subprocess.run(["bash", SCRIPTS / script], env=env, cwd=self.folder, stdin=subprocess.DEVNULL, text=True,
                              stderr=subprocess.PIPE, stdout=subprocess.PIPE, timeout=60, check=False)
        self.said = done.stderr
        return done.returncode == 0

    def begin_anew(self):
        """One published generation."""
        subprocess.run(["rm", "-rf", self.work], check=True)
        generation = self.work / "generations" / "features-20000101-000000.h5"
        generation.parent.mkdir(parents=True)
        generation.write_text("old\n")
        (self.work / "current.h5").symlink_to("generations/features-20000101-000000.h5")

    def published(self):
        return (self.work / "current.h5").resolve().read_text() == "new\n"

    def state(self):
        return json.loads((self.work / "status" / "reembed.json").read_text())["state"]

    def expect(self, publishes, what, **how):
        self.begin_anew()
        well = self.run(**how)
        fine = well == publishes == self.published() and (publishes or self.state() in ("held", "failed"))
        check(fine, f"{what}: {'published' if self.published() else 'not published'}, {self.state()}")
        if not fine:
            print(self.said)


def test_bounds(night):
    """16 pictures: one is 6.25 %."""
    for bound, count in (("0.5", 12), ("5%", 1)):
        night.expect(False, f"POOL3_MOST_NEWLY_FAILED={bound}, {count} of 16", report={**REPORT, "newly_failed": count}, POOL3_MOST_NEWLY_FAILED=bound)
    for bound, count, publishes in (("0.5", 12, False), ("0.5", 1, False), ("0.5", 0, True), ("10%", 1, True), ("10%", 2, False),
                                    ("6.25", 1, True), ("6.249999", 1, False), ("0", 0, True), ("0", 1, False), ("100", 16, True),
                                    ("10\r", 1, True), ("10\r", 2, False), ("", 0, True), ("", 12, False), (" 7 ", 1, True),
                                    ("08", 1, True), ("08", 2, False)):
        night.expect(publishes, f"POOL3_MOST_REMOVED={bound!r}, {count} of 16", report={**REPORT, "removed": count}, POOL3_MOST_REMOVED=bound)
    large = {**REPORT, "rows_a": 999_999_999, "removed": 999_999_998}
    night.expect(False, "a billion pictures, nearly all of them gone", report=large)
    night.expect(True, "none of a billion is gone", report={**large, "removed": 0})


def test_reports(night):
    """What can't be read holds the night."""
    night.expect(True, "a whole report", report=REPORT)
    for name in ("rows_a", "removed", "newly_failed"):
        night.expect(False, f"no {name}", report={key: value for key, value in REPORT.items() if key != name})
        for value in (None, -1, 1.5, "0", 10**30, [0]) if name == "removed" else (-1, 10**30):
            night.expect(False, f"{name}: {value}", report={**REPORT, name: value})
        night.expect(False, f"{name} twice", text=json.dumps(REPORT, indent=2).replace("{", f'{{\n  "{name}": 0,', 1))
    for text in ("", "{}", "no report\n", "\0" * 100, json.dumps(REPORT)):
        night.expect(False, f"a report of {text[:20]!r}", text=text)
    night.expect(False, "no report at all")
    night.expect(False, "drift", report=REPORT, DIFF_CODE="1")
    night.expect(False, "a diff that crashes", report=REPORT, DIFF_CODE="139", POOL3_MOST_TRIES="1")


def test_lost_generation(night):
    night.begin_anew()
    (night.work / "generations" / "features-20000101-000000.h5").unlink()
    check(not night.run(report=REPORT) and not (night.work / "current.h5").exists() and "which is not there" in night.said,
          "a published generation that is gone holds the night")
    subprocess.run(["rm", "-rf", night.work], check=True)
    check(night.run() and night.published(), "the first night needs nothing to compare with")


# Settings with numbers, their script, and a value that is right.
NUMBERS = {"POOL3_MOST_REMOVED": ("reembed", "2.5"), "POOL3_MOST_NEWLY_FAILED": ("reembed", "0.1%"), "POOL3_MIN_COSINE": ("reembed", "0.9"),
           "POOL3_KEEP": ("reembed", "3"), "POOL3_MOST_RESTARTS": ("embed", "0"), "POOL3_MOST_TRIES": ("embed", "2"),
           "POOL3_PARTS": ("array", "4"), "POOL3_RANKS": ("scaling", "1 2"), "POOL3_REPEATS": ("scaling", "2")}
WRONG = ("-5", "ten", "1e3", "0x10", "1,5", "10%%", "nan", "inf", "1 x", "--", "*", "a[$(touch pwned)]", "1;true", "999999999999", "1.5.2")
ARRAY = {"SLURM_ARRAY_TASK_ID": "1", "SLURM_ARRAY_TASK_COUNT": "4", "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_MAX": "4"}


def test_kinds(night):
    """check_setting in one shell, over all kinds and values."""
    right = {"whole 1": ("1", "08", "7 "), "wholes 1": ("1", "1 2 16"), "percent": ("0", "2.5", "10%", ".5", "100"),
             "decimal -1 1": ("-1", "0.99", "1", ".5")}
    calls = [(kind, value, fine) for kind in right for values, fine in ((WRONG, False), (right[kind], True)) for value in values]
    calls += [("whole 1", "0", False), ("percent", "101", False), ("percent", "-0.1", False), ("decimal -1 1", "1.000001", False)]
    shell = 'source "$0/common.sh"; while (($#)); do X=$2; (check_setting X $1) 2>/dev/null && echo yes || echo no; shift 2; done'
    words = [word for kind, value, _ in calls for word in (kind, value)]
    done = subprocess.run(["bash", "-c", shell, SCRIPTS, *words], cwd=night.folder, stdout=subprocess.PIPE, text=True, timeout=60, check=True)
    found = done.stdout.split()
    wrong = [call for call, said in zip(calls, found) if (said == "yes") != call[2]]
    check(len(found) == len(calls) and not wrong, f"{len(calls)} values of {len(right)} kinds are told apart {wrong}")


def test_settings(night):
    """Every setting is checked before its script does anything."""
    for i, (name, (script, right)) in enumerate(NUMBERS.items()):
        how = {"script": f"{script}.sbatch", "report": REPORT, **(ARRAY if script == "array" else {}),
               **({"POOL3_LAUNCH": "mpirun"} if script == "scaling" else {})}
        for value in (WRONG[i], WRONG[-1 - i]):
            night.begin_anew()
            well = night.run(**how, **{name: value})
            check(not well and f"error: {name} must be" in night.said and not night.published(), f"{name}={value!r} is refused")
        night.begin_anew()
        night.run(**how, **{name: right + "\r"})
        check(f"{name} must be" not in night.said, f"{name}={right!r} is fine, with a carriage return")
    check(not list(night.folder.rglob("pwned")), "no value is run")
    for name, value in (("POOL3_LAUNCH", "ssh"), ("POOL3_CONFIG", "no-such.ini"), ("POOL3_CONFIG", "/")):
        for script in ("embed", "train", "search", "evaluate", "reembed"):
            night.begin_anew()
            check(not night.run(f"{script}.sbatch", **{name: value}) and f"error: {name}" in night.said, f"{script}: {name}={value}")


def test_file(night):
    """A settings file from Windows, and one with a name that is spelt wrong."""
    path = night.folder / "my.env"
    path.write_bytes(b"# bounds\r\n\r\nPOOL3_MOST_REMOVED=5\r\nPOOL3_EXTRACT_FLAGS=--threads 1\r\n")
    night.expect(False, "carriage returns, 6.25 % gone", report={**REPORT, "removed": 1}, POOL3_SETTINGS=str(path))
    night.expect(True, "carriage returns, none gone", report=REPORT, POOL3_SETTINGS=str(path))
    path.write_text("POOL3_MOST_REMOVD=5\n")
    night.begin_anew()
    check(not night.run(report=REPORT, POOL3_SETTINGS=str(path)) and "there is no setting POOL3_MOST_REMOVD" in night.said and
          not night.published(), "a name that is not known is refused")


def test_list():
    """configs/cluster.env lists the settings that the scripts know, and no others."""
    listed = set(re.findall(r"^#POOL3_(\w+)=", (SCRIPTS.parent / "configs" / "cluster.env").read_text(), re.MULTILINE))
    known = set(re.search(r'known_settings="(.*?)"', (SCRIPTS / "common.sh").read_text(), re.DOTALL)[1].split())
    check(listed == known - {"SCRIPTS"}, f"settings that only one of them has: {sorted(listed ^ known - {'SCRIPTS'})}")


with tempfile.TemporaryDirectory(prefix="pool3-gates-") as place:
    the_night = Night(place)
    test_bounds(the_night)
    test_reports(the_night)
    test_lost_generation(the_night)
    test_kinds(the_night)
    test_settings(the_night)
    test_file(the_night)
    test_list()
raise SystemExit(1 if failed else 0)
