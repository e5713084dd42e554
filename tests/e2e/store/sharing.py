"""Folders that others write to as well: several jobs make one file, names are planted, and modes are those of the umask."""

import fcntl
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys

import h5py

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402

ROUNDS = int(os.environ.get("POOL3_ROUNDS", "6"))
WRITERS = 4


def start_alone(pool3, arguments, **env):
    return subprocess.Popen([str(pool3.program), *map(str, arguments)], env=support.environment(env), stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def simultaneous(check, pool3, features, folder):
    """What srun without PMI starts: each task is a job of its own, and all of them write the same files."""
    command = ["train", "--features", features, "--out", folder / "M.h5", "--probability-folds", 2]
    pool3(*command, ranks=0)
    wanted = (folder / "M.h5").read_bytes()
    codes, whole = set(), True
    for _ in range(ROUNDS):
        (folder / "M.h5").unlink()
        writers = [start_alone(pool3, command) for _ in range(WRITERS)]
        codes |= {writer.wait(support.LIMIT_SECONDS) for writer in writers}
        whole = whole and (folder / "M.h5").read_bytes() == wanted
        json.loads((folder / "M.h5.certificate.json").read_text())
    check(codes == {0}, f"{WRITERS} simultaneous trainings on one --out, {ROUNDS} times: exit codes {codes}")
    check(whole, "each time the model is whole")
    check(names(folder) == ["M.h5", "M.h5.certificate.json"], f"nothing else is left: {names(folder)}")
    search = ["search", "--features", features, "--out", folder / "S.json", "--best", folder / "B.h5", "--C", 0.1, 1, "--folds", 2,
              "--probability-folds", 0]
    codes = {writer.wait(support.LIMIT_SECONDS) for writer in [start_alone(pool3, search) for _ in range(WRITERS)]}
    points = json.loads((folder / "S.json").read_text())["points"]
    check(codes == {0} and len(points) == 2, f"simultaneous searches: exit codes {codes}, {len(points)} points")
    pool3("verify", folder / "B.h5", ranks=0)
    left = [name for name in names(folder) if name.endswith(".tmp")]
    check(not left, f"no temporary is left: {left}")


def tasks_alone(check, pool3, features, folder):
    """A rank that is alone in a step of several tasks says so, once."""
    command = ["inspect", features]
    said = []
    for rank in range(2):
        task = start_alone(pool3, command, SLURM_STEP_NUM_TASKS="2", SLURM_NTASKS="2", SLURM_PROCID=str(rank))
        said.append(task.communicate(timeout=support.LIMIT_SECONDS)[1])
        check(task.returncode == 0, f"task {rank} goes on")
    check("this step has 2 tasks, but MPI sees one rank" in said[0] and "srun --mpi=pmix" in said[0], f"told: {said[0].strip()}")
    check("this step" not in said[1], "the second task leaves it to the first")
    for env in ({"SLURM_NTASKS": "2"}, {"SLURM_STEP_NUM_TASKS": "1"}):
        task = start_alone(pool3, command, **env)
        check("this step" not in task.communicate(timeout=support.LIMIT_SECONDS)[1], f"nothing is said with {env}")
    result = pool3(*command, ranks=1, env={"SLURM_STEP_NUM_TASKS": "2"})
    check("this step" not in result.err, "nothing is said under mpirun -n 1")


def planted(check, pool3, features, folder):
    """Links under names that can be guessed lead nowhere."""
    victim = folder / "victim"
    victim.write_text("precious")
    planted_names = ["M.h5.tmp", "M.h5.certificate.json.tmp", "L.h5.lock", "current.h5.tmp"]
    for name in planted_names:
        (folder / name).symlink_to("victim")
    (folder / "current.h5.tmp").unlink()
    (folder / "current.h5.tmp").write_text("of somebody else")
    pool3("train", "--features", features, "--out", folder / "M.h5", "--probability-folds", 0, ranks=0)
    result = pool3("link", folder / "L.h5", features, code=1, ranks=0)
    check("L.h5.lock: is a symbolic link (remove it, or write to another folder)" in result.err, result.err.strip())
    pool3("publish", features, "--as", folder / "current.h5", ranks=0)
    check((folder / "current.h5.tmp").read_text() == "of somebody else", "publish leaves a .tmp that is not its own alone")
    for name in ("S.json.points", "S.json.state-1-0"):
        (folder / name).symlink_to("victim")
        result = pool3("search", "--features", features, "--out", folder / "S.json", "--C", 1, "--folds", 2, code=1, ranks=0) \
            if name.endswith("points") else None
        if result:
            check("S.json.points: is a symbolic link" in result.err, result.err.strip())
            (folder / name).unlink()
    pool3("search", "--features", features, "--out", folder / "S.json", "--C", 1, "--folds", 2, ranks=0)
    check(victim.read_text() == "precious", "no link was followed")


def open_elsewhere(check, pool3, features, folder):
    """A file that another program is writing to is not called damaged."""
    path = folder / "F.h5"
    shutil.copyfile(features, path)
    with h5py.File(path, "r+") as file:
        result = pool3.start(["inspect", path], ranks=0)
        check("damaged" not in result.err, f"opened for writing, not written to: {result.err.strip() or 'read'}")
        file.attrs["note"] = "x" * 4000
        file.flush()
        result = pool3("inspect", path, code=1, ranks=0)
        check("another program has it open for writing (close it there" in result.err and "damaged" not in result.err, result.err.strip())
    result = pool3("inspect", path, code=1, ranks=0)
    check("the file is damaged, or another program has changed it" in result.err, result.err.strip())
    shutil.copyfile(features, path)
    with open(path, "r+b") as file:
        file.seek(600)
        file.write(b"changed")
        file.flush()
        fcntl.lockf(file, fcntl.LOCK_EX)
        result = pool3("verify", path, code=1, ranks=0)
        check("another program has it open for writing" in result.err, "a lock of a part: " + result.err.strip())


def modes(check, pool3, features, folder):
    """Every file that a command makes has mode 0666, less the umask."""
    commands = [
        ["train", "--features", features, "--out", "M.h5", "--probability-folds", 0],
        ["search", "--features", features, "--out", "S.json", "--best", "B.h5", "--C", 1, "--folds", 2, "--probability-folds", 0],
        ["evaluate", "--features", features, "--model", "M.h5", "--out", "E.json"],
        ["diff", features, features, "--out", "D.json"],
        ["repack", features, "R.h5"],
        *(["export", "--model", "M.h5", "--format", kind, "--out", f"X.{kind}"] for kind in ("npz", "liblinear", "onnx")),
        ["train", "--features", features, "--out", "N.h5", "--metrics", "metrics", "--prometheus", "p.prom"],
    ]
    for mask in (0o077, 0o002):
        place = folder / f"{mask:o}"
        place.mkdir()
        for command in commands:
            result = subprocess.run([str(pool3.program), *map(str, command)], cwd=place, env=support.environment({}), umask=mask,
                                    capture_output=True, text=True, timeout=support.LIMIT_SECONDS, check=False)
            if result.returncode != 0 and command[0] != "export":
                check(False, f"{command}: {result.stderr}")
        made = [path for path in place.rglob("*") if path.is_file()]
        wrong = {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in made
                 if stat.S_IMODE(path.stat().st_mode) != 0o666 & ~mask}  # fmt: skip
        check(not wrong and len(made) >= 10, f"umask {mask:03o}: {len(made)} files, all of mode {0o666 & ~mask:o}; others: {wrong}")


def main():
    checks, pool3, folder = support.start_test(__doc__)
    features = support.make_features(pool3, folder / "F.h5", "float32")
    for step in (simultaneous, tasks_alone, planted, open_elsewhere, modes):
        place = folder / step.__name__
        place.mkdir()
        step(checks, pool3, features, place)
    checks.finish()


if __name__ == "__main__":
    main()
