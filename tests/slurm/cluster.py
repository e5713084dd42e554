"""A real Slurm on this machine: munged, slurmctld and some slurmd in a private folder, on ports of their own.

    with Cluster(folder, nodes=2) as cluster:
        job = cluster.submit("embed.sbatch", env={...})
        cluster.wait(job)

Stops everything it started, jobs included. Runs as root or as any user.
"""

import ctypes
import os
import pathlib
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

PROGRAMS = {"munged": "munge", "slurmctld": "slurmctld", "slurmd": "slurmd", "sbatch": "slurm-client"}
SKIPPED = 77
KILL_WAIT = 60  # seconds from SIGTERM to SIGKILL
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
CONFIGURATION = """\
ClusterName=pool3test
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
StateSaveLocation={folder}/ctld
SlurmctldPidFile={folder}/ctld.pid
SlurmctldPort={controller_port}
SlurmdSpoolDir={folder}/%n
SlurmdPidFile={folder}/%n.pid
TmpFS={folder}/tmp-%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SwitchType=switch/none
MpiDefault=pmix
ReturnToService=2
SlurmdParameters=config_overrides
SlurmdTimeout=10
KillWait={kill_wait}
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0,requeue_setup_env_fail
JobRequeue=1
{nodes}
PartitionName=main Nodes=ALL Default=YES State=UP
PartitionName=other Nodes=ALL State=UP
"""


def missing_packages():
    """Those of PROGRAMS that this machine lacks."""
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    missing = {package for program, package in PROGRAMS.items() if not shutil.which(program, path=path)}
    libraries = pathlib.Path("/usr/lib").glob("*-linux-gnu/libpmix.so")
    return sorted(missing | (set() if any(libraries) else {"libpmix-dev"}))


def free_ports(count):
    """Outside of the range that the kernel takes those of connections from: none is taken before its daemon listens."""
    ports = []
    for port in random.sample(range(10_000, 30_000), 2000):
        with socket.socket() as s:
            try:
                s.bind(("0.0.0.0", port))
            except OSError:
                continue
        ports.append(port)
        if len(ports) == count:
            return ports
    sys.exit("FAILED: there are no free ports")


def adopt_orphans():
    """Descendants whose parent ends become children of this process, so that none is lost."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def live_and_die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    adopt_orphans()


def descendants(root):
    """All processes below `root`, itself left out."""
    children = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, open_ = [], [root]
    while open_:
        below = children.get(open_.pop(), [])
        found += below
        open_ += below
    return found


def kill_all(processes):
    for process in processes:
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            pass


class Cluster:
    def __init__(self, folder, nodes=2, cores=2):
        if missing := missing_packages():
            print(f"skipped: not installed: {', '.join(missing)} (scripts/setup slurm installs them)")
            sys.exit(SKIPPED)
        self.folder = pathlib.Path(folder)
        self.names = [f"n{i + 1}" for i in range(nodes)]
        self.cores = cores
        self.daemons = {}
        self.env = {**os.environ, "SLURM_CONF": str(self.folder / "slurm.conf")}
        self.env["PATH"] += ":/usr/sbin:/sbin"

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))  # so that __exit__ runs
        adopt_orphans()
        self.before = set(descendants(os.getpid()))
        try:
            self.configure()
            self.start_munge()
            self.start_daemon("slurmctld", ["slurmctld", "-D"])
            for name in self.names:
                self.start_node(name)
            self.wait_until(lambda: self.idle_nodes() == len(self.names), 240, "all nodes are idle")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        # In rounds: what is killed may just have started something.
        for _ in range(50):
            mine = [p for p in descendants(os.getpid()) if p not in self.before]
            if not mine:
                return
            kill_all(mine)
            self.reap()
            time.sleep(0.1)

    @staticmethod
    def reap():
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass

    def configure(self):
        ports = free_ports(1 + len(self.names))
        host = socket.gethostname().split(".")[0]
        nodes = [f"NodeName={name} NodeHostName={host} NodeAddr=127.0.0.1 Port={port} CPUs={self.cores} "
                 f"RealMemory=4000 State=UNKNOWN" for name, port in zip(self.names, ports[1:])]
        for name in ("ctld", *self.names, *(f"tmp-{n}" for n in self.names)):
            (self.folder / name).mkdir(parents=True)
        text = CONFIGURATION.format(host=host, user=pwd.getpwuid(os.getuid()).pw_name, folder=self.folder,
                                    controller_port=ports[0], kill_wait=KILL_WAIT, nodes="\n".join(nodes))
        (self.folder / "slurm.conf").write_text(text)
        (self.folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")

    def start_munge(self):
        key, place = self.folder / "munge.key", self.folder / "munge.socket"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        self.start_daemon("munged", ["munged", "--foreground", "--force", f"--socket={place}", f"--key-file={key}",
                                     *(f"--{f}-file={self.folder}/munged.{f}" for f in ("pid", "seed", "log"))])
        self.wait_until(place.exists, 240, "munged listens")

    def start_node(self, name):
        self.start_daemon(name, ["slurmd", "-D", "-N", name])

    def start_daemon(self, name, command):
        log = open(self.folder / f"{name}.log", "ab")
        self.daemons[name] = subprocess.Popen(command, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                              start_new_session=True, preexec_fn=live_and_die_with_parent)
        log.close()

    def kill_node(self, name):
        """As when a machine loses power: slurmd and all that runs below it are gone."""
        daemon = self.daemons[name]
        below = descendants(daemon.pid)
        kill_all([daemon.pid, *below])
        daemon.wait()

    def set_kill_wait(self, seconds):
        """From SIGTERM to SIGKILL, from now on."""
        path = self.folder / "slurm.conf"
        path.write_text(re.sub("KillWait=.*", f"KillWait={seconds}", path.read_text()))
        self("scontrol", "reconfigure")

    def idle_nodes(self):
        return len(set(self("sinfo", "-h", "-N", "-t", "idle", "-o", "%N", check=False).split()))

    def __call__(self, *command, check=True, env=None):
        """What the command prints."""
        done = subprocess.run([str(c) for c in command], env={**self.env, **(env or {})}, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=240)
        if check and done.returncode != 0:
            raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr}{done.stdout}")
        return done.stdout

    def submit(self, *arguments, env=None, cwd=None):
        """The job's id."""
        where = ["--chdir", cwd] if cwd else []
        return self("sbatch", "--parsable", *where, *arguments, env=env).strip().split(";")[0]

    def show(self, job):
        """The job's fields, as scontrol tells them."""
        text = self("scontrol", "show", "job", "-o", job, check=False)
        return dict(re.findall(r"(\S+?)=(\S*)", text.split("\n")[0]))

    def state(self, job):
        return self.show(job).get("JobState", "GONE")

    def wait(self, job, seconds=480):
        """Until the job has ended for good; its state."""
        ended = {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "BOOT_FAIL", "OUT_OF_MEMORY", "DEADLINE"}
        self.wait_until(lambda: self.state(job) in ended, seconds, f"job {job} has ended")
        return self.state(job)

    def wait_until(self, holds, seconds, what):
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                raise TimeoutError(f"after {seconds} s still not: {what}\n{self.logs()}")
            time.sleep(0.2)

    def logs(self):
        """The last lines of every log, for a failed test's output."""
        parts = [self("squeue", "-a", check=False)]
        for log in sorted(self.folder.glob("*.log")):
            lines = log.read_text(errors="replace").splitlines()[-15:]
            parts.append(f"--- {log.name}\n" + "\n".join(lines))
        return "\n".join(parts)
