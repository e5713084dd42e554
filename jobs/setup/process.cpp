#include "setup/process.hpp"

#include <fmt/format.h>
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

std::string rank_text() {
  const char* rank = rank_of_launcher();
  return rank == nullptr ? std::string() : fmt::format("rank {}: ", rank);
}

std::string alone_in_step(int ranks) {
  const auto number = [](const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? 0L : std::strtol(value, nullptr, 10);
  };
  const long tasks = number("SLURM_STEP_NUM_TASKS");  // srun sets it; a batch script does not have it
  if (ranks > 1 || tasks < 2 || number("SLURM_PROCID") > 0) return {};
  if (std::getenv("OMPI_COMM_WORLD_SIZE") != nullptr) return {};  // mpirun has started it, as one of so many
  return fmt::format(
      "this step has {} tasks, but MPI sees one rank, so each task does the whole job by itself; start it with "
      "srun --mpi=pmix (see srun --mpi=list) or with mpirun",
      tasks);
}

void allow_many_files() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  static_cast<void>(setrlimit(RLIMIT_NOFILE, &files));
}

}  // namespace pool3::jobs
