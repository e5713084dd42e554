// CSV: fields between commas, semicolons or tabs, in quotes where they hold one. Lines that start with # are comments,
// as numpy.savetxt writes its header.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>

#include "exchange/import/readers.hpp"
#include "exchange/import/stream.hpp"
#include "pool3/error.hpp"

namespace pool3::exchange {
namespace {

constexpr std::array<std::string_view, 8> label_names = {"label", "labels",   "class",   "target",
                                                         "y",     "category", "species", "classname"};

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string trimmed(std::string text) {
  text.erase(text.find_last_not_of(" \t") + 1);
  text.erase(0, text.find_first_not_of(" \t"));
  return text;
}

/// Fields of a line. A quote that is not closed ends with the line.
std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += line[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == separator && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  for (std::string& field : fields) field = trimmed(std::move(field));
  return fields;
}

char separator_of(const std::string& line) {
  char best = ',';
  for (const char c : {',', ';', '\t'})
    if (std::ranges::count(line, c) > std::ranges::count(line, best)) best = c;
  return best;
}

bool is_number(const std::string& field) {
  double value = 0;
  return parse_number(field, value);
}

/// A line of numbers, perhaps with a label, is data. One of names is not, nor are pandas' numbers of columns: 0, 1, 2,
/// 3 ..., perhaps behind an empty field.
bool is_header(const std::vector<std::string>& fields) {
  std::vector<std::string> numbers;
  std::ranges::copy_if(fields, std::back_inserter(numbers), is_number);
  if (numbers.empty()) return true;
  if (numbers.size() < 4 && !fields[0].empty()) return false;
  for (std::size_t i = 0; i < numbers.size(); ++i)
    if (numbers[i] != fmt::to_string(i)) return false;
  return true;
}

/// What the first lines say.
struct Layout {
  char separator = ',';
  bool header = false;
  std::vector<std::string> names;  ///< of the header
  std::size_t columns = 0;
  std::ptrdiff_t label = -1;   ///< column of the labels
  bool numbered_rows = false;  ///< the first column has no name: row numbers, as pandas writes them
};

/// The next line that holds data.
bool next_line(Lines& lines, std::string& line) {
  while (lines.next(line))
    if (!line.empty() && line[0] != '#' && line.find_first_not_of(" \t") != std::string::npos) return true;
  return false;
}

std::ptrdiff_t find_column(const Layout& layout, const std::string& wanted, const Place& place) {
  const auto named = std::ranges::find(layout.names, wanted);
  if (named != layout.names.end()) return named - layout.names.begin();
  double number = 0;
  if (parse_number(wanted, number) && number >= 1 && number <= static_cast<double>(layout.columns))
    return static_cast<std::ptrdiff_t>(number) - 1;
  throw error_at(place, fmt::format("there is no column {}", wanted),
                 fmt::format("give a name of its header, or a number from 1 to {}", layout.columns));
}

/// By its name, or because it alone has no number.
std::ptrdiff_t likely_label(const Layout& layout, const std::vector<std::string>& first_row) {
  for (std::size_t i = 0; i < layout.names.size(); ++i)
    if (std::ranges::find(label_names, lower(layout.names[i])) != label_names.end())
      return static_cast<std::ptrdiff_t>(i);
  std::ptrdiff_t found = -1;
  for (std::size_t i = 0; i < first_row.size(); ++i) {
    if (is_number(first_row[i]) || first_row[i].empty()) continue;
    if (found >= 0) return -1;
    found = static_cast<std::ptrdiff_t>(i);
  }
  return found;
}

Layout layout_of(const std::string& path, const std::string& label_column) {
  Lines lines(path);
  std::string line;
  if (!next_line(lines, line)) throw error_at(lines.place(), "it has no rows");
  if (line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
  Layout layout{.separator = separator_of(line)};
  std::vector<std::string> first = split(line, layout.separator);
  layout.columns = first.size();
  layout.header = is_header(first) && !(first.size() == 1 && label_column == "none");
  if (layout.header) {
    layout.names = first;
    layout.numbered_rows = first.size() > 1 && first[0].empty();
    if (!next_line(lines, line)) throw error_at(lines.place(), "it has no rows below its header");
    first = split(line, layout.separator);
  }
  if (label_column.empty()) {
    layout.label = likely_label(layout, first);
  } else if (label_column != "none") {
    layout.label = find_column(layout, label_column, lines.place());
  }
  return layout;
}

/// Rows behind the header.
class Rows {
 public:
  Rows(const std::string& path, const Layout& layout) : lines_(path), layout_(layout) {
    std::string header;
    if (layout.header) static_cast<void>(next_line(lines_, header));
  }
  /// False at the end. Throws Error where a row has other than its fields.
  bool next(std::vector<std::string>& fields) {
    std::string line;
    if (!next_line(lines_, line)) return false;
    if (lines_.number() == 1 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
    fields = split(line, layout_.separator);
    if (fields.size() != layout_.columns)
      throw error_at(lines_.place(), fmt::format("line {} has {} fields, and the first has {}", lines_.number(),
                                                 fields.size(), layout_.columns));
    return true;
  }
  [[nodiscard]] const Lines& lines() const { return lines_; }

 private:
  Lines lines_;
  const Layout& layout_;
};

class CsvTable : public TableReader {
 public:
  CsvTable(const std::string& path, const std::string& label_column)
      : layout_(layout_of(path, label_column)), rows_left_(path, layout_) {
    std::vector<std::string> fields;
    for (Rows all(path, layout_); all.next(fields); ++rows_)
      if (layout_.label >= 0) labels_.push_back(fields[static_cast<std::size_t>(layout_.label)]);
    width_ =
        static_cast<std::int64_t>(layout_.columns) - (layout_.label >= 0 ? 1 : 0) - (layout_.numbered_rows ? 1 : 0);
    describe();
  }

  void read(std::span<float> out) override {
    std::vector<std::string> fields;
    for (std::size_t at = 0; at < out.size();) {
      if (!rows_left_.next(fields)) throw error_at(rows_left_.lines().place(), "it has become shorter");
      for (std::size_t i = layout_.numbered_rows ? 1 : 0; i < fields.size(); ++i) {
        if (static_cast<std::ptrdiff_t>(i) == layout_.label) continue;
        double value = 0;
        if (!parse_number(fields[i], value))
          throw error_at(rows_left_.lines().place(),
                         fmt::format("line {}, column {}: '{}' is not a number", rows_left_.lines().number(), i + 1,
                                     one_line(fields[i].substr(0, 40))));
        out[at++] = static_cast<float>(value);
      }
    }
  }

 private:
  void describe() {
    const char* const separator = layout_.separator == '\t'  ? "tabs"
                                  : layout_.separator == ';' ? "semicolons"
                                                             : "commas";
    note_ = fmt::format("{}, {}", separator, layout_.header ? "a header" : "no header");
    if (layout_.numbered_rows) note_ += ", the first column without a name left out";
    if (layout_.label < 0) return;
    const auto at = static_cast<std::size_t>(layout_.label);
    note_ += fmt::format(", labels from column {}{}", at + 1, layout_.header ? " (" + layout_.names[at] + ")" : "");
  }

  Layout layout_;
  Rows rows_left_;
};

}  // namespace

std::unique_ptr<TableReader> open_csv(const std::string& path, const std::string& label_column) {
  return std::make_unique<CsvTable>(path, label_column);
}

std::vector<std::string> read_csv_column(const std::string& path, const std::string& column) {
  Layout layout = layout_of(path, "none");
  const Place place{import_stage, path};
  if (column.empty() && layout.columns > 1)
    throw error_at(place, fmt::format("it has {} columns", layout.columns), "name one: FILE:COLUMN");
  if (column.empty()) {
    // One value a line. A header is a word over numbers.
    std::vector<std::string> texts, fields;
    layout.header = false;
    for (Rows rows(path, layout); rows.next(fields);) texts.push_back(fields[0]);
    if (texts.size() > 1 && !is_number(texts[0]) && std::all_of(texts.begin() + 1, texts.end(), is_number))
      texts.erase(texts.begin());
    return texts;
  }
  const auto at = static_cast<std::size_t>(find_column(layout, column, place));
  std::vector<std::string> texts, fields;
  for (Rows rows(path, layout); rows.next(fields);) texts.push_back(fields[at]);
  return texts;
}

}  // namespace pool3::exchange
