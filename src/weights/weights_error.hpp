#pragma once
// Errors of the weights readers.

#include <string>

#include "pool3/error.hpp"

namespace pool3 {

/// An Error of stage "read weights".
[[nodiscard]] inline Error weights_error(std::string path, std::string cause, std::string advice = {}) {
  return Error(
      {.stage = "read weights", .path = std::move(path), .cause = std::move(cause), .advice = std::move(advice)});
}

}  // namespace pool3
