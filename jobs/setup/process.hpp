#pragma once
// What a process asks of its system and its launcher.

#include <cstddef>
#include <string>

namespace pool3::jobs {

/// True on the rank that speaks, as the launcher tells it; true without a launcher.
[[nodiscard]] bool launcher_says_root();
/// True if a launcher has started this process, most often beside others.
[[nodiscard]] bool has_launcher();
/// The ranks of a node meet the same limits, and one of them is to say so: waits two seconds, unless this is the rank
/// that speaks. The launcher ends the others when that one ends.
void let_root_speak();
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
