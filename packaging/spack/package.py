# Spack recipe for pool3. Put this folder's package.py into REPO/packages/pool3/, or develop from a checkout:
#   spack dev-build --source-path PATH-OF-THE-CHECKOUT pool3@main
from spack.package import *


class Pool3(CMakePackage):
    """Turns image catalogues into Inception-v3 features and a linear SVM, as one batch job over MPI ranks."""

    license("Apache-2.0")
    # There is no release to fetch yet: `spack dev-build`, or add a git address here.
    version("main", branch="main")

    depends_on("c", type="build")
    depends_on("cxx", type="build")
    depends_on("cmake@3.25:", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("help2man", type="build")
    depends_on("mpi@3:")
    depends_on("hdf5@1.10:+mpi+hl")
    depends_on("boost+program_options")
    depends_on("nlohmann-json")
    depends_on("fmt@9:")
    depends_on("eigen@3.4:")
    depends_on("openblas")
    depends_on("fftw@3:~mpi precision=double")
    depends_on("openssl")
    depends_on("zlib-api")
    depends_on("xxhash")
    depends_on("libarchive programs=none compression=zlib,zstd")
    depends_on("libjpeg-turbo")
    depends_on("libpng")
    depends_on("libwebp+libwebpdemux")
    depends_on("giflib")
    depends_on("libtiff")
    depends_on("py-torch@1.13:", type=("build", "link", "run"))

    def cmake_args(self):
        # Spack itself tells CMake where py-torch keeps its files.
        return [self.define("POOL3_TESTS", False)]
