#include "setup/process.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
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

const char* value_or_empty(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// True for the first process of this job on this node that asks: it gets a socket without a file, whose name the
/// others know, and which the kernel closes when it ends. Also true where there are no such sockets.
bool is_first_to_speak() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  char* const name = address.sun_path + 1;  // the zero in front: no file
  const int length =
      std::snprintf(name, sizeof address.sun_path - 1, "pool3 speaks %u %s %s.%s", getuid(),
                    value_or_empty("PMIX_NAMESPACE"), value_or_empty("SLURM_JOB_ID"), value_or_empty("SLURM_STEP_ID"));
  if (length < 0) return true;
  const auto bytes = std::min(static_cast<std::size_t>(length), sizeof address.sun_path - 2);
  const int socket_number = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket_number < 0) return true;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + bytes);
  return bind(socket_number, reinterpret_cast<const sockaddr*>(&address), size) == 0 || errno != EADDRINUSE;
}

}  // namespace

bool has_launcher() { return rank_of_launcher() != nullptr; }

bool launcher_says_root() {
  const char* rank = rank_of_launcher();
  return rank == nullptr || std::string_view(rank) == "0";
}

void take_turn_to_speak(const Turns& turns) {
  static std::atomic<bool> has_turn = false;
  if (!has_launcher() || has_turn) return;
  if (!launcher_says_root()) std::this_thread::sleep_for(turns.for_first_rank);
  if (!is_first_to_speak()) std::this_thread::sleep_for(turns.for_end);
  has_turn = true;
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
