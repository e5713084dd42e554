#pragma once
// A picture made small, and grey.

#include <cstdint>
#include <span>
#include <vector>

#include "pool3/image.hpp"

namespace pool3::baselines {

/// Squashed to [side, side, 3]: each pixel is the mean of the part of the picture that it covers.
[[nodiscard]] std::vector<std::uint8_t> small_picture(const Image& picture, std::int64_t side);
/// Luma (Rec. 601) of RGB pixels, as OpenCV rounds it.
[[nodiscard]] std::vector<std::uint8_t> grey_of(std::span<const std::uint8_t> rgb);

}  // namespace pool3::baselines
