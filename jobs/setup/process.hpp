#pragma once
// What a process asks of its system and its launcher before MPI starts.

namespace pool3::jobs {

/// True on the rank that speaks, as the launcher tells it; true without a launcher.
[[nodiscard]] bool launcher_says_root();
/// True if a launcher has started this process, most often beside others.
[[nodiscard]] bool has_launcher();
/// Raises the limit of open files as far as it goes. A linked file keeps each of its parts open, and most systems allow
/// 1024 files unless asked for more.
void allow_many_files();

}  // namespace pool3::jobs
