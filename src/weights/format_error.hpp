#pragma once
// Why bytes are refused.

#include <stdexcept>
#include <string>

namespace pool3 {

/// What is wrong with the bytes of a weights file, without its path. read_weights() makes an Error of it.
class FormatError : public std::runtime_error {
 public:
  explicit FormatError(const std::string& cause, std::string advice = "the file is damaged, or no Inception-v3")
      : std::runtime_error(cause), advice_(std::move(advice)) {}
  [[nodiscard]] const std::string& advice() const { return advice_; }

 private:
  std::string advice_;
};

}  // namespace pool3
