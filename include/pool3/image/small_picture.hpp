#pragma once
// A picture squashed to a small square: what pictures are compared by.

#include <cstdint>
#include <vector>

#include "pool3/image.hpp"

namespace pool3 {

/// Squashed to [side, side, 3]: each pixel is the mean of the part of the picture that it covers. REQUIRES: the picture
/// is not empty, side >= 1. Thread-safe.
[[nodiscard]] std::vector<std::uint8_t> small_picture(const Image& picture, std::int64_t side);

}  // namespace pool3
