#pragma once
// What the system says of a process, as of the writer of a file.

namespace pool3 {

/// The state of process `id` of this system as proc(5) tells it: 'R' runs, 'S' sleeps, 'D' waits for a disk, 'T' is
/// stopped, 't' is held by a debugger, 'Z' has ended; '?' if the system does not say.
[[nodiscard]] char process_state(int id) noexcept;

/// True if process `id` of this system runs. One that has ended, and whose parent has not asked how (a zombie), does
/// not: it writes no more, and may stay for long where its parent has died as well. False for ids below 1.
[[nodiscard]] bool process_runs(int id) noexcept;

}  // namespace pool3
