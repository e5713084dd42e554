"""The rules of scripts/check-rooms, as tables. There is no other list of rooms: docs/design.md has its table from here."""

from dataclasses import dataclass, field


@dataclass
class Room:
    """A folder src/NAME behind its doors: include/pool3/NAME.hpp, and headers in include/pool3/NAME/."""

    what: str  # is behind the doors: a cell of the table in docs/design.md
    uses: list  # rooms whose doors it includes; each stands above it
    # Its sub-folders, and which of them each may use. "." is the files that lie in the room itself. If there are none
    # here, its folders may use each other freely.
    folders: dict = field(default_factory=dict)


# In this order: a room may use rooms above it only.
ROOMS = {
    "types": Room("the words all rooms share: rows, status, keys", []),
    "text": Room("texts from outside: one line, UTF-8, JSON within limits, case, numbers", []),
    "error": Room("one failure type, one line, exit codes", ["text"]),
    "numbers": Room("float16 and bfloat16 to float and back; bytes read in order; hot functions for each kind of CPU", []),
    "threads": Room("work in pieces on the threads of one call: BLAS", []),
    "hdf5": Room("the structure of HDF5 files, read without their library and safe with any bytes", ["numbers"]),
    "files": Room("a file is written whole or not at all, its folder synced; descriptors, checks", ["text", "error"]),
    "partition": Room("who holds which rows; splits and folds. Pure functions", ["types", "text", "numbers"]),
    "mpi": Room("checked collectives, agreed errors, the task pool", ["error", "files"]),
    "neighbours": Room("the nearest rows of features, exactly; sketches of rows, which say from below how far they are: BLAS, "
                       "LAPACK", ["types", "error", "numbers", "threads", "mpi"]),
    "server": Room("HTTP with limits, deadlines and orderly ends: Boost.Beast", ["text", "error"]),
    "image": Room("bytes to pixels (`formats/`) to network input (`resize/`), pixels to PNG: libjpeg-turbo, libpng, libwebp, "
                  "giflib, libtiff", ["types", "text", "error"], folders={".": ["formats", "resize"], "formats": ["."], "resize": ["."]}),
    "weights": Room("weights files to folded tensors: `containers/` read a file format, `makers/` know who wrote it",
                    ["text", "error", "numbers", "hdf5", "files", "image"],
                    folders={".": ["containers", "makers"], "containers": ["."], "makers": [".", "containers"]}),
    "network": Room("Inception-v3: `kernels/` for each set of instructions, the `graph/` on them; `torch/` on GPUs and other "
                    "CPUs; `choice/` of what is fastest, `cache/` in the user's folder",
                    ["types", "error", "numbers", "files", "image", "weights"],
                    {".": ["graph", "torch", "kernels"], "kernels": [], "graph": ["kernels", "cache"], "torch": [],
                             "cache": [], "choice": ["cache", "graph", "kernels"]}),
    "corpus": Room("the catalogue: order, labels, hash. `sources/` list it, from `tables/` and `shards/` too: libarchive",
                   ["types", "text", "error", "numbers", "files", "partition", "mpi"],
                   folders={".": ["sources", "tables", "shards"], "sources": [".", "tables", "shards"], "tables": ["."],
                            "shards": ["."]}),
    "store": Room("`hdf5/` files under seals and checksums (`integrity/`); files of features, models, maps and indices; what is done with "
                  "finished ones (`maintenance/`)", ["types", "text", "error", "numbers", "hdf5", "files", "partition", "mpi", "neighbours"],
                  {".": ["hdf5", "integrity", "features"], "hdf5": ["."], "integrity": [".", "hdf5"],
                   "features": [".", "hdf5", "integrity"], "maintenance": [".", "hdf5", "integrity", "features"]}),
    "extraction": Room("pictures to rows, as threads and ranks come free",
                       ["types", "error", "partition", "mpi", "image", "weights", "network", "corpus", "store"]),
    "evaluation": Room("accuracy, confusion matrix, report; the scores that a search goes by", ["text", "error", "mpi"]),
    "svm": Room("the solver, its certificate, probabilities: BLAS, LAPACK. `descent/`, `newton/` and `gram/` are its methods; "
                "`kernel/` solves columns over a shared kernel matrix, `probabilities/` calibrates",
                ["types", "text", "error", "numbers", "threads", "partition", "mpi"],
                folders={".": ["model", "descent", "newton", "gram", "kernel"], "kernel": ["model", "algebra"], "model": ["algebra"], "algebra": ["model"],
                         "descent": ["model", "algebra"], "newton": ["model", "algebra"], "gram": ["model", "algebra", "newton"], "probabilities": ["algebra"]}),
    "prediction": Room("what a model says of rows, linear or by support vectors", ["types", "error", "threads", "store", "svm"]),
    "selection": Room("cross-validated search, and the journal of its points",
                      ["types", "error", "numbers", "files", "partition", "mpi", "image", "store", "evaluation", "svm"]),
    "training": Room("rows of a file to a problem, a fit to a model",
                     ["types", "error", "numbers", "partition", "mpi", "store", "svm", "prediction"]),
    "baselines": Room("what else could have been done with the pictures: softmax regression, neighbours, means, HoG, a small "
                      "network; paired tests",
                      ["types", "text", "error", "numbers", "files", "partition", "mpi", "neighbours", "image", "network", "corpus", "store", "evaluation", "svm", "training"]),
    "exchange": Room("models in the formats of others, `onnx/` with the network; `import/` reads tables of others",
                     ["types", "text", "error", "numbers", "files", "mpi", "image", "weights", "network", "store", "prediction"]),
    "map": Room("t-SNE: the catalogue in a plane, and how far the plane tells the truth: BLAS, LAPACK, FFTW",
                ["types", "error", "numbers", "threads", "neighbours", "store"]),
    "audit": Room("what is wrong in a catalogue: labels by confident learning, copies (by features, and by pictures), outliers, classes",
                  ["types", "error", "threads", "partition", "mpi", "neighbours", "evaluation", "store", "svm", "prediction", "training"]),
    "report": Room("pages, charts and pictures of layers; `catalogue/` makes the page on a whole catalogue, of the sources in "
                   "`page/`", ["types", "text", "error", "partition", "image", "network", "evaluation"]),
}

# jobs/ may use every room. Its own folders:
JOBS = {".": ["commands", "setup", "console"], "commands": [".", "setup", "console"], "setup": ["console"], "console": []}

# Headers that have no source of their own name, since a source for each kind fills them.
SHARED = {"network/kernels/kernel_table.hpp", "image/formats/decoders.hpp", "image/resize/resizers.hpp", "exchange/formats.hpp", "exchange/import/table_readers.hpp",
          "neighbours/dot_products.hpp", "neighbours/dot_products_body.hpp", "report/catalogue/assets.hpp"}

# Third-party headers, and the only places that each may show in. Those of the system may show anywhere.
HEADERS = [
    (r"fmt/", ["src", "jobs"]),
    (r"mpi\.h$", ["src/mpi", "include/pool3/mpi.hpp", "include/pool3/mpi/shared_memory.hpp"]),
    (r"Eigen/", ["src/svm", "src/prediction", "src/selection", "src/training", "src/evaluation", "src/report", "src/map", "src/baselines", "src/audit", "include/pool3/svm.hpp"]),
    (r"(cblas|lapacke?|openblas\w*)\.h$", ["src/threads", "src/svm", "src/neighbours", "src/map"]),
    (r"fftw3\.h$", ["src/map"]),
    (r"(torch|ATen|c10|caffe2)/", ["src/network/torch"]),
    (r"[ix]mmintrin\.h$", ["src/network/kernels", "src/image/resize", "src/neighbours"]),
    (r"(hdf5\w*|H5\w*)\.h$|hdf5/(serial|openmpi)/|highfive/", ["src/store"]),
    (r"(jpeglib|jerror|turbojpeg|png|pngconf|gif_lib|tiff\w*)\.h$|webp/", ["src/image"]),
    (r"archive(_entry)?\.h$", ["src/corpus/shards", "src/exchange"]),
    (r"openssl/", ["src/weights", "src/report"]),
    (r"zlib\.h$", ["src/image", "src/weights", "src/exchange"]),
    (r"xxh", ["src/image", "src/corpus", "src/store"]),
    (r"boost/", ["jobs/console", "src/server"]),
    (r"nlohmann/", ["src/weights", "src/corpus", "src/store", "src/selection", "src/training", "src/audit", "src/evaluation", "src/exchange",
                    "src/report", "src/baselines", "jobs"]),
]
CALLS = [
    (r"\bP?MPI_[A-Z]\w+\s*\(", ["src/mpi"]),
    (r"\bH5[A-Z]{1,2}[a-z]\w*\s*\(", ["src/store"]),
]
# What a door may include in angle brackets: the standard library, and these.
DOOR_HEADERS = r"[a-z0-9_]+$|mpi\.h$|Eigen/"

# Tests and benchmarks that look behind doors, but for tests/unit/ROOM and tests/fuzz/targets/ROOM, which look behind
# those of ROOM.
LOOK_BEHIND = {
    "tests/mpi/svm.cpp": "svm",
    "tests/soak/fork_server.cpp": "jobs",
    "tests/support/extraction_fixtures.hpp": "extraction",
    "bench/programs/balance.cpp": "jobs",
    "bench/programs/network_layers.cpp": "network",
    "bench/programs/svm_ablation.cpp": "svm",
    "bench/programs/svm_products.cpp": "svm",
}
