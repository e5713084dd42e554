#pragma once
// Little-endian bytes read in order, never past their end: what every reader of a binary format begins with.

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace pool3 {

static_assert(std::endian::native == std::endian::little, "the formats are little-endian");

/// A place in bytes that it doesn't own. Instead of reading past their end it calls `Short{}()`, which must throw.
template <std::invocable Short>
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes, std::uint64_t at = 0) : bytes_(bytes) { skip(at); }

  template <typename T>
  requires std::is_arithmetic_v<T>
  [[nodiscard]] T take() {
    T value = {};
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  [[nodiscard]] std::string_view take(std::uint64_t count) {
    if (count > left()) Short{}();
    const std::string_view taken = bytes_.substr(at_, count);
    at_ += count;
    return taken;
  }
  /// As many numbers as `out` has.
  template <typename T>
  requires std::is_arithmetic_v<T>
  void take_into(std::span<T> out) {
    const std::string_view taken = take(out.size_bytes());
    if (!taken.empty()) std::memcpy(out.data(), taken.data(), taken.size());
  }
  void skip(std::uint64_t count) { static_cast<void>(take(count)); }

  [[nodiscard]] std::uint64_t left() const { return bytes_.size() - at_; }
  [[nodiscard]] std::string_view rest() const { return bytes_.substr(at_); }
  [[nodiscard]] std::uint64_t place() const { return at_; }

 private:
  std::string_view bytes_;
  std::uint64_t at_ = 0;
};

}  // namespace pool3
