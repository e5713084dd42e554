#pragma once
// The records of CSV and TSV tables, and the lines of lists. Private to the room.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "corpus/tables/text_input.hpp"

namespace pool3::corpus {

/// Throws Error that names the line.
[[noreturn]] void fail_at(const std::string& path, std::int64_t line, std::string cause, std::string advice = {});

struct Record {
  std::vector<std::string> fields;  ///< the first `count` are the record's; others are room to reuse
  std::size_t count = 0;
  std::int64_t line = 0;  ///< where it begins
};

/// The separator that a first line `sep=X` names, as spreadsheets write it; nothing if there is no such line.
[[nodiscard]] std::optional<char> named_separator(std::string_view text);

/// As a separator: runs of blanks and tabs; those at the ends of a line don't count.
inline constexpr char blanks = ' ';

/// RFC 4180: fields between separators, quoted ones may hold separators, line ends and doubled quotes. A quote behind
/// other letters is one of them; blanks in front of a quote don't count, and what follows a closing quote in its line
/// belongs to the field. A first line that names the separator is passed over, and so are lines in front that begin
/// with #, but for a header among them: the last one, if it has as many fields as the line below it. Lines end with LF
/// or CRLF. Without a separator, lines are taken as they are.
class RecordReader {
 public:
  RecordReader(TextInput& input, std::optional<char> separator) : input_(input), separator_(separator) {}

  /// The next record that is not a blank line, nor one of separators alone; false at the end. Throws Error.
  bool next(Record& record);

 private:
  void skip_named_separator();
  void skip_notes();
  void skip_line();
  [[nodiscard]] bool separates(int c) const {
    return separator_ && (c == *separator_ || (*separator_ == blanks && c == '\t'));
  }
  bool take_separator();
  void skip_blanks();
  static std::string& next_field(Record& record);
  void field(std::string& value);
  void plain(std::string& value);
  void letters(std::string& value);
  void quoted(std::string& value);
  void take_byte(std::string& value);
  bool at_field_end();
  bool at_line_end();
  void end_line();

  TextInput& input_;
  std::optional<char> separator_;
  std::int64_t line_ = 1;
};

}  // namespace pool3::corpus
