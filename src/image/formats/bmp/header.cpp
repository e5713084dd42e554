#include "image/formats/bmp/header.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "image/canvas.hpp"

namespace pool3::image {
namespace {

constexpr std::size_t file_header_bytes = 14;
constexpr std::uint32_t core_header = 12;   // OS/2 1
constexpr std::uint32_t info_header = 40;   // Windows 3
constexpr std::uint32_t os2_header = 64;    // OS/2 2: as Windows 3, with fields of its own behind it
constexpr std::uint32_t masks_header = 52;  // from here on, red, green and blue masks are in the header
constexpr std::uint32_t alpha_header = 56;  // and an alpha mask
constexpr std::array known_headers = {core_header, info_header, masks_header, alpha_header, os2_header, 108U, 124U};

[[noreturn]] void refuse_kind(const std::string& what) {
  throw ImageError(RowStatus::unknown_format, fmt::format("BMP: {} is not read", what));
}

BmpCoding coding_of(std::uint32_t compression, int bits, std::uint32_t header_bytes) {
  if (compression == 0) return BmpCoding::plain;
  if (compression == 1 && bits == 8) return BmpCoding::rle8;
  if (compression == 2 && bits == 4) return BmpCoding::rle4;
  const bool masks = compression == 3 || compression == 6;
  if (masks && (bits == 16 || bits == 32) && header_bytes != os2_header) return BmpCoding::masks;
  refuse_kind(fmt::format("compression {} with {} bits", compression, bits));
}

/// Sets the sides. Called for every header but the oldest.
void read_sides(BmpHeader& header, Bytes bytes) {
  const auto width = static_cast<std::int32_t>(little_endian(bytes, 18, 4));
  const auto height = static_cast<std::int32_t>(little_endian(bytes, 22, 4));
  header.width = width;
  header.top_down = height < 0;
  header.height = header.top_down ? -std::int64_t{height} : height;
}

/// Sets the masks and returns the bytes that they take after the header.
std::size_t read_masks(BmpHeader& header, Bytes bytes, std::uint32_t header_bytes, bool with_alpha) {
  header.masks = header.bits == 16 ? std::array<std::uint32_t, 4>{0x7C00, 0x3E0, 0x1F, 0}
                                   : std::array<std::uint32_t, 4>{0xFF0000, 0xFF00, 0xFF, 0};
  if (header.coding != BmpCoding::masks) return 0;
  const bool alpha = with_alpha || (header_bytes >= alpha_header);
  for (std::size_t i = 0; i < (alpha ? 4U : 3U); ++i) {
    header.masks[i] = little_endian(bytes, file_header_bytes + info_header + 4 * i, 4);
  }
  if (header_bytes != info_header) return 0;
  return alpha ? 16 : 12;
}

/// `colours`: 0 for as many as the bits allow.
std::size_t palette_bytes(int bits, bool core, std::uint32_t colours) {
  const std::size_t most = std::size_t{1} << bits;
  return (core ? 3 : 4) * (colours == 0 ? most : std::min<std::size_t>(colours, most));
}

/// `start` and `end`: where the palette may lie.
void read_palette(BmpHeader& header, Bytes bytes, std::size_t start, std::size_t end, bool core,
                  std::uint32_t colours) {
  const std::size_t entry = core ? 3 : 4;
  const std::size_t room = end > start ? end - start : 0;
  const std::size_t count = std::min(palette_bytes(header.bits, core, colours), room) / entry;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t bgr = little_endian(bytes, start + i * entry, 3);
    header.palette.push_back(
        {static_cast<std::uint8_t>(bgr >> 16), static_cast<std::uint8_t>(bgr >> 8), static_cast<std::uint8_t>(bgr)});
  }
  if (header.palette.empty()) refuse_bmp("no palette");
}

}  // namespace

std::uint32_t little_endian(Bytes bytes, std::size_t at, std::size_t width) {
  std::uint32_t value = 0;
  for (std::size_t i = width; i-- > 0;) {
    value = value << 8 | (at + i < bytes.size() ? std::to_integer<std::uint32_t>(bytes[at + i]) : 0);
  }
  return value;
}

void refuse_bmp(const std::string& what) { throw ImageError(RowStatus::corrupt, "BMP: " + what); }

BmpHeader read_bmp_header(Bytes bytes, std::int64_t max_pixels) {
  const std::uint32_t header_bytes = little_endian(bytes, file_header_bytes, 4);
  if (std::ranges::find(known_headers, header_bytes) == known_headers.end()) refuse_kind("a header of this size");
  if (bytes.size() < file_header_bytes + header_bytes) refuse_bmp("the file ends in its header");
  const bool core = header_bytes == core_header;
  BmpHeader header;
  header.width = little_endian(bytes, 18, 2);
  header.height = little_endian(bytes, 20, 2);
  if (!core) read_sides(header, bytes);
  check_pixel_limit(header.width, header.height, max_pixels);
  header.bits = static_cast<int>(little_endian(bytes, core ? 24 : 28, 2));
  constexpr std::array known_bits = {1, 2, 4, 8, 16, 24, 32};
  if (std::ranges::find(known_bits, header.bits) == known_bits.end()) refuse_bmp("a wrong number of bits");
  const std::uint32_t compression = core ? 0 : little_endian(bytes, 30, 4);
  header.coding = coding_of(compression, header.bits, header_bytes);
  const std::size_t masks = read_masks(header, bytes, header_bytes, compression == 6);
  const std::size_t start = file_header_bytes + header_bytes + masks;
  const std::uint32_t colours = core ? 0 : little_endian(bytes, 46, 4);
  const std::size_t behind_palette =
      std::min(start + (header.bits <= 8 ? palette_bytes(header.bits, core, colours) : 0), bytes.size());
  std::size_t offset = little_endian(bytes, 10, 4);
  if (offset == 0) offset = behind_palette;  // some writers leave it out, as Pillow allows
  if (offset < file_header_bytes + header_bytes || offset > bytes.size()) refuse_bmp("the pixels lie outside the file");
  if (header.bits <= 8) {
    if (offset == start) offset = behind_palette;  // some writers give the palette's place for that of the pixels
    read_palette(header, bytes, start, offset, core, colours);
  }
  header.pixels = bytes.subspan(offset);
  return header;
}

}  // namespace pool3::image
