#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "image/canvas.hpp"
#include "image/formats/bmp/header.hpp"
#include "image/formats/decoders.hpp"
#include "image/pixels.hpp"

namespace pool3::image {
namespace {

[[noreturn]] void refuse(const char* what) { throw ImageError(RowStatus::corrupt, fmt::format("icon: {}", what)); }

constexpr std::size_t directory_bytes = 6, entry_bytes = 16, info_header_bytes = 40;

/// One picture of an icon, as its directory has it.
struct IconEntry {
  std::int64_t pixels = 0;
  std::uint32_t bits = 0;  ///< a pixel; of cursors something else
  std::size_t size = 0, offset = 0;
};

/// The largest picture; of these the one with the most bits, and the first of equals.
IconEntry largest_entry(Bytes bytes) {
  const std::size_t count = little_endian(bytes, 4, 2);
  const bool cursor = little_endian(bytes, 2, 2) == 2;
  if (count == 0 || bytes.size() < directory_bytes + count * entry_bytes) refuse("the file ends in its directory");
  IconEntry best;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = directory_bytes + i * entry_bytes;
    const auto side = [&](std::size_t place) {
      const std::uint32_t value = little_endian(bytes, at + place, 1);
      return std::int64_t{value == 0 ? 256 : value};
    };
    const IconEntry entry{.pixels = side(0) * side(1),
                          .bits = cursor ? 0 : little_endian(bytes, at + 6, 2),
                          .size = little_endian(bytes, at + 8, 4),
                          .offset = little_endian(bytes, at + 12, 4)};
    if (entry.pixels > best.pixels || (entry.pixels == best.pixels && entry.bits > best.bits)) best = entry;
  }
  return best;
}

/// A BMP file of the picture's bytes, which lack the header in front and have a mask behind: half of the height.
std::vector<std::byte> bmp_of(Bytes bytes, std::uint32_t half_height) {
  constexpr std::size_t file_header_bytes = 14, height_at = 8;
  std::vector<std::byte> bmp(file_header_bytes + bytes.size());
  bmp[0] = std::byte{'B'};
  bmp[1] = std::byte{'M'};
  std::ranges::copy(bytes, bmp.begin() + file_header_bytes);
  for (std::size_t i = 0; i < 4; ++i)
    bmp[file_header_bytes + height_at + i] = static_cast<std::byte>(half_height >> (8 * i));
  return bmp;
}

/// Pixels of 32 bits have an alpha, which counts if it is not zero all over. `rows`: from the bottom up.
bool has_alpha(Bytes rows, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    if (rows[4 * i + 3] != std::byte{0}) return true;
  return false;
}

void blend_rows(Image& picture, Bytes rows) {
  const auto width = static_cast<std::size_t>(picture.width), height = static_cast<std::size_t>(picture.height);
  for (std::size_t y = 0; y < height; ++y) {
    std::uint8_t* rgb = picture.pixels.data() + (height - 1 - y) * width * 3;
    for (std::size_t x = 0; x < width; ++x, rgb += 3) {
      const int alpha = std::to_integer<int>(rows[4 * (y * width + x) + 3]);
      for (int c = 0; c < 3; ++c) rgb[c] = over_white(rgb[c], alpha);
    }
  }
}

/// A bit a pixel, lines filled up to four bytes, from the bottom up: set where nothing is drawn. The last lines may
/// lack.
void mask_rows(Image& picture, Bytes mask) {
  const auto width = static_cast<std::size_t>(picture.width), height = static_cast<std::size_t>(picture.height);
  const std::size_t stride = (width + 31) / 32 * 4;
  for (std::size_t y = 0; y < height && (y + 1) * stride <= mask.size(); ++y) {
    std::uint8_t* rgb = picture.pixels.data() + (height - 1 - y) * width * 3;
    for (std::size_t x = 0; x < width; ++x, rgb += 3)
      if ((std::to_integer<unsigned>(mask[y * stride + x / 8]) >> (7 - x % 8) & 1U) != 0) std::fill_n(rgb, 3, 255);
  }
}

Decoded decode_bitmap(Bytes bytes, const DecodeOptions& options) {
  if (bytes.size() < info_header_bytes) refuse("the file ends too early");
  const auto height = static_cast<std::int32_t>(little_endian(bytes, 8, 4));
  if (height <= 0 || little_endian(bytes, 0, 4) != info_header_bytes) refuse("a header that icons don't have");
  if (little_endian(bytes, 16, 4) != 0) refuse("compressed pixels");
  check_pixel_limit(static_cast<std::int32_t>(little_endian(bytes, 4, 4)), height / 2, options.max_pixels);
  const std::vector<std::byte> bmp = bmp_of(bytes, static_cast<std::uint32_t>(height / 2));
  const BmpHeader header = read_bmp_header(bmp, options.max_pixels);
  Decoded decoded = decode_bmp(bmp, options);
  const std::size_t stride =
      (static_cast<std::size_t>(header.width) * static_cast<std::size_t>(header.bits) + 31) / 32 * 4;
  const std::size_t pixel_bytes = std::min(stride * static_cast<std::size_t>(header.height), header.pixels.size());
  const auto pixels = static_cast<std::size_t>(header.width * header.height);
  if (header.bits == 32 && has_alpha(header.pixels, pixels)) {
    blend_rows(decoded.picture, header.pixels);
  } else {
    mask_rows(decoded.picture, header.pixels.subspan(pixel_bytes));
  }
  return decoded;
}

}  // namespace

Decoded decode_ico(Bytes bytes, const DecodeOptions& options) {
  const IconEntry entry = largest_entry(bytes);
  if (entry.offset > bytes.size() || entry.size > bytes.size() - entry.offset || entry.size == 0)
    refuse("the picture lies outside the file");
  const Bytes picture = bytes.subspan(entry.offset, entry.size);
  constexpr std::uint32_t png = 0x474E5089;
  return little_endian(picture, 0, 4) == png ? decode_png(picture, options) : decode_bitmap(picture, options);
}

}  // namespace pool3::image
