#include "report/catalogue/sprites.hpp"

#include <algorithm>

namespace pool3::report {
namespace {

void paste(const Image& picture, Image& sheet, const Place& at) {
  for (std::int64_t y = 0; y < picture.height; ++y)
    std::copy_n(picture.pixels.begin() + y * picture.width * 3, picture.width * 3,
                sheet.pixels.begin() + ((at.y + y) * sheet.width + at.x) * 3);
}

Image white(std::int64_t width, std::int64_t height) {
  return {width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(width * height * 3), 255)};
}

std::vector<std::string> encoded(const std::vector<Image>& sheets, int quality) {
  std::vector<std::string> files;
  files.reserve(sheets.size());
  for (const Image& sheet : sheets) files.push_back(encode_jpeg(sheet, quality));
  return files;
}

}  // namespace

Sprites lay_out(const std::vector<const Image*>& pictures, std::int64_t side, std::int64_t most_bytes,
                std::int64_t sheet_side) {
  // Cells are whole blocks of JPEG's colours, so that no picture bleeds into the next.
  const std::int64_t cell = (side + 15) / 16 * 16, across = sheet_side / cell, of_a_sheet = across * across;
  const std::int64_t count =
      std::ranges::count_if(pictures, [](const Image* picture) { return !picture->pixels.empty(); });
  std::vector<Image> sheets;
  for (std::int64_t left = count; left > 0; left -= of_a_sheet) {
    const std::int64_t here = std::min(left, of_a_sheet);
    sheets.push_back(white(std::min(here, across) * cell, (here + across - 1) / across * cell));
  }
  Sprites sprites;
  std::int64_t next = 0;
  for (const Image* picture : pictures) {
    Place place;
    if (!picture->pixels.empty()) {
      const std::int64_t in_sheet = next % of_a_sheet;
      place = {static_cast<std::int32_t>(next / of_a_sheet), static_cast<std::int32_t>(in_sheet % across * cell),
               static_cast<std::int32_t>(in_sheet / across * cell), static_cast<std::int32_t>(picture->width),
               static_cast<std::int32_t>(picture->height)};
      paste(*picture, sheets[static_cast<std::size_t>(place.sheet)], place);
      ++next;
    }
    sprites.places.push_back(place);
  }
  for (const int quality : {85, 75, 60, 45, 30}) {
    sprites.sheets = encoded(sheets, quality);
    std::size_t bytes = 0;
    for (const std::string& sheet : sprites.sheets) bytes += sheet.size();
    if (bytes <= static_cast<std::size_t>(most_bytes)) break;
  }
  return sprites;
}

}  // namespace pool3::report
