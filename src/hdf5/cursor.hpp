#pragma once
// Little-endian bytes read in order, never past their end.

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "pool3/hdf5.hpp"

namespace pool3::hdf5 {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

[[noreturn]] inline void broken(const std::string& cause) { throw Hdf5Error(Hdf5Error::Kind::broken, cause); }
[[noreturn]] inline void unknown(const std::string& cause) { throw Hdf5Error(Hdf5Error::Kind::unknown, cause); }

/// A place in bytes that it doesn't own. Throws Hdf5Error instead of reading past their end.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}
  template <std::integral T>
  [[nodiscard]] T take() {
    T value = {};
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  [[nodiscard]] std::string_view take(std::uint64_t count) {
    if (count > left()) broken("it ends too early");
    const std::string_view taken = bytes_.substr(at_, count);
    at_ += count;
    return taken;
  }
  /// A number of 1 to 8 bytes.
  [[nodiscard]] std::uint64_t number(std::uint64_t bytes) {
    std::uint64_t value = 0;
    const std::string_view taken = take(bytes);
    std::memcpy(&value, taken.data(), std::min<std::size_t>(taken.size(), sizeof value));
    return value;
  }
  /// Text up to a NUL, which is taken too.
  [[nodiscard]] std::string_view text() {
    const std::size_t end = bytes_.find('\0', at_);
    if (end == std::string_view::npos) broken("a name without an end");
    const std::string_view taken = bytes_.substr(at_, end - at_);
    at_ = end + 1;
    return taken;
  }
  void skip(std::uint64_t count) { static_cast<void>(take(count)); }
  /// To the next multiple of 8 from `begin` on, or the end.
  void align(std::size_t begin) { skip(std::min<std::uint64_t>(left(), (8 - (at_ - begin) % 8) % 8)); }
  [[nodiscard]] std::uint64_t left() const { return bytes_.size() - at_; }
  [[nodiscard]] std::size_t place() const { return at_; }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

}  // namespace pool3::hdf5
