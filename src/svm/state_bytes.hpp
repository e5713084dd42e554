#pragma once
// The state of a solver as bytes.

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "pool3/error.hpp"

namespace pool3::svm {

template <typename Number>
void append(std::string& bytes, Number value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// Their number goes in front.
inline void append(std::string& bytes, std::span<const float> values) {
  append(bytes, static_cast<std::int64_t>(values.size()));
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
}

/// Takes from the front what append() has put there. Throws Error if it can't be there.
class StateBytes {
 public:
  explicit StateBytes(std::string_view bytes) : bytes_(bytes) {}

  template <typename Number>
  Number take() {
    Number value{};
    copy(&value, sizeof value);
    return value;
  }
  void take_into(std::span<float> values) {
    if (take<std::int64_t>() != static_cast<std::int64_t>(values.size())) fail();
    copy(values.data(), values.size_bytes());
  }
  [[nodiscard]] std::string_view rest() const { return bytes_; }

 private:
  [[noreturn]] static void fail() { throw Error({.stage = "solve", .cause = "this state is of another problem"}); }
  void copy(void* to, std::size_t size) {
    if (bytes_.size() < size) fail();
    std::memcpy(to, bytes_.data(), size);
    bytes_.remove_prefix(size);
  }
  std::string_view bytes_;
};

}  // namespace pool3::svm
