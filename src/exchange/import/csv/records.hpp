#pragma once
// The records of a CSV: fields between commas, semicolons, tabs, bars or blanks.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "exchange/import/byte_stream.hpp"

namespace pool3::exchange {

/// Between the fields. Of blanks, any number are one.
inline constexpr char blanks = ' ';

/// The texts of records, one by one: a line, or more where a quote holds their ends. Lines that begin with # are
/// comments, as numpy.savetxt writes its header; empty ones are passed over.
class RecordTexts {
 public:
  explicit RecordTexts(const std::string& path) : lines_(path) {}
  /// False at the end. Throws Error: a quote that is never closed.
  [[nodiscard]] bool next(std::string& text);
  /// The line where the last one begins, from 1.
  [[nodiscard]] std::int64_t line() const { return line_; }
  [[nodiscard]] const Place& place() const { return lines_.place(); }

 private:
  Lines lines_;
  std::string more_;
  std::int64_t line_ = 0;
};

/// Fields without the blanks around them. A quote opens at the beginning of a field alone; two of them in one are one.
void split(std::string_view text, char separator, std::vector<std::string>& fields);

/// A number, with a comma for its point if that is no separator, or "true" or "false". False if it is none.
[[nodiscard]] bool parse_field(const std::string& field, char separator, double& value);

/// The numbers of "[0.1, 0.2]", as a column of lists is written; none if it is no list.
[[nodiscard]] std::vector<double> parse_list(std::string_view field);

/// What lies between the fields of these texts, the first two of a file: where most numbers come out. `with_blanks`:
/// blanks may, too.
[[nodiscard]] char find_separator(const std::vector<std::string>& texts, bool with_blanks);

}  // namespace pool3::exchange
