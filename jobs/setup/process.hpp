#pragma once
// What a process asks of its system and its launcher.

#include <chrono>
#include <cstddef>
#include <string>

namespace pool3::jobs {

/// True on the rank that speaks, as the launcher tells it; true without a launcher.
[[nodiscard]] bool launcher_says_root();
/// True if a launcher has started this process, most often beside others.
[[nodiscard]] bool has_launcher();
/// How long a rank waits for its turn to speak.
struct Turns {
  std::chrono::milliseconds for_first_rank{2000};  ///< all but the first of the job, before they ask for a turn
  std::chrono::milliseconds for_end{8000};         ///< those that get none
};

/// Ranks meet the same limits, and one of them is to say so. Returns at once on the first rank of the job, later on the
/// first of a node that asks, and last on the others, if the launcher has not ended them by then. Takes no memory.
void take_turn_to_speak(const Turns& turns = {});
/// "rank 3: " if a launcher has started this process, else "". Needs no MPI.
[[nodiscard]] std::string rank_text();
/// How many ranks this node has, as the launcher tells it; 1 without a launcher.
[[nodiscard]] std::size_t ranks_of_node();
/// What there is to say if this process is one of several tasks of a Slurm step, but MPI knows of it alone: then each
/// task does the whole job by itself. "" if all is well, and on all tasks but the first. `ranks`: of MPI's world.
[[nodiscard]] std::string alone_in_step(int ranks);
/// Raises the limit of open files as far as it goes. A linked file keeps each of its parts open, and most systems allow
/// 1024 files unless asked for more.
void allow_many_files();

}  // namespace pool3::jobs
