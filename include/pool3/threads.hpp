#pragma once
// Work in pieces on the threads of one call. What a piece gives must not depend on which thread does it.

#include <cstddef>
#include <cstdint>
#include <functional>

namespace pool3 {

/// Calls `task` with 0 .. count-1, each once, in any order, from up to `threads` threads, of which the caller's is one;
/// from fewer where the system gives no more.
/// Returns when all are done. If one throws, no more are begun, and the first exception is thrown again.
void run_tasks(int threads, std::int64_t count, const std::function<void(std::int64_t task)>& task);
/// The same; `worker` is the thread, 0 .. threads-1, for memory of its own.
void run_tasks(int threads, std::int64_t count, const std::function<void(std::int64_t task, int worker)>& task);

/// Calls `work` with the pieces [begin, end) of 0 .. count-1, of `piece` numbers each but for the last, as tasks.
void run_pieces(int threads, std::int64_t count, std::int64_t piece,
                const std::function<void(std::int64_t begin, std::int64_t end)>& work);

/// How many threads the system gives beside those that there are, up to `wanted`. They end before this returns.
[[nodiscard]] int startable_threads(int wanted);

/// What OpenBLAS takes for each thread that multiplies.
inline constexpr std::size_t blas_bytes_of_thread = std::size_t{128} << 20U;

/// From here on each matrix product of this process runs on the thread that asks for it; up to `callers` ask at a time.
/// Throws std::bad_alloc where there is no memory for that.
void take_single_products(int callers);
/// From here on each matrix product of this process runs on so many threads, or on fewer where the system gives no
/// more. Throws std::bad_alloc where there is no memory for that.
void share_products(int threads);

}  // namespace pool3
