#include <fmt/format.h>

#include <array>
#include <vector>

#include "image/canvas.hpp"
#include "image/formats/bmp/header.hpp"
#include "image/formats/decoders.hpp"
#include "image/pixels.hpp"

namespace pool3::image {
namespace {

[[noreturn]] void refuse(const char* what) { throw ImageError(RowStatus::corrupt, fmt::format("TGA: {}", what)); }

constexpr std::size_t header_bytes = 18;

using Rgba = std::array<std::uint8_t, 4>;

struct TgaHeader {
  int kind = 0;  ///< 1: palette, 2: colours, 3: grey
  bool runs = false, has_alpha = false, right_to_left = false, top_down = false;
  std::int64_t width = 0, height = 0;
  std::size_t pixel_bytes = 0;
  std::uint32_t first_colour = 0;
  std::vector<Rgba> palette;
  Bytes pixels;
};

std::uint8_t widen(std::uint32_t five_bits) {
  constexpr std::uint32_t most = 31;
  return static_cast<std::uint8_t>((five_bits * 255 + most / 2) / most);
}

/// A colour of 2, 3 or 4 bytes.
Rgba colour_of(Bytes bytes, std::size_t at, std::size_t width) {
  const std::uint32_t value = little_endian(bytes, at, width);
  if (width == 2) return {widen(value >> 10 & 31U), widen(value >> 5 & 31U), widen(value & 31U), 255};
  return {static_cast<std::uint8_t>(value >> 16), static_cast<std::uint8_t>(value >> 8),
          static_cast<std::uint8_t>(value), static_cast<std::uint8_t>(width == 4 ? value >> 24 : 255U)};
}

/// Bytes of a colour of so many bits.
std::size_t colour_bytes(std::uint32_t bits) {
  if (bits == 15 || bits == 16) return 2;
  if (bits == 24 || bits == 32) return bits / 8;
  refuse("colours of a size that is not known");
}

/// `at`: where the palette begins. Returns where it ends.
std::size_t read_palette(TgaHeader& header, Bytes bytes, std::size_t at) {
  header.first_colour = little_endian(bytes, 3, 2);
  const std::size_t count = little_endian(bytes, 5, 2);
  if (little_endian(bytes, 1, 1) == 0 || count == 0) return at;
  const std::size_t width = colour_bytes(little_endian(bytes, 7, 1));
  const std::size_t end = at + count * width;
  if (end > bytes.size()) refuse("the file ends in its palette");
  if (header.kind == 1)
    for (std::size_t i = 0; i < count; ++i) header.palette.push_back(colour_of(bytes, at + i * width, width));
  return end;
}

TgaHeader read_header(Bytes bytes, std::int64_t max_pixels) {
  if (bytes.size() < header_bytes) refuse("the file ends in its header");
  TgaHeader header;
  const std::uint32_t kind = little_endian(bytes, 2, 1);
  constexpr std::uint32_t runs = 8;
  header.runs = kind > runs;
  header.kind = static_cast<int>(kind % runs);
  if (kind > runs + 3 || header.kind < 1 || header.kind > 3)
    throw ImageError(RowStatus::unknown_format, fmt::format("TGA of kind {}, which is not read", kind));
  header.width = little_endian(bytes, 12, 2);
  header.height = little_endian(bytes, 14, 2);
  check_pixel_limit(header.width, header.height, max_pixels);
  const std::uint32_t bits = little_endian(bytes, 16, 1), descriptor = little_endian(bytes, 17, 1);
  header.right_to_left = (descriptor & 0x10U) != 0;
  header.top_down = (descriptor & 0x20U) != 0;
  header.has_alpha = (descriptor & 15U) == 8;
  if (header.kind == 2) header.pixel_bytes = colour_bytes(bits);
  if (header.kind != 2 && bits != 8) refuse("pixels of a size that is not known");
  if (header.kind != 2) header.pixel_bytes = 1;
  const std::size_t end = read_palette(header, bytes, header_bytes + little_endian(bytes, 0, 1));
  if (header.kind == 1 && header.palette.empty()) refuse("no palette");
  if (end > bytes.size()) refuse("the file ends too early");
  header.pixels = bytes.subspan(end);
  return header;
}

/// Gives the pixels in the order of the file.
class Pixels {
 public:
  explicit Pixels(const TgaHeader& header) : header_(header) {}

  Rgba next() {
    if (left_ == 0) begin_packet();
    --left_;
    if (!repeats_) last_ = read();
    return last_;
  }

 private:
  /// Without runs, all are one packet.
  void begin_packet() {
    left_ = 1;
    if (!header_.runs) return;
    if (at_ >= header_.pixels.size()) refuse("the file ends too early");
    const auto head = std::to_integer<std::uint32_t>(header_.pixels[at_++]);
    left_ = (head & 0x7FU) + 1;
    repeats_ = (head & 0x80U) != 0;
    if (repeats_) last_ = read();
  }

  Rgba read() {
    if (header_.pixels.size() - at_ < header_.pixel_bytes) refuse("the file ends too early");
    const std::size_t at = at_;
    at_ += header_.pixel_bytes;
    if (header_.kind == 2) return colour_of(header_.pixels, at, header_.pixel_bytes);
    const auto value = std::to_integer<std::uint8_t>(header_.pixels[at]);
    if (header_.kind == 3) return {value, value, value, 255};
    const std::size_t index = std::size_t{value} - header_.first_colour;  // wraps below the first
    if (index >= header_.palette.size()) refuse("a colour that the palette does not have");
    return header_.palette[index];
  }

  const TgaHeader& header_;
  std::size_t at_ = 0;
  std::uint32_t left_ = 0;
  bool repeats_ = false;
  Rgba last_{};
};

/// True if some pixel is not clear. Many writers name a channel of alpha and leave it zero.
bool shows_anything(const TgaHeader& header) {
  Pixels pixels(header);
  for (std::int64_t i = 0; i < header.width * header.height; ++i)
    if (pixels.next()[3] != 0) return true;
  return false;
}

}  // namespace

bool is_tga(Bytes head) {
  if (head.size() < header_bytes) return false;
  const auto at = [&](std::size_t place) { return little_endian(head, place, 1); };
  const std::uint32_t kind = at(2) % 8, bits = at(16), descriptor = at(17);
  const bool coloured =
      at(1) == 1 && little_endian(head, 5, 2) > 0 && (at(7) == 15 || at(7) == 16 || at(7) == 24 || at(7) == 32);
  const bool fits = (kind == 1 && coloured && bits == 8) || (kind == 3 && at(1) == 0 && bits == 8) ||
                    (kind == 2 && (at(1) == 0 || coloured) && (bits == 15 || bits == 16 || bits == 24 || bits == 32));
  const bool alpha = (descriptor & 15U) == 0 || (descriptor & 15U) == 1 || (descriptor & 15U) == 8;
  return fits && at(2) <= 11 && alpha && (descriptor & 0xC0U) == 0 && little_endian(head, 12, 2) > 0 &&
         little_endian(head, 14, 2) > 0;
}

Decoded decode_tga(Bytes bytes, const DecodeOptions& options) {
  const TgaHeader header = read_header(bytes, options.max_pixels);
  // Some writers leave the number of alpha's bits out.
  const bool has_alpha =
      (header.pixel_bytes == 4 || header.kind == 1) && (header.kind == 1 || header.has_alpha) && shows_anything(header);
  Image picture = blank(header.width, header.height);
  Pixels pixels(header);
  for (std::int64_t row = 0; row < header.height; ++row) {
    const std::int64_t y = header.top_down ? row : header.height - 1 - row;
    for (std::int64_t column = 0; column < header.width; ++column) {
      const std::int64_t x = header.right_to_left ? header.width - 1 - column : column;
      const Rgba colour = pixels.next();
      std::uint8_t* rgb = picture.pixels.data() + (y * header.width + x) * 3;
      for (std::size_t c = 0; c < 3; ++c) rgb[c] = has_alpha ? over_white(colour[c], colour[3]) : colour[c];
    }
  }
  return {std::move(picture)};
}

}  // namespace pool3::image
