#include "setup/process.hpp"

#include <sys/resource.h>

#include <cstdlib>
#include <string_view>

namespace pool3::jobs {

namespace {

/// The rank, as the launcher tells it; null without a launcher.
const char* rank_of_launcher() {
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"})
    if (const char* value = std::getenv(name)) return value;
  return nullptr;
}

}  // namespace

bool has_launcher() { return rank_of_launcher() != nullptr; }

bool launcher_says_root() {
  const char* rank = rank_of_launcher();
  return rank == nullptr || std::string_view(rank) == "0";
}

void allow_many_files() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  static_cast<void>(setrlimit(RLIMIT_NOFILE, &files));
}

}  // namespace pool3::jobs
