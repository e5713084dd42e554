#pragma once
// Work in pieces on several threads. What a piece gives must not depend on who does it.

#include <cstdint>
#include <functional>

namespace pool3::map {

/// Calls `work(i)` for i in [0, count), on `threads` threads, in any order. The first exception is thrown again.
void for_each_piece(int threads, std::int64_t count, const std::function<void(std::int64_t)>& work);

/// From here on each product of matrices runs on the thread that asks for it, of this process.
void use_one_thread_a_product();

}  // namespace pool3::map
