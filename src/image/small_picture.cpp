#include "pool3/image/small_picture.hpp"

#include <algorithm>
#include <cmath>

#include "pool3/types.hpp"

namespace pool3 {

std::vector<std::uint8_t> small_picture(const Image& picture, std::int64_t side) {
  constexpr std::int64_t colours = 3;
  const auto across = covers(picture.width, side), down = covers(picture.height, side);
  std::vector<double> narrow(index(picture.height * side * colours), 0.0);
  for (std::int64_t y = 0; y < picture.height; ++y)
    for (std::int64_t x = 0; x < side; ++x)
      for (std::int64_t c = 0; c < colours; ++c) {
        double sum = 0;
        std::int64_t at = across[index(x)].first;
        for (const double w : across[index(x)].shares)
          sum += w * picture.pixels[index((y * picture.width + at++) * colours + c)];
        narrow[index((y * side + x) * colours + c)] = sum;
      }
  std::vector<std::uint8_t> out(index(side * side * colours));
  for (std::int64_t y = 0; y < side; ++y)
    for (std::int64_t x = 0; x < side * colours; ++x) {
      double sum = 0;
      std::int64_t at = down[index(y)].first;
      for (const double w : down[index(y)].shares) sum += w * narrow[index(at++ * side * colours + x)];
      out[index(y * side * colours + x)] = static_cast<std::uint8_t>(std::clamp(std::lround(sum), 0L, 255L));
    }
  return out;
}

}  // namespace pool3
