#pragma once
// Whether the writer of a file still runs.

namespace pool3 {

/// True if process `id` of this system runs. One that has ended, and whose parent has not asked how (a zombie), does
/// not: it writes no more, and may stay for long where its parent has died as well. False for ids below 1.
[[nodiscard]] bool process_runs(int id) noexcept;

}  // namespace pool3
