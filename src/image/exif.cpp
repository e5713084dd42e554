#include "image/exif.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "image/canvas.hpp"

namespace pool3::image {
namespace {

constexpr std::uint32_t tag_orientation = 0x0112;
/// Bytes of a value of an integer type of TIFF; 0 for other types. Orientation is a SHORT, but some write others.
std::size_t width_of(std::uint32_t type) {
  switch (type) {
    case 1:  // BYTE
    case 6:  // SBYTE
      return 1;
    case 3:  // SHORT
    case 8:  // SSHORT
      return 2;
    case 4:  // LONG
    case 9:  // SLONG
      return 4;
    default:
      return 0;
  }
}

/// A TIFF block in either byte order. Reads outside it give 0.
class Tiff {
 public:
  explicit Tiff(std::span<const std::byte> bytes) : bytes_(bytes), big_endian_(byte(0) == 'M') {}

  [[nodiscard]] bool valid() const {
    return (byte(0) == 'M' || byte(0) == 'I') && byte(1) == byte(0) && number(2, 2) == 42;
  }
  [[nodiscard]] std::uint32_t number(std::size_t at, std::size_t width) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < width; ++i) value = value << 8 | byte(big_endian_ ? at + i : at + width - 1 - i);
    return value;
  }

 private:
  [[nodiscard]] std::uint32_t byte(std::size_t at) const {
    return at < bytes_.size() ? std::to_integer<std::uint32_t>(bytes_[at]) : 0;
  }
  std::span<const std::byte> bytes_;
  bool big_endian_;
};

bool has_exif_prefix(std::span<const std::byte> block) {
  constexpr std::array<char, 6> prefix = {'E', 'x', 'i', 'f', 0, 0};
  return block.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), block.begin(),
                                                     [](char c, auto b) { return static_cast<std::byte>(c) == b; });
}

/// Source index of destination pixel (x, y): start + x * step_x + y * step_y.
struct Turn {
  std::int64_t start, step_x, step_y;
};

Turn turn_of(int orientation, std::int64_t w, std::int64_t h) {
  switch (orientation) {
    case 2:
      return {w - 1, -1, w};
    case 3:
      return {h * w - 1, -1, -w};
    case 4:
      return {(h - 1) * w, 1, -w};
    case 5:
      return {0, w, 1};
    case 6:
      return {(h - 1) * w, -w, 1};
    case 7:
      return {h * w - 1, -w, -1};
    case 8:
      return {w - 1, w, -1};
    default:
      return {0, 1, w};
  }
}

void copy_tile(const Image& from, Image& to, const Turn& turn, std::int64_t x0, std::int64_t y0, std::int64_t side) {
  const std::uint8_t* in = from.pixels.data();
  const std::int64_t x_end = std::min(x0 + side, to.width);
  const std::int64_t y_end = std::min(y0 + side, to.height);
  const std::int64_t step = turn.step_x * 3;  // a local: stores of bytes might change what a reference names
  for (std::int64_t y = y0; y < y_end; ++y) {
    std::uint8_t* out = to.pixels.data() + (y * to.width + x0) * 3;
    std::int64_t source = (turn.start + x0 * turn.step_x + y * turn.step_y) * 3;
    for (std::int64_t x = x0; x < x_end; ++x, out += 3, source += step) {
      out[0] = in[source];
      out[1] = in[source + 1];
      out[2] = in[source + 2];
    }
  }
}

}  // namespace

int exif_orientation(std::span<const std::byte> block) {
  const Tiff tiff(has_exif_prefix(block) ? block.subspan(6) : block);
  if (!tiff.valid()) return 0;
  const std::size_t directory = tiff.number(4, 4);
  const std::size_t entries = tiff.number(directory, 2);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + 12 * i;
    if (tiff.number(entry, 2) != tag_orientation) continue;
    const std::size_t width = width_of(tiff.number(entry + 2, 2));
    if (width == 0) return 0;
    const std::uint32_t value = tiff.number(entry + 8, width);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 0;
  }
  return 0;
}

int xmp_orientation(std::span<const std::byte> packet) {
  constexpr std::string_view name = "tiff:Orientation";
  std::string_view text(reinterpret_cast<const char*>(packet.data()), packet.size());
  for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name)) {
    text.remove_prefix(at + name.size());
    // ="6", = '6' or >6<
    const std::size_t value = std::min(text.find_first_not_of(" \t\r\n=\"'>"), text.size());
    const bool is_value = text.substr(0, value).find_first_of("=>") != std::string_view::npos;
    if (is_value && value < text.size() && text[value] >= '1' && text[value] <= '8') return text[value] - '0';
  }
  return 0;
}

Image oriented(Image picture, int orientation) {
  if (orientation <= 1) return picture;
  const Turn turn = turn_of(orientation, picture.width, picture.height);
  const bool turned = orientation >= 5;
  Image out = turned ? blank(picture.height, picture.width) : blank(picture.width, picture.height);
  constexpr std::int64_t side = 64;  // a tile of both pictures stays in the first cache
  for (std::int64_t y = 0; y < out.height; y += side) {
    for (std::int64_t x = 0; x < out.width; x += side) copy_tile(picture, out, turn, x, y, side);
  }
  return out;
}

}  // namespace pool3::image
