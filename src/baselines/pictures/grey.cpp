#include "baselines/pictures/grey.hpp"

namespace pool3::baselines {

std::vector<std::uint8_t> grey_of(std::span<const std::uint8_t> rgb) {
  std::vector<std::uint8_t> grey;
  grey.reserve(rgb.size() / 3);
  for (std::size_t i = 0; i + 2 < rgb.size(); i += 3)
    grey.push_back(
        static_cast<std::uint8_t>((rgb[i] * 4899U + rgb[i + 1] * 9617U + rgb[i + 2] * 1868U + 8192U) >> 14U));
  return grey;
}

}  // namespace pool3::baselines
