#pragma once
// A picture made grey.

#include <cstdint>
#include <span>
#include <vector>

namespace pool3::baselines {

/// Luma (Rec. 601) of RGB pixels, as OpenCV rounds it.
[[nodiscard]] std::vector<std::uint8_t> grey_of(std::span<const std::uint8_t> rgb);

}  // namespace pool3::baselines
