#pragma once
// What the columns of a CSV are, by its header and its first row.

#include <cstdint>
#include <string>
#include <vector>

#include "pool3/files.hpp"

namespace pool3::exchange {

enum class Role : std::uint8_t {
  number,
  counter,  ///< a number, unless all of them count the rows: id, index
  list,     ///< numbers in brackets
  label,
  path,
  name,  ///< of rows: a first column without a name
  text,  ///< left out
  empty  ///< left out: no name and no value
};

struct Layout {
  char separator = ',';
  bool header = false;
  std::vector<std::string> names;  ///< of the header, one a column
  std::vector<std::string> first;  ///< the first row
  std::int64_t first_line = 0;     ///< where that is
  std::vector<Role> roles;         ///< of columns; read_layout() alone fills it in

  [[nodiscard]] std::size_t columns() const { return first.size(); }
  /// "2 (species)", from 1.
  [[nodiscard]] std::string named(std::size_t column) const;
};

/// Separator, header and first row. Throws Error where there is no row.
[[nodiscard]] Layout read_head(const std::string& path, bool with_blanks);

/// The column of that name or number, from 1. Throws Error.
[[nodiscard]] std::size_t find_column(const Layout& layout, const std::string& wanted, const Place& place);

/// With roles. `label_column` as open_table() takes it. Throws Error: no such column, or two that may hold the labels.
[[nodiscard]] Layout read_layout(const std::string& path, const std::string& label_column);

}  // namespace pool3::exchange
