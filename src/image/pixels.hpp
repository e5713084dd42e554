#pragma once
// The arithmetic that several formats share: samples to 8-bit RGB, rounded to the nearest. Private to the room.

#include <cstdint>
#include <cstring>

namespace pool3::image {

/// A colour of this alpha over white. A division by 255 has no ties.
[[nodiscard]] inline std::uint8_t over_white(int value, int alpha) {
  return static_cast<std::uint8_t>((value * alpha + 255 * (255 - alpha) + 127) / 255);
}

/// `width` pixels over white. `rgb` may not overlap `rgba`. Runs of opaque and of clear pixels, which most pictures are
/// made of, are taken fast.
inline void blend_over_white(const std::uint8_t* rgba, std::int64_t width, std::uint8_t* rgb) {
  for (std::int64_t x = 0; x < width; ++x, rgba += 4, rgb += 3) {
    const int alpha = rgba[3];
    if (alpha == 255) {
      std::memcpy(rgb, rgba, 3);
    } else if (alpha == 0) {
      std::memset(rgb, 255, 3);
    } else {
      for (int c = 0; c < 3; ++c) rgb[c] = over_white(rgba[c], alpha);
    }
  }
}

/// What a printing ink (255: full) leaves of `light`, which is 255 - black. Pillow's rounding.
[[nodiscard]] inline std::uint8_t under_ink(int ink, int light) {
  const int taken = ink * light + 128;
  return static_cast<std::uint8_t>(light - (((taken >> 8) + taken) >> 8));
}

}  // namespace pool3::image
