// Any bytes as a picture, given to the decoder POOL3_DECODER without a look at their first bytes. What comes out must
// be whole, and makes a network input.

#include <cstdlib>
#include <span>
#include <vector>

#include "image/exif.hpp"
#include "image/formats/decoders.hpp"

namespace {

constexpr std::int64_t max_pixels = 1 << 18;  // small, so that many inputs are tried

void require(bool holds) {
  if (!holds) std::abort();
}

void decode(std::span<const std::byte> bytes, std::int64_t shortest_side) {
  auto decoded = pool3::image::POOL3_DECODER(bytes, {.max_pixels = max_pixels, .shortest_side = shortest_side});
  require(decoded.orientation >= 1 && decoded.orientation <= 8);
  const pool3::Image picture = pool3::image::oriented(std::move(decoded.picture), decoded.orientation);
  require(picture.width > 0 && picture.height > 0 && picture.width * picture.height <= max_pixels);
  require(static_cast<std::int64_t>(picture.pixels.size()) == picture.width * picture.height * 3);
  static std::vector<float> input(static_cast<std::size_t>(pool3::input_floats));
  const bool resized = bytes.size() % 16 == 0 && picture.height <= 1000;  // takes longer than most decoding
  if (resized) pool3::to_input(picture, pool3::InputProfile::keras, input);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const std::int64_t shortest_side : {0, 2}) {
    try {
      decode(std::as_bytes(std::span(data, size)), shortest_side);
    } catch (const pool3::ImageError& error) {
      require(error.what()[0] != '\0');
    }
  }
  return 0;
}
