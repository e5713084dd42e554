#include "store/hdf5/strings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "store/layout.hpp"
#include "store/pieces.hpp"

namespace pool3::store {
namespace {

/// Bytes of the sequence that `lead` starts, or 0.
std::size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

/// True if `second` may follow `lead`: the ranges that rule out overlong forms, surrogates, and > U+10FFFF.
bool second_fits(unsigned char lead, unsigned char second) {
  if (lead == 0xe0) return second >= 0xa0;
  if (lead == 0xed) return second <= 0x9f;
  if (lead == 0xf0) return second >= 0x90;
  if (lead == 0xf4) return second <= 0x8f;
  return true;
}

}  // namespace

bool is_utf8(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = sequence_length(at(i));
    if (length == 0 || i + length > text.size()) return false;
    for (std::size_t k = 1; k < length; ++k) {
      if ((at(i + k) & 0xc0U) != 0x80U) return false;
    }
    if (length > 1 && !second_fits(at(i), at(i + 1))) return false;
    i += length;
  }
  return true;
}

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
