"""What a first try at a command says: help, versions, wrong words and flags, without MPI where nothing is computed."""

import pathlib
import resource
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402

# MPI can't start with it: what answers all the same has not tried.
NO_MPI = {"OMPI_MCA_pml": "none-such"}


def answer(pool3, *words, code=2):
    return pool3(*words, ranks=0, code=code, env=NO_MPI)


WRONG = {  # words: what the one line says
    ("trian",): "there is no command 'trian'; did you mean train?",
    ("help", "extarct"): "there is no command 'extarct'; did you mean extract?",
    ("extract", "--crpus", "a"): "there is no flag --crpus; did you mean --corpus?",
    ("train", "f.h5", "-C", 1): "there is no flag -C; did you mean --C?",
    ("train", "f.h5", "--out", "m.h5", "--C", 1, 10): "'10' belongs to no flag: --C takes one value",
    ("train", "f.h5", "g.h5", "--out", "m.h5"): "'g.h5' belongs to no flag",
    ("evaluate", "f.h5", "--out", "e.json"): "--model is missing",
    ("extract", "a", "--out", "f.h5", "--precision", "fp8"): "--precision must be",
    ("extract", "a", "--out", "f.h5", "--part", "3/2"): "--part must be like 2/8",
    ("search", "f.h5", "--out", "s.json", "--C", -1): "--C must be above 0",
    ("train", "f.h5", "--out", "m.h5", "--loss", "l3"): "--loss must be",
    ("run", "a", "--out", "folder", "--folds", 1): "--folds must be",
    ("diff", "a.h5"): "diff takes two feature files",
    ("predict", "--model", "m.h5"): "no IMAGE given",
    ("extract", "https://a.example/b.tar", "--out", "f.h5"): "https://a.example/b.tar is an address, and pool3 reads files (fetch it first",
    ("train", "s3://bucket/f.h5", "--out", "m.h5"): "s3://bucket/f.h5 is an address",
    ("predict", "--model", "m.h5", "http://a.example/b.png"): "IMAGE http://a.example/b.png is an address",
    ("train", "f.h5", "--out", "s3://bucket/m.h5"): "pool3 writes files (give a path, and copy the file afterwards)",
}


def check_help(check, pool3):
    version = answer(pool3, "--version", code=0).out
    check(version.startswith("pool3 ") and all(answer(pool3, word, code=0).out == version for word in ("-v", "-V")), "versions")
    help_of_train = answer(pool3, "train", "--help", code=0).out
    for words in (("train", "-h"), ("help", "train"), ("--help", "train"), ("train", "--C", 1, "-h")):
        check(answer(pool3, *words, code=0).out == help_of_train, f"{words} is the help of train")
    check("Commands:" in answer(pool3, "help", code=0).out, "help alone lists the commands")


def time_of_children():
    """Seconds of a CPU, which are the same on a busy machine."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def check_wrong_words(check, pool3):
    for words, says in WRONG.items():
        error = answer(pool3, *words).err
        check(says in error and len(error.splitlines()) == 1, f"{' '.join(map(str, words))}: {error.strip()}")
    before = time_of_children()
    answer(pool3, "train", "--nonsense")
    seconds = time_of_children() - before
    check(seconds < 0.3, f"a wrong flag takes {seconds:.3f} s of a CPU")  # 0.02 s; MPI takes 0.07 s, LibTorch more
    both = pool3("train", "--nonsense", ranks=2, code=2)
    check(len(both.errors()) == 1, "and under mpirun once")


def check_bare_environment(check, pool3, folder):
    """Open MPI alone would start a daemon, and look for it and for ssh on the PATH."""
    bare = subprocess.run([pool3.program, "status", folder / "none.h5"], env={}, capture_output=True, text=True, check=False)
    check(bare.returncode == 1 and len(bare.stderr.splitlines()) == 1 and "none.h5" in bare.stderr, f"an empty environment: {bare.stderr.strip()[:200]}")


def check_without_flags(check, pool3, folder):
    corpus = folder / "corpus"
    support.build_corpus(corpus, ["animals", "tools"], 4)
    pool3("extract", corpus, "--weights", pool3.weights, "--out", folder / "f.h5", ranks=0)
    pool3("train", folder / "f.h5", "--out", folder / "m.h5", "--test-fraction", 0.3, ranks=0)
    pool3("evaluate", folder / "f.h5", "--model", folder / "m.h5", "--out", folder / "e.json", ranks=0)
    pool3("export", folder / "m.h5", "--format", "npz", "--out", folder / "m.npz", ranks=0)
    pool3("convert", pool3.weights, "--out", folder / "w.safetensors", ranks=0)
    check(support.Features(folder / "f.h5").attributes["corpus"] == str(corpus), "input may come without its flag")


def main():
    check, pool3, folder = support.start_test(__doc__)
    no_mpi = pool3.start(["inspect", "none.h5"], ranks=0, env=NO_MPI)
    check(no_mpi.code != 0 and not no_mpi.errors(), "MPI can't start here")
    check_help(check, pool3)
    check_wrong_words(check, pool3)
    check_bare_environment(check, pool3, folder)
    check_without_flags(check, pool3, folder)
    check.finish()


if __name__ == "__main__":
    main()
