#pragma once
// The vocabulary that every room shares: sizes, rows, row status, image keys, precision.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pool3 {

/// Side, in pixels, of the square picture that Inception-v3 takes.
inline constexpr int input_side = 299;
/// Floats of one network input: NHWC, 299 x 299 x 3.
inline constexpr std::int64_t input_floats = std::int64_t{input_side} * input_side * 3;

/// Larger pictures become failures unless another limit is asked for: Pillow's. Files that name no limit had this one.
inline constexpr std::int64_t default_max_pixels = 178'956'970;

/// Index of an image in the catalogue, and of its row in every dataset.
using Row = std::int64_t;

/// A row or a count, which have a sign, as the index into a container. REQUIRES: not negative.
[[nodiscard]] constexpr std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Half-open range of rows [begin, end).
struct RowRange {
  Row begin = 0;
  Row end = 0;
  [[nodiscard]] constexpr std::int64_t size() const { return end - begin; }
  auto operator<=>(const RowRange&) const = default;
};

/// What became of a row. The numbers are part of the file format.
enum class RowStatus : std::uint8_t {
  pending = 0,         ///< not tried yet; the feature row holds garbage
  done = 1,            ///< the feature row is valid
  unreadable = 2,      ///< the file is there and could not be opened or read
  empty = 3,           ///< the file has no bytes
  unknown_format = 4,  ///< the bytes are of no picture format that is known
  corrupt = 5,         ///< the decoder refused the bytes
  too_large = 6,       ///< more pixels than --max-pixels
  network_failed = 7,  ///< the network gave a value that is not finite
  missing = 8,         ///< the file is not there (any more)
};
inline constexpr std::array<std::string_view, 9> row_status_names = {
    "pending", "done", "unreadable", "empty", "unknown_format", "corrupt", "too_large", "network_failed", "missing"};
[[nodiscard]] constexpr std::string_view to_string(RowStatus s) {
  return row_status_names.at(static_cast<std::size_t>(s));
}
/// The stage in which a row failed: "read", "decode" or "network".
[[nodiscard]] constexpr std::string_view stage_of(RowStatus s) {
  if (s == RowStatus::unreadable || s == RowStatus::empty || s == RowStatus::missing) return "read";
  return s == RowStatus::network_failed ? "network" : "decode";
}

/// Of a classifier: products of rows, or exp(-gamma |x - y|^2).
enum class Kernel : std::uint8_t { linear, rbf };
/// A column for each class against all others, or for each pair of classes.
enum class Multiclass : std::uint8_t { one_vs_rest, one_vs_one };

/// XXH3-128 of an image file's bytes: copies of one picture share it.
struct ImageKey {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  auto operator<=>(const ImageKey&) const = default;
};
/// 32 lower-case hex digits, high word first: the canonical XXH3-128 form that `xxhsum -H2` prints.
[[nodiscard]] inline std::string to_hex(const ImageKey& key) {
  std::string text(32, '0');
  for (int i = 0; i < 32; ++i) {
    const std::uint64_t word = i < 16 ? key.high : key.low;
    text[static_cast<std::size_t>(i)] = "0123456789abcdef"[(word >> (60 - 4 * (i % 16))) & 15U];
  }
  return text;
}

/// Arithmetic of the network's convolutions. Features are float32 in any case. fp16 is for GPUs alone, int8 for CPUs
/// and calibrated weights.
enum class Precision : std::uint8_t { fp32, bf16, fp16, int8 };
inline constexpr std::array<std::string_view, 4> precision_names = {"fp32", "bf16", "fp16", "int8"};
[[nodiscard]] constexpr std::string_view to_string(Precision p) {
  return precision_names.at(static_cast<std::size_t>(p));
}

}  // namespace pool3
