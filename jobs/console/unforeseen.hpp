#pragma once
// What to say of exceptions that nobody turned into an Error.

#include <exception>
#include <string>

namespace pool3::jobs {

/// One line: its words; and where memory or threads ran out, that and what to do.
[[nodiscard]] std::string unforeseen(const std::exception& error);

}  // namespace pool3::jobs
