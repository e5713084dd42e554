#pragma once
// Little-endian bytes read in order, never past their end.

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "weights/errors.hpp"

namespace pool3::weights {

static_assert(std::endian::native == std::endian::little, "the formats are little-endian");

/// A place in bytes that it doesn't own. Throws FormatError instead of reading past their end.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes, std::uint64_t at = 0) : bytes_(bytes) { skip(at); }
  template <std::integral T>
  [[nodiscard]] T take() {
    T value = {};
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  [[nodiscard]] std::string_view take(std::uint64_t count) {
    if (count > left()) throw FormatError("it ends too early");
    const std::string_view taken = bytes_.substr(at_, count);
    at_ += count;
    return taken;
  }
  void skip(std::uint64_t count) { static_cast<void>(take(count)); }
  [[nodiscard]] std::uint64_t left() const { return bytes_.size() - at_; }
  [[nodiscard]] std::uint64_t place() const { return at_; }

 private:
  std::string_view bytes_;
  std::uint64_t at_ = 0;
};

}  // namespace pool3::weights
