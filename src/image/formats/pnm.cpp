#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "image/canvas.hpp"
#include "image/formats/decoders.hpp"

namespace pool3::image {
namespace {

[[noreturn]] void refuse(const std::string& what) { throw ImageError(RowStatus::corrupt, "PNM: " + what); }
[[noreturn]] void refuse_end() { refuse("the file ends too early"); }

bool is_blank(int c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// The characters of a file, for its numbers. A comment, from '#' to the end of its line, is read as that end.
class Text {
 public:
  explicit Text(Bytes rest) : rest_(rest) {}

  /// What follows the last number and the one character behind it.
  [[nodiscard]] Bytes rest() const { return rest_; }

  /// A decimal number; very large ones come as something very large. Takes the character behind it too. `what`: for the
  /// message.
  std::int64_t number(const char* what) {
    constexpr std::int64_t large = std::int64_t{1} << 56;
    int c = next_visible();
    std::int64_t value = 0;
    do {
      if (c < '0' || c > '9') refuse(fmt::format("{} is not a number", what));
      value = std::min(value * 10 + (c - '0'), large);
      c = rest_.empty() ? ' ' : next();
    } while (!is_blank(c));
    return value;
  }

  /// The next character that is not blank.
  int next_visible() {
    int c = next();
    while (is_blank(c)) c = next();
    return c;
  }

 private:
  int next() {
    int c = take();
    if (c != '#') return c;
    while (!rest_.empty() && c != '\n' && c != '\r') c = take();
    return '\n';
  }

  int take() {
    if (rest_.empty()) refuse_end();
    const int c = std::to_integer<int>(rest_.front());
    rest_ = rest_.subspan(1);
    return c;
  }

  Bytes rest_;
};

/// P1 to P3 are text, P4 to P6 binary: black and white, grey, RGB.
class PnmReader {
 public:
  PnmReader(int kind, Bytes rest, std::int64_t max_pixels)
      : text_(rest), is_text_(kind <= 3), is_bits_(kind % 3 == 1), channels_(kind % 3 == 0 ? 3 : 1) {
    const std::int64_t width = text_.number("the width");
    const std::int64_t height = text_.number("the height");
    check_pixel_limit(width, height, max_pixels);
    if (!is_bits_) read_most();
    line_ = static_cast<std::size_t>(width * channels_);
    lines_ = static_cast<std::size_t>(height);
    check_size();
    picture_ = blank(width, height);
  }

  [[nodiscard]] Image read() {
    std::vector<std::uint8_t> values(line_);
    for (std::size_t y = 0; y < lines_; ++y) {
      is_text_ ? read_text(values) : unpack(text_.rest().subspan(y * line_bytes(), line_bytes()), values);
      std::uint8_t* rgb = picture_.pixels.data() + y * static_cast<std::size_t>(picture_.width) * 3;
      if (channels_ == 3) {
        std::memcpy(rgb, values.data(), values.size());
      } else {
        for (const std::uint8_t value : values) rgb = std::fill_n(rgb, 3, value);
      }
    }
    return std::move(picture_);
  }

 private:
  /// The value of white. Rounds as Python does, in double precision, so that pixels are those of Pillow.
  void read_most() {
    most_ = text_.number("the largest value");
    if (most_ < 1 || most_ > 65535) refuse("its largest value is not one of 1 to 65535");
    if (most_ == 255) return;
    bytes_of_.resize(static_cast<std::size_t>(most_) + 1);
    for (std::size_t i = 0; i < bytes_of_.size(); ++i)
      bytes_of_[i] =
          static_cast<std::uint8_t>(std::nearbyint(static_cast<double>(i) / static_cast<double>(most_) * 255.0));
  }

  /// Of binary files.
  [[nodiscard]] std::size_t line_bytes() const {
    if (is_bits_) return (line_ + 7) / 8;
    return most_ > 255 ? 2 * line_ : line_;
  }

  /// Before memory is taken: a sample takes one character of text, or two with the blank behind it.
  void check_size() const {
    const std::size_t size = text_.rest().size();
    const std::size_t least = is_text_ ? (is_bits_ ? line_ : 2 * line_) : line_bytes();
    if ((size + (is_text_ ? 1 : 0)) / least < lines_) refuse_end();
  }

  void read_text(std::vector<std::uint8_t>& values) {
    for (std::uint8_t& value : values) {
      if (is_bits_) {
        const int c = text_.next_visible();
        if (c != '0' && c != '1') refuse("a pixel is neither 0 nor 1");
        value = c == '0' ? 255 : 0;
      } else {
        const std::int64_t sample = text_.number("a pixel's value");
        if (sample > most_) refuse("a pixel is above the largest value");
        value = scaled(static_cast<std::size_t>(sample));
      }
    }
  }

  void unpack(Bytes line, std::vector<std::uint8_t>& values) const {
    const auto* packed = reinterpret_cast<const std::uint8_t*>(line.data());
    if (is_bits_) {
      for (std::size_t x = 0; x < values.size(); ++x) values[x] = (packed[x / 8] >> (7 - x % 8) & 1) != 0 ? 0 : 255;
    } else if (most_ == 255) {
      std::memcpy(values.data(), packed, values.size());
    } else if (most_ < 255) {
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = scaled(packed[i]);
    } else {
      for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = scaled(static_cast<std::size_t>(packed[2 * i]) << 8 | packed[2 * i + 1]);
    }
  }

  /// Binary samples above the largest value are white, as in Pillow.
  [[nodiscard]] std::uint8_t scaled(std::size_t sample) const {
    if (bytes_of_.empty()) return static_cast<std::uint8_t>(sample);
    return bytes_of_[std::min(sample, bytes_of_.size() - 1)];
  }

  Text text_;
  bool is_text_ = false, is_bits_ = false;
  std::int64_t channels_ = 1, most_ = 1;
  std::size_t line_ = 0, lines_ = 0;    ///< samples of a line, and how many lines
  std::vector<std::uint8_t> bytes_of_;  ///< [sample] its byte; empty if they are bytes
  Image picture_;
};

}  // namespace

Decoded decode_pnm(Bytes bytes, const DecodeOptions& options) {
  const int kind = bytes.size() < 3 ? 0 : std::to_integer<int>(bytes[1]) - '0';
  if (kind < 1 || kind > 6) refuse("the file ends in its header");
  if (const int c = std::to_integer<int>(bytes[2]); !is_blank(c) && c != '#') refuse("no blank behind its kind");
  return {PnmReader(kind, bytes.subspan(2), options.max_pixels).read()};
}

}  // namespace pool3::image
