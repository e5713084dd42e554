#pragma once
// Rectangles, pictures and small letters on a picture. What lies outside of it is cut off.

#include <cstdint>
#include <string>
#include <string_view>

#include "pool3/image.hpp"

namespace pool3::jobs {

struct Colour {
  std::uint8_t red, green, blue;
};
struct Rectangle {
  std::int64_t x, y, width, height;
};

void fill(Image& on, const Rectangle& where, Colour colour);
/// The border of a rectangle, inwards.
void frame(Image& on, const Rectangle& where, std::int64_t thickness, Colour colour);
void paste(Image& on, const Image& picture, std::int64_t x, std::int64_t y);

/// Letters are 5 x 7 pixels, and a blank column.
inline constexpr std::int64_t letter_width = 6;
/// Printable ASCII; any other character is a box.
void write_text(Image& on, std::int64_t x, std::int64_t y, std::string_view text, Colour colour);
/// One character for each of UTF-8, at most `letters`; if some are left out, "..." says so. A character that is not
/// ASCII becomes \x7f.
[[nodiscard]] std::string ascii_in_short(const std::string& text, std::size_t letters);

}  // namespace pool3::jobs
