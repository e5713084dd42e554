"""What users of a cluster set, and where it trips them: another folder, an environment that is not passed on, modules without a
login shell, cores of a task under mpirun, a Slurm without PMIx.
"""

import pathlib
import subprocess

import batch


def embed(site, name, *flags, state="COMPLETED", **settings):
    """The log of a job that makes features in a folder of its own."""
    job = site.submit("embed.sbatch", *(flags or ("--ntasks=1",)), POOL3_FOLDER=str(site.folder / name), **settings)
    site.expect(job, state)
    return (site.folder / f"pool3-embed-{job}.log").read_text()


def test_folders(site):
    """Relative paths with blanks: of the script, and of the output, for jobs that start elsewhere."""
    here = site.folder / "a folder"
    here.mkdir()
    (here / "job scripts").symlink_to(batch.SCRIPTS)

    def run(*command, **settings):
        env = {**site.cluster.env, **site.settings, "POOL3_FOLDER": "the output", **settings}
        return subprocess.run(command, cwd=here, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout
    job = run("sbatch", "--parsable", "--ntasks=1", "job scripts/embed.sbatch", SBATCH_PARTITION="other").strip()
    site.expect(job)
    site.check(site.cluster.show(job)["Partition"] == "other", "SBATCH_PARTITION counts")
    site.check((here / "the output" / "features.h5").exists(), "sbatch of a relative path; a relative POOL3_FOLDER")
    (here / "my.env").write_text("POOL3_EXTRACT_FLAGS=--threads 1\n")
    said = run("job scripts/chain.sh", "embed", POOL3_FOLDER="chained", POOL3_SETTINGS="my.env",
               SBATCH_ARGS=f"--ntasks=1 --chdir={site.folder}")
    site.expect(said.split()[1])
    site.check((here / "chained" / "features.h5").exists(), "a chain's folder is that of where it was submitted")


def test_export(site):
    """`--export` gives the job one variable; ranks need what the settings say, on two nodes."""
    path = site.folder / "cluster.env"
    path.write_text("".join(f"{name}={value}\n" for name, value in site.settings.items() if name.startswith(("POOL3_", "OMPI_MCA_"))))
    root = ",".join(f"{name}={value}" for name, value in batch.NETWORK.items() if name.startswith("OMPI_ALLOW"))
    job = site.cluster.submit("--nodes=2", "--ntasks=2", f"--export=POOL3_SETTINGS={path},{root}", batch.SCRIPTS / "embed.sbatch",
                              cwd=str(site.folder))
    site.expect(job)
    site.check((site.work / "features.h5").exists(), "sbatch --export=POOL3_SETTINGS=...")


def test_modules(site):
    if not any(pathlib.Path(p).exists() for p in ("/usr/share/modules/init/bash", "/usr/share/lmod/lmod/init/bash")):
        print("skipped: modules are not installed")
        return
    (site.folder / "modules").mkdir()
    (site.folder / "modules" / "some-mpi").write_text("#%Module\nsetenv LOADED yes\n")
    program = site.folder / "needs-module"
    program.write_text(f'#!/bin/sh\n[ "$LOADED" = yes ] || exit 1\nexec {site.pool3.program} "$@"\n')
    program.chmod(0o755)
    settings = {"POOL3_PROGRAM": str(program), "MODULEPATH": str(site.folder / "modules")}
    embed(site, "modules-1", POOL3_MODULES="some-mpi", **settings)
    site.check(True, "modules are there without a login shell")
    log = embed(site, "modules-2", state="FAILED", POOL3_MODULES="no-such", **settings)
    site.check("module load no-such failed" in log, "a module that is not there ends the job")


def test_threads(site):
    """mpirun binds each of two ranks to a core, unless it is told otherwise."""
    settings = {"POOL3_LAUNCH": "mpirun", "POOL3_EXTRACT_FLAGS": ""}
    log = embed(site, "threads", "--ntasks=1", "--cpus-per-task=2", **settings)
    site.check("1 ranks of 2 threads" in log, "a task of two cores has two threads under mpirun")
    log = embed(site, "bound", "--ntasks=1", "--cpus-per-task=2", POOL3_LAUNCH_FLAGS="--bind-to core", **settings)
    site.check("1 ranks of 1 threads" in log, "flags of the user's go first")


def test_pmix(site):
    log = embed(site, "pmix", state="FAILED", POOL3_LAUNCH_FLAGS="--mpi=no-such")
    site.check("Invalid MPI type" in log, "without PMIx srun says so, and the job fails")
    embed(site, "pmix", POOL3_LAUNCH="mpirun")
    site.check(True, "POOL3_LAUNCH=mpirun does without")


def test(site):
    site.build_corpus(2)
    test_folders(site)
    test_export(site)
    test_modules(site)
    test_threads(site)
    test_pmix(site)


batch.run(__doc__, test)
