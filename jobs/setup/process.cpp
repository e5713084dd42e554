#include "setup/process.hpp"

#include <sys/resource.h>

#include <cstdlib>
#include <string_view>

namespace pool3::jobs {

bool launcher_says_root() {
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"})
    if (const char* value = std::getenv(name)) return std::string_view(value) == "0";
  return true;
}

void allow_many_files() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  static_cast<void>(setrlimit(RLIMIT_NOFILE, &files));
}

}  // namespace pool3::jobs
