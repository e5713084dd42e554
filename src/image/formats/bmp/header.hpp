#pragma once
// What a BMP file says of its pixels. Private to the room.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "image/formats/decoders.hpp"

namespace pool3::image {

/// How the pixels are stored.
enum class BmpCoding : std::uint8_t { plain, rle8, rle4, masks };

using Rgb = std::array<std::uint8_t, 3>;

struct BmpHeader {
  std::int64_t width = 0;
  std::int64_t height = 0;
  bool top_down = false;
  int bits = 0;
  BmpCoding coding = BmpCoding::plain;
  std::array<std::uint32_t, 4> masks{};  ///< red, green, blue, alpha; for 16 and 32 bits
  std::vector<Rgb> palette;              ///< for 8 bits and fewer
  Bytes pixels;                          ///< from the first pixel to the end of the file
};

/// Little-endian numbers. Reads outside the bytes give 0.
[[nodiscard]] std::uint32_t little_endian(Bytes bytes, std::size_t at, std::size_t width);

/// Throws ImageError (corrupt, too_large, unknown_format).
[[nodiscard]] BmpHeader read_bmp_header(Bytes bytes, std::int64_t max_pixels);

/// Throws ImageError (corrupt). `what` follows "BMP: ".
[[noreturn]] void refuse_bmp(const std::string& what);

}  // namespace pool3::image
