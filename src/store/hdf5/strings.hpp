#pragma once
// Strings in cells of one width, padded with NUL.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "store/hdf5/dataset.hpp"
#include "store/hdf5/types.hpp"

namespace pool3::store {

/// True if `text` is well-formed UTF-8 (no overlong forms, no surrogates).
[[nodiscard]] bool is_utf8(std::string_view text);

/// The narrowest cell that holds every string it has seen, and whether all of them are UTF-8.
class CellShape {
 public:
  void see(std::string_view text);
  [[nodiscard]] std::size_t width() const { return width_; }
  [[nodiscard]] bool utf8() const { return utf8_; }
  [[nodiscard]] Hdf5Type type() const { return string_type(width_, utf8_); }

 private:
  std::size_t width_ = 1;
  bool utf8_ = true;
};

/// Appends `text` to `cells`, padded with NUL to `width`. REQUIRES: it fits.
void append_cell(std::string& cells, std::string_view text, std::size_t width);
/// A cell's text, without its padding.
[[nodiscard]] std::string_view cell_text(std::string_view cell);

/// Strings of rows of a table of strings. Not collective.
[[nodiscard]] std::vector<std::string> read_strings(const Dataset& table, RowRange rows);
/// All strings, as they are stored in cells of the width of `shape`.
[[nodiscard]] std::string pack(const std::vector<std::string>& texts, const CellShape& shape);
[[nodiscard]] CellShape shape_of(const std::vector<std::string>& texts);

}  // namespace pool3::store
