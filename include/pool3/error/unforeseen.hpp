#pragma once
// What an exception that nobody turned into an Error was.

#include <exception>

namespace pool3 {

/// True for the exceptions of memory or threads that ran out.
[[nodiscard]] bool is_shortage(const std::exception& error);

}  // namespace pool3
