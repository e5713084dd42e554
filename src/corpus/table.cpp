#include <algorithm>
#include <cerrno>
#include <climits>
#include <fstream>
#include <optional>
#include <string_view>
#include <utility>

#include "corpus/entries.hpp"
#include "pool3/error.hpp"

namespace pool3::corpus {
namespace {

[[noreturn]] void fail_at(const std::string& path, std::int64_t line, std::string cause, std::string advice = {}) {
  throw Error({.stage = stage,
               .path = path + ":" + std::to_string(line),
               .cause = std::move(cause),
               .advice = std::move(advice)});
}

std::string read_text(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = file ? static_cast<std::streamoff>(file.tellg()) : -1;
  std::string text(static_cast<std::size_t>(std::max<std::streamoff>(size, 0)), '\0');
  if (size < 0 || !file.seekg(0) || !file.read(text.data(), size)) {
    throw file_error(stage, path, errno == 0 ? EIO : errno);
  }
  return text;
}

struct Record {
  std::vector<std::string> fields;
  std::int64_t line = 0;  ///< where it begins
};

/// RFC 4180: fields between separators, quoted ones may hold separators, line ends and doubled quotes.
/// Lines end with LF or CRLF.
class RecordReader {
 public:
  RecordReader(std::string_view text, char separator, const std::string& path)
      : text_(text), separator_(separator), path_(path) {}

  /// The next record that is not a blank line, or nothing at the end.
  std::optional<Record> next() {
    while (at_ < text_.size()) {
      Record record{.fields = {}, .line = line_};
      do record.fields.push_back(field());
      while (take(separator_));
      if (at_ < text_.size()) end_line();
      if (record.fields.size() > 1 || !record.fields[0].empty()) return record;
    }
    return std::nullopt;
  }

 private:
  std::string field() { return take('"') ? quoted() : plain(); }

  std::string plain() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != separator_ && !at_line_end()) {
      if (text_[at_] == '"') fail_at(path_, line_, "a quote inside a field that is not quoted", quoting);
      ++at_;
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  /// After the opening quote.
  std::string quoted() {
    const std::int64_t begin_line = line_;
    std::string value;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"' && !take('"')) {
        if (at_ < text_.size() && text_[at_] != separator_ && !at_line_end()) {
          fail_at(path_, line_, "text after a closing quote", quoting);
        }
        return value;
      }
      if (c == '\n') ++line_;
      value += c;
    }
    fail_at(path_, begin_line, "a quote is not closed", quoting);
  }

  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  [[nodiscard]] bool at_line_end() const { return text_[at_] == '\n' || text_.substr(at_, 2) == "\r\n"; }
  void end_line() {
    take('\r');
    take('\n');
    ++line_;
  }

  static constexpr const char* quoting = "put the field in quotes, and double each quote in it";
  std::string_view text_;
  char separator_;
  const std::string& path_;
  std::size_t at_ = 0;
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
  const auto& fields = first.fields;
  const auto find = [&](const char* name) -> std::optional<std::size_t> {
    if (std::ranges::count(fields, name) > 1) fail_at(path, first.line, std::string("two columns are called ") + name);
    const auto found = std::ranges::find(fields, name);
    return found == fields.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - fields.begin()));
  };
  const std::size_t count = fields.size();
  if (std::ranges::count(fields, "path") == 0) {
    return {.path = 0, .label = count > 1 ? std::optional<std::size_t>(1) : std::nullopt, .count = count};
  }
  return {.path = *find("path"), .label = find("label"), .count = count, .is_header = true};
}

void check_path(const std::string& value, const std::string& path, std::int64_t line) {
  if (value.empty()) fail_at(path, line, "the path is empty");
  if (value.size() >= PATH_MAX) fail_at(path, line, "the path is longer than the system allows");
}

Table read_records(std::string_view text, char separator, const std::string& path) {
  RecordReader reader(text, separator, path);
  Table table;
  std::optional<Record> record = reader.next();
  if (!record) return table;
  const Columns columns = columns_of(*record, path);
  table.has_labels = columns.label.has_value();
  if (columns.is_header) record = reader.next();
  for (; record; record = reader.next()) {
    auto& fields = record->fields;
    if (fields.size() != columns.count) {
      fail_at(path, record->line,
              std::to_string(fields.size()) + " fields, where the first row has " + std::to_string(columns.count));
    }
    check_path(fields[columns.path], path, record->line);
    std::string label = columns.label ? std::move(fields[*columns.label]) : std::string();
    table.entries.push_back({std::move(fields[columns.path]), -1, std::move(label), record->line});
  }
  return table;
}

Table read_list(std::string_view text, const std::string& path) {
  Table table;
  for (std::int64_t line = 1; !text.empty(); ++line) {
    std::string_view value = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), value.size() + 1));
    if (value.ends_with('\r')) value.remove_suffix(1);
    if (value.empty()) continue;
    check_path(std::string(value), path, line);
    table.entries.push_back({std::string(value), -1, {}, line});
  }
  return table;
}

}  // namespace

Table read_table(const std::string& path) {
  const std::string content = read_text(path);
  std::string_view text = content;
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    fail_at(path, 1 + std::ranges::count(text.substr(0, nul), '\n'), "a NUL byte, so this is not text",
            "a corpus is a folder, a .csv or .tsv table, or a text list of paths");
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const std::string name = lower_case(path);
  if (name.ends_with(".csv")) return read_records(text, ',', path);
  if (name.ends_with(".tsv")) return read_records(text, '\t', path);
  return read_list(text, path);
}

}  // namespace pool3::corpus
