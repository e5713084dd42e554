#include "setup/process.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <string_view>
#include <thread>

namespace pool3::jobs {

namespace {

/// The rank, as the launcher tells it; null without a launcher.
const char* rank_of_launcher() {
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"})
    if (const char* value = std::getenv(name)) return value;
  return nullptr;
}

/// What a variable of the environment begins with; 0 if that is no number.
long number(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? 0L : std::strtol(value, nullptr, 10);
}

}  // namespace

bool has_launcher() { return rank_of_launcher() != nullptr; }

bool launcher_says_root() {
  const char* rank = rank_of_launcher();
  return rank == nullptr || std::string_view(rank) == "0";
}

void let_root_speak() {
  if (!launcher_says_root()) std::this_thread::sleep_for(std::chrono::seconds(2));
}

std::string rank_text() {
  const char* rank = rank_of_launcher();
  return rank == nullptr ? std::string() : fmt::format("rank {}: ", rank);
}

std::size_t ranks_of_node() {
  for (const char* name : {"OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS", "SLURM_STEP_TASKS_PER_NODE"})
    if (const long ranks = number(name); has_launcher() && ranks > 0) return static_cast<std::size_t>(ranks);
  return 1;
}

std::string alone_in_step(int ranks) {
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
