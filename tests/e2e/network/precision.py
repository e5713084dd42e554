"""--precision auto: what it takes and says, and that a file keeps its precision on a machine that would choose another."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402
from failing import USAGE  # noqa: E402

FOLDERS = ["animals"]
COUNT = 12
LESS = {"POOL3_MAX_INSTRUCTIONS": "avx2"}  # such a CPU takes fp32


def precision(path):
    return support.Features(path).attributes["precision"]


def chosen(result):
    lines = [line for line in result.err.splitlines() if "network: " in line]
    return lines[0].split("network: ")[1] if len(lines) == 1 else f"{len(lines)} lines"


def check_resume(check, pool3, corpus, out):
    """Begun where fp32 is chosen, and killed; resumed with all instructions."""
    killed = False
    for at in range(20, 200, 4):
        env = {**LESS, "LD_PRELOAD": pool3.library, "POOL3_TEST_MATCH": str(out), "POOL3_TEST_KILL_AT": str(at)}
        job = pool3.start(["extract", "--corpus", corpus, "--weights", pool3.weights, "--out", out, "--batch", 4], 0, env=env)
        killed = killed or job.code not in (0, None)
        if job.code == 0 or out.with_name(out.name + ".partial").exists():
            break
    check(killed, "a job was killed")
    check(not out.exists(), "its file was not finished")
    told = pool3.extract(corpus, out, "--batch", 4, ranks=0)
    check(precision(out) == "fp32", f"a resumed file keeps its precision: {precision(out)}")
    check("there are of it" in chosen(told), f"and extract says why: {chosen(told)}")


def main():
    check, pool3, folder = support.start_test(__doc__)
    corpus = folder / "corpus"
    support.build_corpus(corpus, FOLDERS, COUNT)
    less, cache = folder / "less.h5", folder / "cache"
    told = pool3.extract(corpus, less, ranks=0, env=LESS)
    check(precision(less) == "fp32" and chosen(told).startswith("fp32 on cpu, chosen since "), f"AVX2: {chosen(told)}")
    told = pool3.extract(corpus, less, ranks=2)
    check("already done" in told.err, "a finished file is done on a CPU that would choose another precision")
    told = pool3.extract(corpus, folder / "next.h5", "--update-from", less, ranks=0)
    check(precision(folder / "next.h5") == "fp32" and f"{COUNT} rows copied, 0 tried" in told.err,
          "rows that --update-from takes over keep their precision")
    told = pool3.extract(corpus, folder / "asked.h5", "--precision", "fp32", ranks=0)
    check(chosen(told) == "fp32 on cpu", "what was asked for was not chosen")
    one = pool3.extract(corpus, folder / "one.h5", ranks=0, env={"POOL3_CACHE": str(cache)})
    two = pool3.extract(corpus, folder / "two.h5", ranks=2, env={"POOL3_CACHE": str(cache)})
    check(precision(folder / "one.h5") == precision(folder / "two.h5"), f"one run and the next agree: {chosen(one)}")
    check("chosen since " in chosen(two), f"with ranks, too: {chosen(two)}")
    wrong = pool3.start(["extract", "--corpus", corpus, "--weights", pool3.weights, "--out", folder / "never.h5"], 2,
                        env={"POOL3_MAX_INSTRUCTIONS": "sse"})
    check(wrong.code == USAGE and len(wrong.errors()) == 1 and "avx512_vnni" in wrong.errors()[0],
          f"a limit that nobody knows is refused: {wrong.errors()}")
    check_resume(check, pool3, corpus, folder / "resumed.h5")
    check.finish()


if __name__ == "__main__":
    main()
