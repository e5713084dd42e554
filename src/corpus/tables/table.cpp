#include "corpus/tables/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "corpus/file_names.hpp"
#include "corpus/stage.hpp"
#include "pool3/error.hpp"

namespace pool3::corpus {
namespace {

/// Longest field; a path is shorter, and a label that is longer is no label.
constexpr std::size_t max_field_bytes = 1U << 20U;
/// Fields of a row, far more than spreadsheets have of use. They bound the memory that one takes.
constexpr std::size_t max_fields = 16384;

[[noreturn]] void fail_at(const std::string& path, std::int64_t line, std::string cause, std::string advice = {}) {
  throw Error({.stage = stage,
               .path = fmt::format("{}:{}", path, line),
               .cause = std::move(cause),
               .advice = std::move(advice)});
}

struct Record {
  std::vector<std::string> fields;  ///< the first `count` are the record's; others are room to reuse
  std::size_t count = 0;
  std::int64_t line = 0;  ///< where it begins
};

/// RFC 4180: fields between separators, quoted ones may hold separators, line ends and doubled quotes.
/// Lines end with LF or CRLF. Without a separator, lines are taken as they are.
class RecordReader {
 public:
  RecordReader(TextInput& input, std::optional<char> separator) : input_(input), separator_(separator) {}

  /// The next record that is not a blank line; false at the end.
  bool next(Record& record) {
    while (input_.peek() != TextInput::end) {
      record.line = line_;
      record.count = 0;
      do {
        if (record.count == max_fields)
          fail_at(input_.path(), record.line, fmt::format("a row of more than {} fields", max_fields));
        field(next_field(record));
      } while (separator_ && input_.take(*separator_));
      end_line();
      if (record.count > 1 || !record.fields[0].empty()) return true;
    }
    return false;
  }

 private:
  static std::string& next_field(Record& record) {
    if (record.fields.size() == record.count) record.fields.emplace_back();
    std::string& field = record.fields[record.count++];
    field.clear();
    return field;
  }

  void field(std::string& value) {
    if (separator_ && input_.take('"')) {
      quoted(value);
    } else {
      plain(value);
    }
  }

  void plain(std::string& value) {
    while (!at_field_end()) {
      if (separator_ && input_.peek() == '"') {
        fail_at(input_.path(), line_, "a quote inside a field that is not quoted", quoting);
      }
      take_byte(value);
      value += input_.take_until(
          [this](char c) { return c == separator_ || c == '\n' || c == '\r' || c == '\0' || c == '"'; });
    }
  }

  /// After the opening quote.
  void quoted(std::string& value) {
    const std::int64_t begin_line = line_;
    for (;;) {
      value += input_.take_until([](char c) { return c == '"' || c == '\n' || c == '\0'; });
      const int c = input_.peek();
      if (c == TextInput::end) fail_at(input_.path(), begin_line, "a quote is not closed", quoting);
      if (c == '"' && input_.peek(1) != '"') break;
      if (c == '"') input_.skip();
      take_byte(value);
      if (c == '\n') ++line_;
    }
    input_.skip();
    if (!at_field_end()) fail_at(input_.path(), line_, "text after a closing quote", quoting);
  }

  /// REQUIRES: not at the end.
  void take_byte(std::string& value) {
    const auto c = static_cast<char>(input_.peek());
    if (c == '\0') {
      fail_at(input_.path(), line_, "a NUL byte, so this is not text",
              "a corpus is a folder, a .csv or .tsv table, a text list of paths, or a tar file");
    }
    if (value.size() >= max_field_bytes) fail_at(input_.path(), line_, "a field of more than 1 MiB");
    input_.skip();
    value += c;
  }

  bool at_field_end() {
    const int c = input_.peek();
    return c == TextInput::end || c == separator_ || at_line_end();
  }
  bool at_line_end() {
    const int c = input_.peek();
    return c == '\n' || (c == '\r' && (input_.peek(1) == '\n' || input_.peek(1) == TextInput::end));
  }
  void end_line() {
    static_cast<void>(input_.take('\r'));
    static_cast<void>(input_.take('\n'));
    ++line_;
  }

  static constexpr const char* quoting = "put the field in quotes, and double each quote in it";
  TextInput& input_;
  std::optional<char> separator_;
  std::int64_t line_ = 1;
};

/// Which fields of a record are what.
struct Columns {
  std::size_t path = 0;
  std::optional<std::size_t> label;
  std::size_t count = 0;
  bool is_header = false;
};

/// Of the first record: a header if one of its fields is `path`, else the first row.
Columns columns_of(const Record& first, const std::string& path) {
  const auto begin = first.fields.begin();
  const auto end = begin + static_cast<std::ptrdiff_t>(first.count);
  const auto find = [&](const char* name) -> std::optional<std::size_t> {
    if (std::count(begin, end, name) > 1) fail_at(path, first.line, fmt::format("two columns are called {}", name));
    const auto found = std::find(begin, end, name);
    return found == end ? std::nullopt : std::optional(static_cast<std::size_t>(found - begin));
  };
  if (std::count(begin, end, "path") == 0) {
    const auto label = first.count > 1 ? std::optional<std::size_t>(1) : std::nullopt;
    return {.path = 0, .label = label, .count = first.count};
  }
  return {.path = *find("path"), .label = find("label"), .count = first.count, .is_header = true};
}

void check_path(const std::string& value, const std::string& path, std::int64_t line) {
  if (value.empty()) fail_at(path, line, "the path is empty");
  if (value.size() >= PATH_MAX) fail_at(path, line, "the path is longer than the system allows");
}

TableShape read_records(RecordReader& reader, const std::string& path,
                        const std::function<void(const TableRow&)>& use) {
  Record record;
  if (!reader.next(record)) return {};
  const Columns columns = columns_of(record, path);
  TableShape shape{.has_labels = columns.label.has_value()};
  for (bool more = !columns.is_header || reader.next(record); more; more = reader.next(record)) {
    if (record.count != columns.count) {
      fail_at(path, record.line, fmt::format("{} fields, where the first row has {}", record.count, columns.count));
    }
    check_path(record.fields[columns.path], path, record.line);
    const std::string_view label = columns.label ? std::string_view(record.fields[*columns.label]) : "";
    use({record.fields[columns.path], label, record.line});
    ++shape.rows;
  }
  return shape;
}

TableShape read_list(TextInput& input, const std::function<void(const TableRow&)>& use) {
  TableShape shape;
  std::string path;
  read_lines(input, [&](std::string_view text, std::int64_t line) {
    path = text;
    check_path(path, input.path(), line);
    use({path, {}, line});
    ++shape.rows;
  });
  return shape;
}

}  // namespace

TableShape read_table(TextInput& input, const std::function<void(const TableRow&)>& use) {
  const std::string name = lower_case(input.path());
  const bool csv = name.ends_with(".csv");
  if (!csv && !name.ends_with(".tsv")) return read_list(input, use);
  RecordReader reader(input, csv ? ',' : '\t');
  return read_records(reader, input.path(), use);
}

void read_lines(TextInput& input, const std::function<void(std::string_view, std::int64_t)>& use) {
  RecordReader reader(input, std::nullopt);
  for (Record record; reader.next(record);) use(record.fields[0], record.line);
}

}  // namespace pool3::corpus
