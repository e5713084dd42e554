"""The plan of `extract --dry-run` beside what extract then makes: sizes for both types of features, and parts."""

import pathlib
import re
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import support  # noqa: E402

UNITS = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}
FLAGS = ["--batch", 16, "--precision", "fp32", "--alignment", 0]
FOLDERS = {"a": 50, "b": 70, "c": 45}


def plan_of(pool3, corpus, *flags, weights=None):
    """Fields of the plan, and images by class. Without weights it comes at once."""
    fields, classes = {}, {}
    plan = pool3("extract", "--corpus", corpus, "--out", "never.h5", "--weights", weights or pool3.weights, *FLAGS, *flags,
                 "--dry-run")
    for line in plan.out.splitlines():
        if counted := re.fullmatch(r" *(\d+)  (.+)", line):
            classes[counted[2]] = int(counted[1])
        else:
            fields[line[:13].strip()] = line[14:]
    return fields, classes


def bytes_of(text):
    number, unit = text.split()
    return float(number) * UNITS[unit]


def check_types(check, pool3, corpus, folder):
    """The planned size is that of the file, but for some per cent: half precision takes half."""
    planned = {}
    for dtype in ("float32", "float16"):
        out = folder / f"{dtype}.h5"
        planned[dtype] = bytes_of(plan_of(pool3, corpus, "--dtype", dtype)[0]["feature file"])
        pool3.extract(corpus, out, *FLAGS, "--dtype", dtype)
        size = out.stat().st_size
        check(abs(planned[dtype] / size - 1) < 0.05, f"{dtype}: {planned[dtype]:.0f} planned, {size} made")
    check(1.9 < planned["float32"] / planned["float16"] < 2.1, "float16 takes half")


def check_parts(check, pool3, corpus, folder):
    images, counted = 0, dict.fromkeys(FOLDERS, 0)
    for part in (1, 2, 3):
        flags = ["--part", f"{part}/3"]
        fields, classes = plan_of(pool3, corpus, *flags, weights="none")
        out = folder / f"part-{part}.h5"
        pool3.extract(corpus, out, *FLAGS, *flags)
        made = support.Features(out)
        count, size = int(fields["images"].split()[0]), bytes_of(fields["feature file"])
        check(count == len(made.status), f"part {part}: {count} images planned, {len(made.status)} made")
        check(abs(size / out.stat().st_size - 1) < 0.1, f"part {part}: {size:.0f} bytes planned, {out.stat().st_size} made")
        check(fields["part"].startswith(f"{part} of 3") and fields["blocks"].startswith(f"{-(-count // 16)} of 16 rows"),
              f"{fields['part']}; {fields['blocks']}")
        images += count
        for name, number in classes.items():
            counted[name] += number
    check(images == sum(FOLDERS.values()), f"all parts have {images} images")
    check(counted == FOLDERS, f"and of each class those that there are: {counted}")


def check_empty_part(check, pool3, corpus):
    """165 images are 11 blocks: of 40 parts the others have none."""
    last, empty = (plan_of(pool3, corpus, "--part", f"{part}/40")[0] for part in (11, 12))
    check(last["images"].startswith("5 ") and "images/s" in last["time"], f"the last block: {last['images']}")
    check(empty["images"].startswith("0 ") and "no images" in empty["time, memory"], "a part without a block is planned")


def main():
    check, pool3, folder = support.start_test(__doc__)
    pictures = support.choose_pictures("shapes", 3)
    corpus = folder / "corpus"
    for name, count in FOLDERS.items():
        (corpus / name).mkdir(parents=True)
        for i in range(count):
            shutil.copy(pictures[i % 3], corpus / name / f"{i:03}.png")
    check_types(check, pool3, corpus, folder)
    check_parts(check, pool3, corpus, folder)
    check_empty_part(check, pool3, corpus)
    check.finish()


if __name__ == "__main__":
    main()
