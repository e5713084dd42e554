#pragma once
// Why weights are refused.

#include <stdexcept>
#include <string>
#include <utility>

#include "pool3/error.hpp"

namespace pool3::weights {

/// What is wrong with the bytes of a weights file, without its path. read_weights() makes an Error of it.
class FormatError : public std::runtime_error {
 public:
  explicit FormatError(const std::string& cause, std::string advice = "the file is damaged, or no Inception-v3")
      : std::runtime_error(cause), advice_(std::move(advice)) {}
  [[nodiscard]] const std::string& advice() const { return advice_; }

 private:
  std::string advice_;
};

/// An Error of stage "read weights".
[[nodiscard]] inline Error weights_error(std::string path, std::string cause, std::string advice = {}) {
  return Error(
      {.stage = "read weights", .path = std::move(path), .cause = std::move(cause), .advice = std::move(advice)});
}

}  // namespace pool3::weights
