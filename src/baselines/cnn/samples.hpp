#pragma once
// The training pictures of all ranks, and what an epoch makes of them.

#include <cstdint>
#include <span>
#include <vector>

#include "pool3/baselines.hpp"

namespace pool3::baselines {

inline constexpr std::int64_t picture_numbers = picture_side * picture_side * 3;

/// In order of their rows; the same on every rank.
struct Samples {
  std::vector<std::int64_t> labels;
  std::vector<std::uint8_t> pixels;  ///< [labels, side, side, 3]
  [[nodiscard]] std::int64_t count() const { return static_cast<std::int64_t>(labels.size()); }
  [[nodiscard]] std::span<const std::uint8_t> picture(std::int64_t i) const {
    return std::span(pixels).subspan(static_cast<std::size_t>(i * picture_numbers),
                                     static_cast<std::size_t>(picture_numbers));
  }
};
/// Collective.
[[nodiscard]] Samples gather_samples(const Communicator& comm, const BaselineRows& rows,
                                     std::span<const std::uint8_t> pixels);

/// How a picture is changed.
struct Change {
  bool flip = false;
  std::int64_t right = 0, down = 0;  ///< pixels that it is moved by; the edge is repeated
};
/// A function of these alone.
[[nodiscard]] Change random_change(std::uint64_t seed, std::int64_t epoch, std::int64_t sample);
/// Appends a picture as the network takes it: [3, side, side], -1 to 1.
void append_input(std::span<const std::uint8_t> picture, const Change& change, std::vector<float>& out);
/// An order of 0 .. count-1, a function of these alone.
[[nodiscard]] std::vector<std::int64_t> random_order(std::int64_t count, std::uint64_t seed);
/// A seed for something else.
[[nodiscard]] std::uint64_t mixed(std::uint64_t seed, std::uint64_t salt);

}  // namespace pool3::baselines
