#pragma once
// What a process asks of its system and its launcher.

#include <string>

namespace pool3::jobs {

/// True on the rank that speaks, as the launcher tells it; true without a launcher.
[[nodiscard]] bool launcher_says_root();
/// True if a launcher has started this process, most often beside others.
[[nodiscard]] bool has_launcher();
/// "rank 3: " if a launcher has started this process, else "". Needs no MPI.
[[nodiscard]] std::string rank_text();
/// What there is to say if this process is one of several tasks of a Slurm step, but MPI knows of it alone: then each
/// task does the whole job by itself. "" if all is well, and on all tasks but the first. `ranks`: of MPI's world.
[[nodiscard]] std::string alone_in_step(int ranks);
/// Raises the limit of open files as far as it goes. A linked file keeps each of its parts open, and most systems allow
/// 1024 files unless asked for more.
void allow_many_files();

}  // namespace pool3::jobs
