#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "pool3/baselines.hpp"
#include "pool3/types.hpp"

namespace pool3 {
namespace {

constexpr std::int64_t side = picture_side, cell = 8, block = 16, bins = 9, cells = block / cell,
                       steps = (side - block) / cell + 1;
constexpr std::int64_t block_size = cells * cells * bins;
constexpr float clipped = 0.2F;

/// A pixel's gradient, shared between two neighbouring directions.
struct Gradient {
  std::array<float, 2> length{};
  std::array<std::int64_t, 2> bin{};
};

/// Beyond the edge the picture goes back, without its last pixel.
std::int64_t reflected(std::int64_t i) { return i < 0 ? -i : i >= side ? 2 * side - 2 - i : i; }

Gradient gradient_at(std::span<const std::uint8_t> grey, std::int64_t x, std::int64_t y) {
  const auto at = [&](std::int64_t px, std::int64_t py) {
    return static_cast<float>(grey[index(reflected(py) * side + reflected(px))]);
  };
  const float dx = at(x + 1, y) - at(x - 1, y), dy = at(x, y + 1) - at(x, y - 1);
  float turn = std::atan2(dy, dx);
  if (turn < 0) turn += 2 * std::numbers::pi_v<float>;
  const float place = turn * static_cast<float>(bins) / std::numbers::pi_v<float> - 0.5F, low = std::floor(place);
  const float length = std::hypot(dx, dy), part = place - low;
  const std::int64_t bin = (static_cast<std::int64_t>(low) + bins) % bins;
  return {{length * (1 - part), length * part}, {bin, (bin + 1) % bins}};
}

/// L2 norm, cut at 0.2, L2 norm.
void normalise(std::span<float> histogram) {
  const auto square_sum = [&] {
    float sum = 0;
    for (const float v : histogram) sum += v * v;
    return sum;
  };
  const float first = 1 / (std::sqrt(square_sum()) + static_cast<float>(block_size) * 0.1F);
  for (float& v : histogram) v = std::min(v * first, clipped);
  const float second = 1 / (std::sqrt(square_sum()) + 1e-3F);
  for (float& v : histogram) v *= second;
}

/// Adds one pixel of a block to the cells around it.
void add_pixel(const Gradient& g, std::int64_t x, std::int64_t y, std::span<float> histogram) {
  constexpr std::int64_t middle = block / 2;
  const auto away = [](std::int64_t p) { return static_cast<float>(p - middle); };
  constexpr float sigma = block / 4.0F;
  const float weight = std::exp(-(away(x) * away(x) + away(y) * away(y)) / (2 * sigma * sigma));
  const float cx = (static_cast<float>(x) + 0.5F) / cell - 0.5F, cy = (static_cast<float>(y) + 0.5F) / cell - 0.5F;
  for (std::int64_t i = 0; i < cells; ++i)
    for (std::int64_t j = 0; j < cells; ++j) {
      const float share = std::max(0.0F, 1 - std::abs(cx - static_cast<float>(i))) *
                          std::max(0.0F, 1 - std::abs(cy - static_cast<float>(j)));
      for (std::size_t b = 0; b < 2; ++b)
        histogram[index((i * cells + j) * bins + g.bin[b])] += weight * share * g.length[b];
    }
}

}  // namespace

std::vector<float> hog_descriptor(std::span<const std::uint8_t> grey) {
  std::vector<Gradient> gradients(index(side * side));
  for (std::int64_t y = 0; y < side; ++y)
    for (std::int64_t x = 0; x < side; ++x) gradients[index(y * side + x)] = gradient_at(grey, x, y);
  std::vector<float> descriptor(index(hog_size), 0.0F);
  for (std::int64_t bx = 0; bx < steps; ++bx)
    for (std::int64_t by = 0; by < steps; ++by) {
      const auto histogram = std::span(descriptor).subspan(index((bx * steps + by) * block_size), index(block_size));
      for (std::int64_t x = 0; x < block; ++x)
        for (std::int64_t y = 0; y < block; ++y)
          add_pixel(gradients[index((by * cell + y) * side + bx * cell + x)], x, y, histogram);
      normalise(histogram);
    }
  return descriptor;
}

}  // namespace pool3
