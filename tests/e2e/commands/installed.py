"""An installed tree: the default weights lie where the installed program finds them, and where there are none it says
where it looked."""

import hashlib
import pathlib
import shutil
import subprocess
import sys

import h5py

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402

NAME = "inception_v3.safetensors"
ROOT = pathlib.Path(__file__).resolve().parents[3]


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def error_of(pool3, elsewhere, **env):
    """The one line of an extraction without --weights, from a folder that has none."""
    flags = ["extract", "--corpus", elsewhere / "pictures", "--out", elsewhere / "never.h5"]
    return "\n".join(pool3(*flags, ranks=0, code=1, cwd=elsewhere, env=env).errors())


def check_found(check, pool3, elsewhere, installed):
    told = pool3("extract", "--corpus", elsewhere / "pictures", "--out", elsewhere / "f.h5", ranks=0, cwd=elsewhere)
    with h5py.File(elsewhere / "f.h5") as file:
        check(file["status"][:].tolist() == [support.DONE] * 2, f"the installed program finds its weights without a flag: {told.err[-200:]}")
    installed.write_bytes(b"no weights")
    check(str(installed) in error_of(pool3, elsewhere), "it is these that it has found: damaged, they are refused by name")


def check_not_found(check, pool3, elsewhere, installed):
    installed.unlink()
    line = error_of(pool3, elsewhere)
    looked = ["$POOL3_WEIGHTS (not set)", str(elsewhere / "weights" / NAME), str(installed)]
    check("no weights found" in line and all(place in line for place in looked), f"where there are none it says where it looked: {line}")
    check("--weights" in line and "scripts/setup weights" in line, "and what to do")
    line = error_of(pool3, elsewhere, POOL3_WEIGHTS=str(elsewhere / "mistyped"))
    check(f"{elsewhere / 'mistyped'}: there is no such file" in line, f"$POOL3_WEIGHTS is not passed over: {line}")


def main():
    check, pool3, folder = support.start_test(__doc__)
    prefix, elsewhere = folder / "prefix", folder / "elsewhere"
    done = subprocess.run([pool3.helper, "--install", pool3.program.parent, "--prefix", prefix], capture_output=True, text=True, check=False)
    if not check(done.returncode == 0, f"cmake --install {done.stderr[-500:]}"):
        check.finish()
    installed = prefix / "share/pool3" / NAME
    source = ROOT / "weights" / NAME
    if not check(source.is_file() and installed.is_file() and sha256(installed) == sha256(source), "it installs the weights of scripts/setup"):
        check.finish()
    for name in ("bin/pool3", "lib/pool3/pool3_torch.so", "share/pool3/slurm/embed.sbatch", "share/doc/pool3/README.md"):
        check((prefix / name).is_file(), f"and {name}")
    (elsewhere / "pictures/tools").mkdir(parents=True)
    for i, picture in enumerate(support.choose_pictures("tools", 2)):
        shutil.copyfile(picture, elsewhere / f"pictures/tools/{i}.png")
    pool3.program = prefix / "bin/pool3"
    check_found(check, pool3, elsewhere, installed)
    check_not_found(check, pool3, elsewhere, installed)
    check.finish()


if __name__ == "__main__":
    main()
