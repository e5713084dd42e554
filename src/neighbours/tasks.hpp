#pragma once
// Tasks for a few threads of one call.

#include <cstdint>
#include <functional>

namespace pool3::neighbours {

/// Calls `task` with 0 .. count-1, each once, from up to `threads` threads; `worker` is 0 .. threads-1. Returns when
/// all are done, or rethrows what one threw.
void run_tasks(int threads, std::int64_t count, const std::function<void(std::int64_t task, int worker)>& task);

/// Matrix products take no threads of their own from now on.
void take_single_products();

}  // namespace pool3::neighbours
