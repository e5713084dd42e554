#!/usr/bin/python3
"""Each rule of scripts/check-rooms is kept: small trees with one fault each, and a table of rooms made for them."""

import sys
import tempfile
from importlib.machinery import SourceFileLoader
from pathlib import Path

sys.dont_write_bytecode = True
SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
check_rooms = SourceFileLoader("check_rooms", str(SCRIPTS / "check-rooms")).load_module()
rooms = check_rooms.rooms

rooms.ROOMS = {
    "types": rooms.Room("words", []),
    "mpi": rooms.Room("collectives", ["types"]),
    "image": rooms.Room("pixels", []),
    "network": rooms.Room("layers", ["types", "image"],
                          folders={".": ["graph", "torch"], "kernels": [], "graph": ["kernels"], "torch": []}),
    "store": rooms.Room("files", ["mpi"]),
    "svm": rooms.Room("solver", ["mpi"]),
}
rooms.SHARED = {"network/kernels/kernels.hpp"}
rooms.LOOK_BEHIND = {"bench/layers.cpp": "network"}

PAGE = f"""# Design
{check_rooms.BEGIN}
| room | doors | what is behind them | may use |
|---|---|---|---|
| types | `types.hpp` | words |  |
| mpi | `mpi.hpp` | collectives | types |
| image | `image.hpp` | pixels |  |
| network | `network.hpp` | layers | types, image |
| store | `store/model.hpp` | files | mpi |
| svm | `svm.hpp` | solver | mpi |
| jobs | (`jobs/`) | `commands/`, one file a subcommand; the `setup/` they share; `console/`: flags, log, progress | all |
{check_rooms.END}
more
"""
GOOD = {
    "include/pool3/types.hpp": "#pragma once\n#include <array>\n",
    "include/pool3/mpi.hpp": '#pragma once\n#include <mpi.h>\n#include "pool3/types.hpp"\nnamespace pool3 {\nvoid wait();\n}\n',
    "include/pool3/image.hpp": "#pragma once\nnamespace pool3 {\nint decode(int file);\n}\n",
    "include/pool3/network.hpp": '#include "pool3/image.hpp"\n#include "pool3/types.hpp"\nclass Network {\n void run();\n};\n',
    "include/pool3/store/model.hpp": '#include "pool3/mpi.hpp"\nvoid read_model();\n',
    "include/pool3/svm.hpp": '#include <Eigen/Core>\n#include "pool3/mpi.hpp"\n',
    "src/mpi/check.hpp": "#pragma once\nnamespace pool3::mpi {\n}\n",
    "src/mpi/check.cpp": '#include "mpi/check.hpp"\nint a = MPI_Barrier(c);\nnamespace {\n}\n',
    "src/mpi/collectives.cpp": '#include "pool3/mpi.hpp"\nvoid wait() {\n}\n',
    "src/mpi/CMakeLists.txt": "pool3_add_room(mpi ROOMS types DOOR pool3_dep::mpi)\n",
    "src/image/jpeg.cpp": "#include <jpeglib.h>\n// MPI_Barrier(c) #include <torch/torch.h>\nint decode(int file) {}\n",
    "src/store/file.cpp": '#include <hdf5.h>\nauto text = R"(H5Fopen(x) in "text")"; long n = 1\'000; int f = H5Fopen(1);\n'
                          "void read_model() {\n}\n",
    "src/network/kernels/kernels.hpp": "int avx2();\n",
    "src/network/kernels/avx2.cpp": '#include "network/kernels/kernels.hpp"\nint avx2() {\n}\n',
    "src/network/graph/graph.hpp": '#include "network/kernels/kernels.hpp"\n',
    "src/network/open.cpp": '#include <fmt/format.h>\n#include "network/graph/graph.hpp"\nauto s = "MPI_Init(";\nvoid Network::run() {}\n',
    "src/network/torch/run.hpp": "#include <torch/torch.h>\n",
    "jobs/main.cpp": '#include "commands/one.hpp"\n#include "pool3/store/model.hpp"\nMPI_Comm none = MPI_COMM_NULL;\n',
    "jobs/command.hpp": "namespace pool3::jobs {\n}\n",
    "jobs/commands/one.hpp": '#include "command.hpp"\n#include "console/options.hpp"\n#include "setup/threads.hpp"\n',
    "jobs/console/options.hpp": "#include <boost/any.hpp>\n",
    "jobs/setup/threads.hpp": '#include "console/options.hpp"\n#include "version.hpp"\n',
    "jobs/version.hpp.in": "#pragma once\n",
    "tests/support/folder.hpp": "#include <boost/any.hpp>\n",
    "tests/unit/mpi/check.cpp": '#include "fixtures.hpp"\n#include "mpi/check.hpp"\n#include "support/folder.hpp"\nvoid a() { MPI_Finalize(); }\n',
    "tests/unit/mpi/fixtures.hpp": '#include "pool3/store/model.hpp"\n',
    "tests/unit/jobs/options.cpp": '#include "console/options.hpp"\n',
    "tests/data/numbers.txt": "1\n" * 1000,
    "bench/layers.cpp": '#include "network/graph/graph.hpp"\n#include "layers.hpp"\n',
    "bench/layers.hpp": "\n",
    "docs/design.md": PAGE,
}
BAD = [
    ("an upward include", {"src/mpi/check.hpp": '#include "pool3/store/model.hpp"\n'}, "mpi/check.hpp:1: room 'mpi' may not use room 'store'"),
    ("an upward include in a door", {"include/pool3/types.hpp": '#include "pool3/mpi.hpp"\n'}, "room 'types' may not use room 'mpi'"),
    ("MPI in a room without it", {"src/network/n.hpp": '#include "pool3/mpi.hpp"\n'}, "room 'network' may not use room 'mpi'"),
    ("a sideways include", {"src/svm/s.hpp": '#  include "pool3/store/model.hpp"\n'}, "room 'svm' may not use room 'store'"),
    ("a room that is used no more", {"include/pool3/network.hpp": '#include "pool3/types.hpp"\nclass Network;\n'}, "room 'network' does not use room 'image'"),
    ("a link to a room that is not used", {"src/mpi/CMakeLists.txt": "pool3_add_room(mpi\n  ROOMS types image LIBRARIES x)\n"}, "room 'mpi' links room 'image'"),
    ("another room's private header", {"src/store/s.hpp": '#include "mpi/check.hpp"\n'}, "s.hpp:1: mpi/check.hpp is private to src/mpi"),
    ("the same by a relative path", {"src/store/s.hpp": '#include "../mpi/check.hpp"\n'}, "is private to src/mpi"),
    ("a private header in a job", {"jobs/j.hpp": '#include "../src/mpi/check.hpp"\n'}, "is private to src/mpi"),
    ("a private header in a door", {"include/pool3/image.hpp": '#include "mpi/check.hpp"\nint decode();\n'}, "a door may not include mpi/check.hpp"),
    ("a job's header in a room", {"src/store/s.hpp": '#include "../../jobs/command.hpp"\n'}, "is private to jobs"),
    ("a short path", {"src/network/graph/more.hpp": '#include "graph.hpp"\n'}, 'write "network/graph/graph.hpp"'),
    ("a short path in jobs", {"jobs/commands/two.hpp": '#include "one.hpp"\n'}, 'write "commands/one.hpp"'),
    ("a folder that may not use another", {"src/network/kernels/k.hpp": '#include "network/graph/graph.hpp"\n'}, "network/kernels may not use network/graph"),
    ("a folder that may not use its room", {"src/network/graph/g.hpp": '#include "network/top.hpp"\n', "src/network/top.hpp": "\n"}, "network/graph may not use network/."),
    ("setup that uses commands", {"jobs/setup/s.hpp": '#include "commands/one.hpp"\n'}, "jobs/setup may not use jobs/commands"),
    ("console that uses setup", {"jobs/console/c.hpp": '#include "setup/threads.hpp"\n'}, "jobs/console may not use jobs/setup"),
    ("a unit test behind another room's door", {"tests/unit/mpi/t.cpp": '#include "network/graph/graph.hpp"\n'}, "is private to src/network/graph"),
    ("an end-to-end test behind a door", {"tests/e2e/t.cpp": '#include "mpi/check.hpp"\n'}, "is private to src/mpi"),
    ("a benchmark behind a door", {"bench/b.cpp": '#include "network/graph/graph.hpp"\n'}, "is private to src/network/graph"),
    ("fixtures of other tests", {"tests/unit/image/t.cpp": '#include "../mpi/fixtures.hpp"\n'}, "../mpi/fixtures.hpp is for tests/unit/mpi alone"),
    ("a test's header in a room", {"src/mpi/m.hpp": '#include "../../tests/support/folder.hpp"\n'}, "is for tests"),
    ("a source without a header", {"src/image/png.cpp": "#include <png.h>\nint encode() {}\n"}, "png.cpp:1: has no header of its name"),
    ("the same in a folder with a shared header", {"src/network/kernels/sse.cpp": "int sse() {}\n"}, "has no header of its name"),
    ("a third-party header in a door", {"include/pool3/image.hpp": "#include <zstd.h>\nint decode();\n"}, "a door may not include zstd.h"),
    ("torch outside its folder", {"src/network/n.hpp": "\n#include <torch/script.h>\n"}, "n.hpp:2: torch/script.h shows outside src/network/torch"),
    ("ATen outside its room", {"src/image/i.hpp": "#include <ATen/ATen.h>\n"}, "shows outside src/network"),
    ("HDF5 outside its room", {"src/network/n.hpp": "#include <H5Cpp.h>\n"}, "shows outside src/store"),
    ("a codec outside its room", {"src/network/n.hpp": "#include <png.h>\n"}, "shows outside src/image"),
    ("Eigen in a door that is not the solver's", {"include/pool3/image.hpp": "#include <Eigen/Core>\nint decode();\n"}, "Eigen/Core shows outside src/svm"),
    ("boost outside the console", {"jobs/commands/c.hpp": "#include <boost/regex.hpp>\n"}, "shows outside jobs/console"),
    ("a raw MPI call in a job", {"jobs/j.hpp": "/* one\n two */ int a = MPI_Abort\n(c, 1);\n"}, "j.hpp:2: MPI_Abort is called outside src/mpi"),
    ("a raw MPI call in a door", {"include/pool3/image.hpp": "inline void decode() { MPI_Init(0, 0); }\n"}, "MPI_Init is called outside"),
    ("a raw HDF5 call", {"src/svm/e.hpp": "char q = '\"'; int a = H5Gcreate2(1);\n"}, "H5Gcreate2 is called outside src/store"),
    ("a foreign namespace", {"src/svm/s.hpp": "\nnamespace pool3::detail {\n}\n"}, "s.hpp:2: namespace pool3::detail; pool3 or pool3::svm is meant"),
    ("a foreign namespace in jobs", {"jobs/j.hpp": "namespace pool3::mpi {\n}\n"}, "pool3 or pool3::jobs is meant"),
    ("a room that is not in the table", {"src/kitchen/k.cpp": "\n"}, "'kitchen' is not in the table"),
    ("unit tests of no room", {"tests/unit/kitchen/k.cpp": "\n"}, "this is in 'kitchen'"),
    ("a unit test outside of the folders", {"tests/unit/k.cpp": "\n"}, "this is in '.'"),
    ("a door that is not in the table", {"include/pool3/kitchen.hpp": "\n"}, "'kitchen' is not in the table"),
    ("one in the folder of such a room", {"include/pool3/kitchen/pots.hpp": "\n"}, "'kitchen' is not in the table"),
    ("a second door that the page lacks", {"include/pool3/image/resize.hpp": "\n"}, "its table of rooms is not that"),
    ("an upward include of a second door", {"include/pool3/image.hpp": '#include "pool3/svm/fit.hpp"\nint decode();\n'}, "room 'image' may not use room 'svm' (pool3/svm/fit.hpp)"),
    ("an include of such a door", {"jobs/j.hpp": '#include "pool3/kitchen.hpp"\n'}, "pool3/kitchen.hpp is the door of no room"),
    ("a header that is not there", {"src/mpi/m.hpp": '#include "nowhere.hpp"\n'}, "nowhere.hpp is not a file"),
    ("a long file", {"tests/unit/mpi/long.cpp": "\n" * (check_rooms.MAX_LINES + 1)}, "401 lines; 400 at most"),
    ("another table in the page", {"docs/design.md": PAGE.replace("| words |", "| verbs |")}, "its table of rooms is not that"),
    ("a page without the table", {"docs/design.md": "# Design\n"}, "its table of rooms is not that"),
]


def write_tree(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def violations_of(files):
    with tempfile.TemporaryDirectory() as folder:
        write_tree(Path(folder), files)
        return check_rooms.Tree(Path(folder)).check()


def mends_table():
    with tempfile.TemporaryDirectory() as folder:
        write_tree(Path(folder), GOOD)
        return check_rooms.with_table(PAGE.replace("| words |", "| verbs |"), Path(folder)) == PAGE


def refuses_upward_table():
    """Whether a table whose rooms use what is below them is an error."""
    rooms.ROOMS["types"].uses.append("svm")
    try:
        check_rooms.check_table()
        return False
    except SystemExit:
        return True
    finally:
        rooms.ROOMS["types"].uses.pop()


def main():
    check_rooms.check_table()
    failures = [f"a good tree is refused: {line}" for line in violations_of(GOOD)]
    if not violations_of({}):
        failures.append("an empty tree is accepted")
    if not refuses_upward_table():
        failures.append("a table is accepted that lets a room use one below it")
    for what, files, expected in BAD:
        found = violations_of({**GOOD, **files})
        if len(found) != 1 or expected not in found[0]:
            failures.append(f'{what}: expected one line with "{expected}", found {found}')
    if not mends_table():
        failures.append("--write does not mend the table")
    print("\n".join(failures) or f"check-rooms: {len(BAD)} bad trees refused, one good tree accepted")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
