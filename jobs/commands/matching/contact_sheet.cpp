#include "commands/matching/contact_sheet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "commands/matching/drawing.hpp"
#include "pool3/corpus.hpp"
#include "pool3/extraction.hpp"
#include "pool3/image.hpp"

namespace pool3::jobs {
namespace {

constexpr std::int64_t side = 128, gap = 8, text_lines = 2, line_height = 11;
constexpr std::int64_t cell_width = side + gap, cell_height = side + gap + text_lines * line_height + gap;
constexpr std::int64_t after_query = 2 * gap;
constexpr std::size_t letters = static_cast<std::size_t>(side) / letter_width;
constexpr Colour white{255, 255, 255}, plain{226, 226, 230}, grey{110, 110, 118}, black{20, 20, 24}, green{0, 128, 60},
    blue{30, 90, 200}, red{190, 30, 40};

/// The thumbnail of a file, or an empty picture.
Image thumbnail_of(const EntryReader& entries, const std::string& path) {
  try {
    return thumbnail(decode(entries.read(path)), side);
  } catch (const ReadError&) {
    return {};
  } catch (const ImageError&) {
    return {};
  }
}

/// A picture in the middle of its cell, and two lines under it.
struct Cell {
  Image picture;
  std::string label, note;
  Colour label_colour = black;
};

void draw_cell(Image& sheet, std::int64_t x, std::int64_t y, const Cell& cell) {
  if (cell.picture.pixels.empty()) fill(sheet, {x, y, side, side}, plain);
  paste(sheet, cell.picture, x + (side - cell.picture.width) / 2, y + (side - cell.picture.height) / 2);
  write_text(sheet, x, y + side + gap / 2, ascii_in_short(cell.label, letters), cell.label_colour);
  write_text(sheet, x, y + side + gap / 2 + line_height, ascii_in_short(cell.note, letters), grey);
}

class Sheet {
 public:
  explicit Sheet(const FeatureReader& reader)
      : reader_(reader), catalogue_(reader.root(), entry_limits({})), files_({}, entry_limits({})) {}

  [[nodiscard]] Image draw(const std::vector<SheetLine>& lines) const {
    std::size_t most = 0;
    for (const SheetLine& line : lines) most = std::max(most, line.answers.size());
    Image sheet{.width = gap + cell_width * (static_cast<std::int64_t>(most) + 1) + after_query,
                .height = gap + cell_height * std::ssize(lines),
                .pixels = {}};
    sheet.pixels.assign(static_cast<std::size_t>(sheet.width * sheet.height * 3), white.red);
    std::int64_t y = gap;
    for (const SheetLine& line : lines) {
      draw_line(sheet, y, line);
      y += cell_height;
    }
    return sheet;
  }

 private:
  void draw_line(Image& sheet, std::int64_t y, const SheetLine& line) const {
    frame(sheet, {gap - 3, y - 3, side + 6, side + 6}, 2, blue);
    draw_cell(sheet, gap, y, cell_of(line.query));
    std::int64_t x = gap + cell_width + after_query;
    const std::string truth = line.query.row < 0 ? "" : label_of(line.query.row);
    for (const Answer& answer : line.answers) {
      draw_cell(sheet, x, y, cell_of(answer, truth));
      x += cell_width;
    }
  }

  [[nodiscard]] Cell cell_of(const Query& query) const {
    const std::string name = std::filesystem::path(query.name).filename().string();
    if (!query.error.empty()) return {{}, name, query.error, red};
    if (query.row < 0) return {thumbnail_of(files_, query.name), name, "", black};
    return {thumbnail_of(catalogue_, query.name), label_of(query.row), fmt::format("row {}", query.row), black};
  }

  [[nodiscard]] Cell cell_of(const Answer& answer, const std::string& truth) const {
    const std::string label = label_of(answer.row);
    std::string note = fmt::format("{:.4f}", answer.distance);
    if (!answer.copies.empty()) note += fmt::format(" +{} alike", answer.copies.size());
    return {thumbnail_of(catalogue_, reader_.paths({answer.row, answer.row + 1})[0]), label, note,
            !label.empty() && label == truth ? green : black};
  }

  [[nodiscard]] std::string label_of(Row row) const {
    const std::int32_t label = reader_.labels({row, row + 1})[0];
    return label < 0 ? "" : reader_.classes()[static_cast<std::size_t>(label)];
  }

  const FeatureReader& reader_;
  EntryReader catalogue_, files_;
};

}  // namespace

std::string draw_sheet(const FeatureReader& reader, const std::vector<SheetLine>& lines) {
  return encode_png(Sheet(reader).draw(lines));
}

}  // namespace pool3::jobs
