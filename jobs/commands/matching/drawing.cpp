#include "commands/matching/drawing.hpp"

#include <algorithm>

namespace pool3::jobs {
namespace {

constexpr std::int64_t letter_columns = 5, letter_rows = 7;
constexpr char box = '\x7f';

/// From blank to the box: ten hex digits a letter, two a column, the lowest bit at the top.
constexpr std::string_view font =
    "000000000000005f00000007000700147f147f14242a7f2a12231308646236495620500005030000"
    "001c2241000041221c0014083e081408083e08080050300000080808080800606000002010080402"
    "3e5149453e00427f400042615149462141454b311814127f1027454545393c4a4949300171090503"
    "3649494936064949291e003636000000563600000814224100141414141400412214080201510906"
    "324979413e7e1111117e7f494949363e414141227f4141221c7f494949417f090909013e4149497a"
    "7f0808087f00417f41002040413f017f081422417f404040407f020c027f7f0408107f3e4141413e"
    "7f090909063e4151215e7f09192946464949493101017f01013f4040403f1f2040201f3f4038403f"
    "631408146307087008076151494543007f41410002040810200041417f0004020102044040404040"
    "000102040020545454787f484444383844444420384444487f3854545418087e0901020c5252523e"
    "7f0804047800447d40002040443d007f1028440000417f40007c041804787c080404783844444438"
    "7c14141408081414187c7c080404084854545420043f4440203c4040207c1c2040201c3c4030403c"
    "44281028440c5050503c4464544c44000836410000007f0000004136080010080810087f4141417f";
static_assert(font.size() == static_cast<std::size_t>((box - ' ' + 1) * letter_columns * 2));

unsigned hex_digit(char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); }

/// The bits of a column of a letter.
unsigned column_of(char letter, std::int64_t column) {
  const auto at = static_cast<std::size_t>((letter - ' ') * letter_columns + column) * 2;
  return hex_digit(font[at]) * 16 + hex_digit(font[at + 1]);
}

std::uint8_t* pixel(Image& on, std::int64_t x, std::int64_t y) {
  if (x < 0 || y < 0 || x >= on.width || y >= on.height) return nullptr;
  return on.pixels.data() + (y * on.width + x) * 3;
}

void set(Image& on, std::int64_t x, std::int64_t y, Colour colour) {
  std::uint8_t* const at = pixel(on, x, y);
  if (at == nullptr) return;
  at[0] = colour.red;
  at[1] = colour.green;
  at[2] = colour.blue;
}

}  // namespace

void fill(Image& on, const Rectangle& where, Colour colour) {
  for (std::int64_t y = where.y; y < where.y + where.height; ++y)
    for (std::int64_t x = where.x; x < where.x + where.width; ++x) set(on, x, y, colour);
}

void frame(Image& on, const Rectangle& where, std::int64_t thickness, Colour colour) {
  fill(on, {where.x, where.y, where.width, thickness}, colour);
  fill(on, {where.x, where.y + where.height - thickness, where.width, thickness}, colour);
  fill(on, {where.x, where.y, thickness, where.height}, colour);
  fill(on, {where.x + where.width - thickness, where.y, thickness, where.height}, colour);
}

void paste(Image& on, const Image& picture, std::int64_t x, std::int64_t y) {
  for (std::int64_t row = 0; row < picture.height; ++row)
    for (std::int64_t column = 0; column < picture.width; ++column) {
      const std::uint8_t* from = picture.pixels.data() + (row * picture.width + column) * 3;
      set(on, x + column, y + row, {from[0], from[1], from[2]});
    }
}

void write_text(Image& on, std::int64_t x, std::int64_t y, std::string_view text, Colour colour) {
  for (const char c : text) {
    const char letter = c < ' ' ? box : c;  // bytes of no ASCII are negative, or above
    for (std::int64_t column = 0; column < letter_columns; ++column)
      for (std::int64_t row = 0; row < letter_rows; ++row)
        if ((column_of(letter, column) >> row & 1U) != 0) set(on, x + column, y + row, colour);
    x += letter_width;
  }
}

std::string ascii_in_short(const std::string& text, std::size_t letters) {
  std::string ascii;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) ascii += c;
    if (byte >= 0xc0) ascii += box;  // a character's first byte
  }
  if (ascii.size() <= letters) return ascii;
  return ascii.substr(0, letters - std::min<std::size_t>(letters, 3)) + "...";
}

}  // namespace pool3::jobs
