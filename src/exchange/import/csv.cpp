// CSV: what reads its rows.

#include <fmt/format.h>

#include <algorithm>

#include "exchange/import/csv/column_layout.hpp"
#include "exchange/import/csv/records.hpp"
#include "exchange/import/table_readers.hpp"
#include "pool3/error.hpp"

namespace pool3::exchange {
namespace {

/// Rows behind the header.
class Rows {
 public:
  Rows(const std::string& path, const Layout& layout) : texts_(path), layout_(layout) {
    if (layout.header) static_cast<void>(texts_.next(text_));
  }
  /// False at the end. Throws Error where a row has other than its fields.
  bool next(std::vector<std::string>& fields) {
    if (!texts_.next(text_)) return false;
    split(text_, layout_.separator, fields);
    if (fields.size() != layout_.columns())
      throw error_at(texts_.place(), fmt::format("line {} has {} fields, and the first has {}", texts_.line(),
                                                 fields.size(), layout_.columns()));
    return true;
  }
  [[nodiscard]] const RecordTexts& texts() const { return texts_; }

 private:
  RecordTexts texts_;
  const Layout& layout_;
  std::string text_;
};

/// "0" of "0.000e+00": numbers are labels as whole ones where all of them are.
void write_whole_numbers(std::vector<std::string>& labels) {
  leave_out_missing(labels);
  double value = 0;
  const bool whole = std::ranges::all_of(labels, [&](const std::string& label) {
    return label.empty() || (label.find('.') != std::string::npos && parse_number(label, value) &&
                             number_as_label(value).find('.') == std::string::npos);
  });
  if (!whole) return;
  for (std::string& label : labels)
    if (parse_number(label, value)) label = number_as_label(value);
}

class CsvTable : public TableReader {
 public:
  CsvTable(const std::string& path, const std::string& label_column)
      : layout_(read_layout(path, label_column)),
        rows_left_(path, layout_),
        counts_(layout_.columns(), true),
        from_(layout_.columns(), 0) {
    std::vector<std::string> fields;
    for (Rows all(path, layout_); all.next(fields); ++facts.rows)
      for (std::size_t i = 0; i < fields.size(); ++i) look_at(i, fields[i], all.texts());
    write_whole_numbers(facts.labels);
    choose_numbers();
    describe();
  }

  void read(std::span<float> out) override {
    std::vector<std::string> fields;
    for (std::size_t at = 0; at < out.size();) {
      if (!rows_left_.next(fields)) throw error_at(rows_left_.texts().place(), "it has become shorter");
      for (const std::size_t i : numbers_) at = put(out, at, i, fields[i]);
    }
  }

 private:
  [[noreturn]] void fail(const RecordTexts& texts, std::int64_t line, std::size_t column, const std::string& what,
                         const char* advice = "") const {
    throw error_at(texts.place(), fmt::format("line {}, column {}: {}", line, layout_.named(column), what), advice);
  }
  static std::string quoted(const std::string& field) { return fmt::format("'{}'", one_line(field.substr(0, 40))); }

  /// What each row says of its column.
  void look_at(std::size_t i, const std::string& field, const RecordTexts& texts) {
    double value = 0;
    switch (layout_.roles[i]) {
      case Role::label:
        facts.labels.push_back(field);
        break;
      case Role::path:
        facts.paths.push_back(field);
        break;
      case Role::counter:
        counts_[i] = counts_[i] && parse_number(field, value);
        if (facts.rows == 0) from_[i] = value;
        counts_[i] = counts_[i] && value == from_[i] + static_cast<double>(facts.rows);
        break;
      case Role::text:
        if (parse_number(field, value))
          fail(texts, layout_.first_line, i, quoted(layout_.first[i]) + " is not a number",
               "others of its column are: fill it, or leave the row out");
        break;
      case Role::empty:
        if (!field.empty()) fail(texts, texts.line(), i, "a value in a column without a name");
        break;
      default:
        break;
    }
  }

  /// Which columns are features: lists, or else numbers that do more than count the rows.
  void choose_numbers() {
    const bool lists = std::ranges::find(layout_.roles, Role::list) != layout_.roles.end();
    for (std::size_t i = 0; i < layout_.columns(); ++i) {
      const Role role = layout_.roles[i];
      if (lists ? role == Role::list : role == Role::number || (role == Role::counter && !counts_[i])) {
        numbers_.push_back(i);
        facts.width += lists ? std::ssize(parse_list(layout_.first[i])) : 1;
      } else if (role != Role::label && role != Role::path && role != Role::empty) {
        out_.push_back(i);
      }
    }
    if (numbers_.empty()) throw error_at(rows_left_.texts().place(), "no column holds numbers");
  }

  [[nodiscard]] std::size_t put(std::span<float> out, std::size_t at, std::size_t column,
                                const std::string& field) const {
    const RecordTexts& texts = rows_left_.texts();
    if (layout_.roles[column] == Role::list) {
      const std::vector<double> list = parse_list(field);
      const auto wanted = parse_list(layout_.first[column]).size();
      if (list.empty()) fail(texts, texts.line(), column, quoted(field) + " is no list of numbers");
      if (list.size() != wanted)
        fail(texts, texts.line(), column,
             fmt::format("a list of {} numbers, and the first has {}", list.size(), wanted));
      std::ranges::transform(list, out.begin() + static_cast<std::ptrdiff_t>(at),
                             [](double value) { return static_cast<float>(value); });
      return at + list.size();
    }
    double value = 0;
    constexpr const char* advice = "fill it, or leave the row out";
    if (field.empty()) fail(texts, texts.line(), column, "it is empty", advice);
    if (!parse_field(field, layout_.separator, value))
      fail(texts, texts.line(), column, quoted(field) + " is not a number",
           field == "?" || is_word_for_missing(field) ? advice : "");
    out[at] = static_cast<float>(value);
    return at + 1;
  }

  void describe() {
    const char separator = layout_.separator;
    facts.note = fmt::format("{}, {}",
                             separator == '\t'     ? "tabs"
                             : separator == ';'    ? "semicolons"
                             : separator == '|'    ? "bars"
                             : separator == blanks ? "blanks"
                                                   : "commas",
                             layout_.header ? "a header" : "no header");
    for (std::size_t i = 0; i < layout_.columns(); ++i) {
      if (layout_.roles[i] == Role::label) facts.note += ", labels from column " + layout_.named(i);
      if (layout_.roles[i] == Role::path) facts.note += ", paths from column " + layout_.named(i);
    }
    constexpr std::size_t most_named = 6;
    for (std::size_t i = 0; i < std::min(out_.size(), most_named); ++i)
      facts.note += fmt::format("{}{}", i == 0 ? ", left out: column " : ", ", layout_.named(out_[i]));
    if (out_.size() > most_named) facts.note += fmt::format(" and {} more", out_.size() - most_named);
  }

  Layout layout_;
  Rows rows_left_;
  std::vector<bool> counts_;                ///< columns whose numbers count the rows so far
  std::vector<double> from_;                ///< their first numbers
  std::vector<std::size_t> numbers_, out_;  ///< columns that are features, and that are nothing
};

}  // namespace

std::unique_ptr<TableReader> open_csv(const std::string& path, const std::string& label_column) {
  return std::make_unique<CsvTable>(path, label_column);
}

std::vector<std::string> read_csv_column(const std::string& path, const std::string& column) {
  const Place place{import_stage, path};
  std::vector<std::string> texts, fields;
  if (!column.empty()) {
    const Layout layout = read_head(path, true);
    const std::size_t at = find_column(layout, column, place);
    for (Rows rows(path, layout); rows.next(fields);) texts.push_back(fields[at]);
    write_whole_numbers(texts);
    return texts;
  }
  // One value a line. A header is a word over numbers.
  RecordTexts records(path);
  double value = 0;
  bool numbers = true;  // behind the first
  for (std::string text; records.next(text);) {
    const char separator = find_separator({text}, false);
    split(text, separator, fields);
    if (fields.size() > 1)
      throw error_at(place, fmt::format("line {} has {} columns", records.line(), fields.size()),
                     "name one: FILE:COLUMN");
    numbers = numbers && (texts.empty() || parse_number(fields[0], value));
    texts.push_back(fields[0]);
  }
  if (texts.size() > 1 && numbers && !parse_number(texts[0], value)) texts.erase(texts.begin());
  write_whole_numbers(texts);
  return texts;
}

}  // namespace pool3::exchange
