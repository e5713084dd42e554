"""Several nodes, each with its own shared memory: Slurm's PMIx plugin tells MPI which ranks share one. Tables and models are
those of one rank, byte for byte (probabilities to the last digits); a rank that is killed on another node ends all.
"""

import json
import os
import signal
import subprocess
import time

import batch
import cluster as slurm
import h5py
import numpy as np
from batch import e2e

LAYOUTS = {"4 nodes": (4, 4), "2 nodes of 2 ranks": (2, 4)}
FEATURES = "../features.h5"
TABLE = ["search", "--features", FEATURES, "--folds", "4", "--out", "table.json"]
TRAIN = ["train", "--features", FEATURES, "--probability-folds", "0"]
CALIBRATED = ["train", "--features", FEATURES, "--kernel", "rbf", "--multiclass", "ovo", "--out", "calibrated.h5"]
COMMANDS = {  # what it makes
    "linear.h5": [*TRAIN, "--solver", "gram", "--out", "linear.h5"],
    "rbf.h5": [*TRAIN, "--kernel", "rbf", "--loss", "l1", "--out", "rbf.h5"],
    "pairs.h5": [*TRAIN, "--kernel", "rbf", "--multiclass", "ovo", "--out", "pairs.h5"],
    "table.json": [*TABLE, "--kernel", "linear", "rbf", "--C", "1", "10", "--solver", "gram"],
    "landmarks/table.json": [*TABLE, "--kernel", "rbf", "--C", "1", "10", "--landmarks", "40"],
    "map.h5": ["map", FEATURES, "--steps", "50", "--out", "map.h5"],
    "audit/audit.json": ["audit", FEATURES, "--model", "../model.h5", "--out", "audit"],
    "neighbours": ["neighbours", "--features", FEATURES, "--all", "--top", "3"],
    "report.json": ["evaluate", "--features", FEATURES, "--model", "../model.h5", "--out", "report.json"],
}


def make_features(pool3, folder):
    rng = np.random.default_rng(5)
    y = np.arange(360) % 6
    np.savez(folder / "f.npz", X=(rng.normal(size=(360, 24)) + 3 * rng.normal(size=(6, 24))[y]).astype("f4"), y=y)
    pool3("import", "--features", folder / "f.npz", "--out", folder / "features.h5")
    pool3("train", "--features", folder / "features.h5", "--out", folder / "model.h5")


def without_times(path):
    """The bytes of what a command made, but for how long it took."""
    if path.suffix != ".json":
        return path.read_bytes()
    made = json.loads(path.read_text())
    for point in made.get("points", []):
        del point["seconds"]
    return json.dumps(made).encode()


def make(name, folder, run):
    """Makes one thing in a folder; its bytes, and what the command said."""
    place = (folder / name).parent
    place.mkdir(parents=True, exist_ok=True)
    command = COMMANDS[name]
    if name.startswith("landmarks/"):
        command = [part.replace("../", "../../") for part in command]
    if name.startswith("audit/"):
        place = folder
    done = run(command, place)
    if name == "neighbours":
        (folder / name).write_text(done.stdout)
    return without_times(folder / name), done.stderr


def launch(site, nodes, ranks, command, place):
    """Ranks on the first nodes, a process of Popen."""
    names = ",".join(site.cluster.names[:nodes])
    srun = ["srun", "--mpi=pmix", "--overcommit", "-w", names, "-n", str(ranks), "--chdir", str(place)]
    env = e2e.environment({**batch.NETWORK, **{name: site.cluster.env[name] for name in ("PATH", "SLURM_CONF")}})
    return subprocess.Popen([*srun, str(site.pool3.program), *command], env=env, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def on_nodes(site, nodes, ranks):
    def run(command, place):
        process = launch(site, nodes, ranks, command, place)
        out, err = process.communicate(timeout=e2e.LIMIT_SECONDS)
        done = subprocess.CompletedProcess(command, process.returncode, out, err)
        if done.returncode != 0:
            raise RuntimeError(f"{command} on {nodes} nodes: {done.returncode} {done.stderr}")
        return done
    return run


def alone(site):
    def run(command, place):
        return subprocess.run([str(site.pool3.program), *command], env=e2e.environment({}), cwd=place, capture_output=True,
                              text=True, timeout=e2e.LIMIT_SECONDS, check=True)
    return run


def difference_of_sigmoids(one, other):
    with h5py.File(one) as a, h5py.File(other) as b:
        return max(np.abs(a[name][:] - b[name][:]).max() for name in ("sigmoid_a", "sigmoid_b"))


def test_same_bytes(site):
    said = on_nodes(site, 2, 4)(["bench", "messages"], site.folder).stdout
    site.check(json.loads(said)["nodes"] == 2, f"MPI sees two nodes: {said.strip()}")
    expected = {name: make(name, site.folder / "alone", alone(site))[0] for name in COMMANDS}
    alone(site)(CALIBRATED, site.folder / "alone")
    for layout, (nodes, ranks) in LAYOUTS.items():
        place = site.folder / layout.replace(" ", "-")
        made = {name: make(name, place, on_nodes(site, nodes, ranks)) for name in COMMANDS}
        other = [name for name in COMMANDS if made[name][0] != expected[name]]
        site.check(not other, f"{layout}: the bytes of one rank" + (f", but for {other}" if other else ""))
        site.check(made["linear.h5"][1].count("GiB a node of") == 1, f"{layout}: memory is told by the node")
        on_nodes(site, nodes, ranks)(CALIBRATED, place)
        apart = difference_of_sigmoids(site.folder / "alone" / "calibrated.h5", place / "calibrated.h5")
        site.check(apart < 1e-9, f"{layout}: probabilities' sigmoids differ by {apart:.1e}")


def pool3_below(daemon):
    found = []
    for process in slurm.descendants(daemon.pid):
        try:
            with open(f"/proc/{process}/comm", encoding="ascii") as file:
                found += [process] if file.read().strip() == "pool3" else []
        except OSError:
            continue
    return found


def test_killed_rank(site):
    """Of a solve that would take minutes."""
    command = ["train", "--features", FEATURES, "--solver", "descent", "--C", "1e6", "--tolerance", "1e-12", "--max-epochs",
               "100000000", "--out", "never.h5"]
    job = launch(site, 2, 4, command, site.folder / "alone")
    daemons = [site.cluster.daemons[name] for name in ("n1", "n2")]
    site.cluster.wait_until(lambda: all(len(pool3_below(d)) == 2 for d in daemons), 60, "two ranks run on each node")
    time.sleep(1)  # they have found each other, and solve
    os.kill(pool3_below(daemons[1])[0], signal.SIGKILL)
    killed = time.monotonic()
    _, err = job.communicate(timeout=120)
    site.check(job.returncode != 0, f"a killed rank of the second node: srun ends with {job.returncode} after "
               f"{time.monotonic() - killed:.1f} s: {err.strip().splitlines()[-1]}")
    site.cluster.wait_until(lambda: not any(pool3_below(d) for d in daemons), 60, "no rank is left")
    site.check(not (site.folder / "alone" / "never.h5").exists(), "all ranks end, and there is no model")


def test(site):
    make_features(site.pool3, site.folder)
    test_same_bytes(site)
    test_killed_rank(site)


batch.run(__doc__, test, nodes=4)
