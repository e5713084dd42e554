#pragma once
// Why weights are refused.

#include <functional>
#include <string>

#include "weights/refusals.hpp"

namespace pool3::weights {

/// The cause of the FormatError that `action` throws, or "accepted".
inline std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const FormatError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace pool3::weights
