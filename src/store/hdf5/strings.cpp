#include "store/hdf5/strings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pool3/error.hpp"
#include "store/format_names.hpp"
#include "store/row_pieces.hpp"

namespace pool3::store {

bool is_utf8(std::string_view text) { return valid_utf8(text) == text.size(); }

void CellShape::see(std::string_view text) {
  width_ = std::max(width_, text.size());
  utf8_ = utf8_ && is_utf8(text);
}

void append_cell(std::string& cells, std::string_view text, std::size_t width) {
  cells += text;
  cells.append(width - text.size(), '\0');
}

std::string_view cell_text(std::string_view cell) {
  const std::size_t last = cell.find_last_not_of('\0');
  return last == std::string_view::npos ? std::string_view{} : cell.substr(0, last + 1);
}

std::vector<std::string> read_strings(const Dataset& table, RowRange rows) {
  const auto width = static_cast<std::size_t>(table.row_bytes());
  std::vector<std::string> texts;
  std::vector<char> cells;
  for_each_piece(rows, table.row_bytes(), buffer_bytes, [&](RowRange piece) {
    cells.resize(static_cast<std::size_t>(piece.size()) * width);
    table.read(piece, std::span(cells));
    for (std::size_t at = 0; at < cells.size(); at += width) {
      const std::string_view text = cell_text({cells.data() + at, width});
      if (text.find('\0') != std::string_view::npos) {
        const Row row = piece.begin + static_cast<Row>(at / width);
        throw error_at(table.place(), fmt::format("{}: entry {} has a NUL within", table.name(), row), damaged_advice);
      }
      texts.emplace_back(text);
    }
  });
  return texts;
}

std::string pack(const std::vector<std::string>& texts, const CellShape& shape) {
  std::string cells;
  for (const std::string& text : texts) append_cell(cells, text, shape.width());
  return cells;
}

CellShape shape_of(const std::vector<std::string>& texts) {
  CellShape shape;
  for (const std::string& text : texts) shape.see(text);
  return shape;
}

}  // namespace pool3::store
