#include <algorithm>
#include <bit>

#include "image/canvas.hpp"
#include "image/formats/bmp/run_length.hpp"
#include "image/pixels.hpp"

namespace pool3::image {
namespace {

/// One channel of 16- or 32-bit pixels.
class Channel {
 public:
  explicit Channel(std::uint32_t mask)
      : mask_(mask), shift_(mask == 0 ? 0 : std::countr_zero(mask)), most_(mask >> shift_) {
    if ((most_ & (most_ + 1)) != 0) refuse_bmp("a colour mask with gaps");
  }
  [[nodiscard]] bool exists() const { return mask_ != 0; }
  [[nodiscard]] std::uint8_t of(std::uint32_t pixel) const {
    if (!exists()) return 0;
    const std::uint64_t value = (pixel & mask_) >> shift_;
    return static_cast<std::uint8_t>((value * 255 + most_ / 2) / most_);
  }

 private:
  std::uint32_t mask_;
  int shift_;
  std::uint64_t most_;
};

void palette_row(Bytes row, const BmpHeader& header, std::uint8_t* rgb) {
  const auto bits = static_cast<std::size_t>(header.bits);
  const unsigned mask = (1U << bits) - 1;
  for (std::size_t x = 0; x < static_cast<std::size_t>(header.width); ++x, rgb += 3) {
    const std::size_t bit = x * bits;
    const unsigned index = std::to_integer<unsigned>(row[bit / 8]) >> (8 - bits - bit % 8) & mask;
    if (index >= header.palette.size()) refuse_bmp("a colour that the palette does not have");
    std::ranges::copy(header.palette[index], rgb);
  }
}

void bgr_row(Bytes row, std::int64_t width, std::uint8_t* rgb) {
  const auto* bgr = reinterpret_cast<const std::uint8_t*>(row.data());
  for (std::int64_t x = 0; x < width; ++x, bgr += 3, rgb += 3) {
    rgb[0] = bgr[2];
    rgb[1] = bgr[1];
    rgb[2] = bgr[0];
  }
}

struct Channels {
  Channel red, green, blue, alpha;
};

void masked_row(Bytes row, const BmpHeader& header, const Channels& channels, std::uint8_t* rgb) {
  const auto bytes = static_cast<std::size_t>(header.bits / 8);
  for (std::size_t x = 0; x < static_cast<std::size_t>(header.width); ++x, rgb += 3) {
    const std::uint32_t pixel = little_endian(row, x * bytes, bytes);
    const int alpha = channels.alpha.exists() ? channels.alpha.of(pixel) : 255;
    rgb[0] = over_white(channels.red.of(pixel), alpha);
    rgb[1] = over_white(channels.green.of(pixel), alpha);
    rgb[2] = over_white(channels.blue.of(pixel), alpha);
  }
}

/// True if a pixel has one of these bits. Many writers name a channel of alpha and leave it zero, and mean an opaque
/// picture, as viewers show it.
bool has_any(const BmpHeader& header, std::uint32_t mask, std::size_t stride) {
  if (mask == 0) return false;
  const auto bytes = static_cast<std::size_t>(header.bits / 8);
  for (std::size_t y = 0; y < static_cast<std::size_t>(header.height); ++y) {
    for (std::size_t x = 0; x < static_cast<std::size_t>(header.width); ++x) {
      if ((little_endian(header.pixels, y * stride + x * bytes, bytes) & mask) != 0) return true;
    }
  }
  return false;
}

/// Lines are filled up to four bytes; the last may lack that.
Image decode_plain(const BmpHeader& header) {
  const std::size_t line = (static_cast<std::size_t>(header.width) * static_cast<std::size_t>(header.bits) + 7) / 8;
  const std::size_t stride = (line + 3) / 4 * 4;
  const auto lines = static_cast<std::size_t>(header.height);
  if (header.pixels.size() < line || (header.pixels.size() - line) / stride < lines - 1) {
    refuse_bmp("the file ends too early");
  }
  const auto [red, green, blue, alpha] = header.masks;
  Image picture = blank(header.width, header.height);
  const Channels channels{Channel(red), Channel(green), Channel(blue),
                          Channel(has_any(header, alpha, stride) ? alpha : 0)};
  for (std::size_t i = 0; i < lines; ++i) {
    const Bytes row = header.pixels.subspan(i * stride, line);
    const std::size_t y = header.top_down ? i : lines - 1 - i;
    std::uint8_t* rgb = picture.pixels.data() + y * static_cast<std::size_t>(header.width) * 3;
    if (header.bits <= 8) palette_row(row, header, rgb);
    if (header.bits == 24) bgr_row(row, header.width, rgb);
    if (header.bits == 16 || header.bits == 32) masked_row(row, header, channels, rgb);
  }
  return picture;
}

}  // namespace

Decoded decode_bmp(Bytes bytes, const DecodeOptions& options) {
  const BmpHeader header = read_bmp_header(bytes, options.max_pixels);
  const bool runs = header.coding == BmpCoding::rle8 || header.coding == BmpCoding::rle4;
  return {runs ? decode_bmp_runs(header) : decode_plain(header)};
}

}  // namespace pool3::image
