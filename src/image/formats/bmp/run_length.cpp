#include "image/formats/bmp/run_length.hpp"

#include <algorithm>
#include <utility>

#include "image/canvas.hpp"

namespace pool3::image {
namespace {

/// Follows the runs over the picture, from its bottom line up. Pixels that no run names have colour 0. A run that goes
/// over the end of its line is cut there.
class RunPainter {
 public:
  explicit RunPainter(const BmpHeader& header) : header_(header), picture_(blank(header.width, header.height)) {
    for (std::size_t i = 0; i < picture_.pixels.size(); ++i) picture_.pixels[i] = header_.palette[0][i % 3];
  }

  Image run() {
    while (y_ < picture_.height) {
      const std::uint32_t count = next();
      const std::uint32_t value = next();
      if (count > 0) {
        repeat(count, value);
      } else if (value == 1) {  // the end of the picture
        break;
      } else {
        escape(value);
      }
    }
    return std::move(picture_);
  }

 private:
  std::uint32_t next() {
    if (at_ >= header_.pixels.size()) refuse_bmp("the file ends too early");
    return std::to_integer<std::uint32_t>(header_.pixels[at_++]);
  }

  void put(std::uint32_t index) {
    if (index >= header_.palette.size()) refuse_bmp("a colour that the palette does not have");
    if (x_ < picture_.width) {
      const std::int64_t row = header_.top_down ? y_ : picture_.height - 1 - y_;
      std::ranges::copy(header_.palette[index], picture_.pixels.begin() + (row * picture_.width + x_) * 3);
    }
    ++x_;
  }

  [[nodiscard]] std::uint32_t half_of(std::uint32_t value, std::uint32_t i) const {
    if (header_.coding == BmpCoding::rle8) return value;
    return i % 2 == 0 ? value >> 4 : value & 15U;
  }

  void repeat(std::uint32_t count, std::uint32_t value) {
    for (std::uint32_t i = 0; i < count; ++i) put(half_of(value, i));
  }

  void escape(std::uint32_t value) {
    if (value == 0) {  // the end of the line
      x_ = 0;
      ++y_;
    } else if (value == 2) {  // a step to the right and up
      x_ += next();
      y_ += next();
    } else {
      literal(value);
    }
  }

  /// `count` pixels one by one; their bytes are filled up to an even number.
  void literal(std::uint32_t count) {
    const std::size_t start = at_;
    std::uint32_t value = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      if (header_.coding == BmpCoding::rle8 || i % 2 == 0) value = next();
      put(half_of(value, i));
    }
    if ((at_ - start) % 2 == 1) static_cast<void>(next());
  }

  const BmpHeader& header_;
  Image picture_;
  std::size_t at_ = 0;
  std::int64_t x_ = 0, y_ = 0;
};

}  // namespace

Image decode_bmp_runs(const BmpHeader& header) { return RunPainter(header).run(); }

}  // namespace pool3::image
