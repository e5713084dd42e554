#pragma once
// Memory of a thread for what kernels keep between calls.

#include <cstddef>
#include <cstdint>

namespace pool3::network {

/// What kernels keep between calls, by thread. Each use has one layout with all kernels, so that what is beyond the
/// last value of a line stays zero.
enum class Scratch : std::uint8_t { lines_of_floats, lines_of_bf16, columns, transformed, products };
/// That much of the calling thread's memory, from a cache line on; zeros at first. It is the same at each call with the
/// same use and size, and lives as long as the thread. (Memory that every thread of the process has from its start on
/// would cost all of them time.)
[[nodiscard]] std::byte* thread_scratch(Scratch use, std::int64_t bytes);

}  // namespace pool3::network
