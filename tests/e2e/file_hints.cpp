// Loaded before MPI: notes what MPI-IO is told when it makes a file. A line "PATH<tab>INODE<tab>KEY=VALUE ..." for each
// MPI_File_open goes to the file that $POOL3_TEST_HINTS names.

#include <mpi.h>
#include <sys/stat.h>

#include <array>
#include <cstdlib>
#include <fstream>

extern "C" int MPI_File_open(MPI_Comm comm, const char* path, int mode, MPI_Info info, MPI_File* file) {
  const int code = PMPI_File_open(comm, path, mode, info, file);
  const char* log = std::getenv("POOL3_TEST_HINTS");
  if (log == nullptr) return code;
  struct stat found {};
  stat(path, &found);
  std::ofstream out(log, std::ios::app);
  out << path << "\t" << found.st_ino << "\t";
  int keys = 0;
  MPI_Info_get_nkeys(info, &keys);
  for (int i = 0; i < keys; ++i) {
    std::array<char, MPI_MAX_INFO_KEY + 1> key{};
    std::array<char, MPI_MAX_INFO_VAL + 1> value{};
    int there = 0;
    MPI_Info_get_nthkey(info, i, key.data());
    MPI_Info_get(info, key.data(), MPI_MAX_INFO_VAL, value.data(), &there);
    out << (i > 0 ? " " : "") << key.data() << "=" << value.data();
  }
  out << "\n";
  return code;
}
