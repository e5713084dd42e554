#!/usr/bin/python3
"""Documents point to what is there: every relative link with its heading, every path in backticks, and every page of
docs/ that a source names.

    links.py [FOLDER]          FOLDER is the project if not given
    links.py --self-test       shows that each kind of dead link is found
"""

import re
import sys
import tempfile
from pathlib import Path

LINK = re.compile(r"\]\(([^)\s]+)\)")
QUOTED = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"[\w.-]+(/[\w.-]+)*/?")
PAGE = re.compile(r"\bdocs/[\w./-]+\.(?:md|svg)")
ROOTS = ("", "src", "jobs", "include", "include/pool3", "tests")
FOLDERS = {".ci", "bench", "cmake", "configs", "docs", "include", "jobs", "packaging", "scripts", "slurm", "src", "tests"}
SOURCES = ("include", "src", "jobs", "tests", "bench", "scripts", "slurm", "packaging", "configs", "cmake")


def without_blocks(text):
    """The text with fenced code blocks blanked, on as many lines."""
    return re.sub(r"^```.*?^```", lambda block: "\n" * block[0].count("\n"), text, flags=re.DOTALL | re.MULTILINE)


def anchors(page):
    """The names that headings of a page have on a web page."""
    for heading in re.findall(r"^#+ +(.*)$", without_blocks(page.read_text(encoding="utf-8")), re.MULTILINE):
        yield re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")


def link_problem(page, target):
    if re.match(r"[a-z]+:", target):
        return None
    name, _, anchor = target.partition("#")
    file = page.parent / name if name else page
    if not file.exists():
        return f"{target} is not there"
    if anchor and anchor not in anchors(file):
        return f"{name or page.name} has no heading #{anchor}"
    return None


def path_problem(root, page, words):
    """Only what looks like a path of the project counts: its first folder is one, or it names a header, a source or a
    folder. Words in capitals stand for something else, as in src/ROOM/."""
    word = words.split()[0]
    if "/" not in word.rstrip("/") or not PATH.fullmatch(word) or re.search(r"\b[A-Z]{3,}\b", word.replace("_", " ")):
        return None
    inside = re.search(r"(\.hpp|\.cpp|/)$", word)
    if word.split("/")[0] not in FOLDERS and not inside:
        return None
    if any((root / base / word).exists() for base in ROOTS) or (page.parent / word).exists():
        return None
    return f"{word} is not there"


def problems(root):
    pages = sorted([*root.glob("*.md"), *(p for top in ("docs", "tests", "bench") for p in (root / top).rglob("*.md"))])
    if not pages:
        yield f"{root}: there is no document"
    for page in pages:
        for number, line in enumerate(without_blocks(page.read_text(encoding="utf-8")).splitlines(), 1):
            found = [link_problem(page, link[1]) for link in LINK.finditer(line)]
            found += [path_problem(root, page, quoted[1]) for quoted in QUOTED.finditer(line) if quoted[1].strip()]
            yield from (f"{page.relative_to(root)}:{number}: {problem}" for problem in found if problem)
    for source in sorted(p for top in SOURCES for p in (root / top).rglob("*")):
        if source.is_file() and source.suffix not in (".png", ".jpg", ".h5") and source != Path(__file__).resolve():
            text = source.read_bytes().decode("utf-8", "replace")
            for name in sorted(set(PAGE.findall(text))):
                if not (root / name).exists():
                    yield f"{source.relative_to(root)}: {name} is not there"


GOOD = {
    "README.md": "# One\n## Two words, `a`\n[x](docs/a.md) [y](docs/a.md#b) [z](#two-words-a) [w](https://x.y) `src/a/b.hpp`\n"
    "`a/b.hpp` `scripts/test -R x` `src/ROOM/` `weights/a.bin` `1/2`\n```\n[x](none.md) `src/none.hpp`\n```\n",
    "docs/a.md": "# B\n",
    "src/a/b.hpp": "// see docs/a.md\n",
    "scripts/test": "",
}
BAD = [
    ({"docs/a.md": "# B\n[x](none.md)\n"}, "docs/a.md:2: none.md is not there"),
    ({"docs/a.md": "# B\n[x](../README.md#three)\n"}, "../README.md has no heading #three"),
    ({"docs/a.md": "# B\n`src/none.cpp`\n"}, "src/none.cpp is not there"),
    ({"docs/a.md": "# B\n`a/none.hpp`\n"}, "a/none.hpp is not there"),
    ({"docs/a.md": "# B\n`scripts/none --all`\n"}, "scripts/none is not there"),
    ({"docs/a.md": "# B\n`src/none/`\n"}, "src/none/ is not there"),
    ({"src/a/b.hpp": "// see docs/none.md\n"}, "src/a/b.hpp: docs/none.md is not there"),
]


def problems_of(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return list(problems(Path(folder)))


def self_test():
    wrong = [f"a good tree is refused: {line}" for line in problems_of(GOOD)]
    for files, expected in BAD:
        found = problems_of({**GOOD, **files})
        if len(found) != 1 or expected not in found[0]:
            wrong.append(f"expected one line with '{expected}', found {found}")
    print("\n".join(wrong) or f"links: {len(BAD)} bad trees refused, one good tree accepted")
    return 1 if wrong else 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent.parent
    found = list(problems(root))
    print("\n".join(found) or "links: all there")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
