#include "exchange/import/csv/column_layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "exchange/import/csv/records.hpp"
#include "exchange/import/table_readers.hpp"
#include "pool3/error.hpp"

namespace pool3::exchange {
namespace {

constexpr std::array<std::string_view, 8> label_names = {"label", "labels",   "class",   "target",
                                                         "y",     "category", "species", "classname"};
constexpr std::array<std::string_view, 13> path_names = {
    "path",      "paths",     "file",  "filename",   "file_name", "filepath", "file_path",
    "imagepath", "imagename", "image", "image_path", "img",       "img_path"};
constexpr std::array<std::string_view, 5> counter_names = {"id", "index", "row", "row_id", "idx"};
constexpr std::array<std::string_view, 10> picture_endings = {".jpg", ".jpeg", ".png",  ".gif", ".webp",
                                                              ".bmp", ".tif",  ".tiff", ".pgm", ".ppm"};

template <std::size_t count>
bool is_one_of(const std::array<std::string_view, count>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// A line of numbers, perhaps with a label, is data. One of names is not, nor are pandas' numbers of columns: 0, 1, 2,
/// 3 ..., perhaps behind an empty field; or fewer, beside names of labels and paths.
bool is_header(const std::vector<std::string>& fields, char separator) {
  if (std::ranges::any_of(fields, [](const std::string& field) { return !parse_list(field).empty(); })) return false;
  std::vector<std::string> numbers;
  double value = 0;
  for (const std::string& field : fields)
    if (parse_field(field, separator, value)) numbers.push_back(field);
  if (numbers.empty()) return true;
  const bool has_known_name = std::ranges::any_of(fields, [](const std::string& field) {
    return is_one_of(label_names, lower(field)) || is_one_of(path_names, lower(field));
  });
  if (numbers.size() < 4 && !fields[0].empty() && !has_known_name) return false;
  for (std::size_t i = 0; i < numbers.size(); ++i)
    if (numbers[i] != fmt::to_string(i)) return false;
  return true;
}

bool looks_like_path(const std::string& text) {
  const std::string small = lower(text);
  return std::ranges::any_of(picture_endings, [&](std::string_view ending) { return small.ends_with(ending); });
}

/// Of what has no number, no name that says so, and is not the label.
class Roles {
 public:
  Roles(const Layout& layout, const std::string& path) : layout_(layout), place_{import_stage, path} {}

  std::vector<Role> find(const std::string& label_column) {
    std::optional<std::size_t> label;
    if (label_column.empty()) {
      label = likely_label();
    } else if (label_column != "none") {
      label = find_column(layout_, label_column, place_);
    }
    std::vector<Role> roles;
    bool has_path = false;
    for (std::size_t i = 0; i < layout_.columns(); ++i) {
      Role role = label == i ? Role::label : role_of(i);
      if (role == Role::path && has_path) role = Role::text;
      has_path = has_path || role == Role::path;
      roles.push_back(role);
    }
    return roles;
  }

 private:
  [[nodiscard]] std::string name(std::size_t i) const { return layout_.header ? lower(layout_.names[i]) : "?"; }

  [[nodiscard]] bool is_text(std::size_t i) const {
    const std::string& value = layout_.first[i];
    if (value.empty() || !parse_list(value).empty()) return false;
    double number = 0;
    const bool is_number =
        parse_field(value, layout_.separator, number) && std::isalpha(static_cast<unsigned char>(value[0])) == 0;
    return !is_number && !parse_number(value, number);  // true and false are texts here
  }
  [[nodiscard]] bool is_path(std::size_t i) const {
    return is_text(i) && (is_one_of(path_names, name(i)) || looks_like_path(layout_.first[i]));
  }
  [[nodiscard]] bool names_rows(std::size_t i) const {
    return name(i).starts_with("unnamed:") || (i == 0 && layout_.columns() > 1 && name(i).empty());
  }

  [[nodiscard]] Role role_of(std::size_t i) const {
    const std::string& value = layout_.first[i];
    double number = 0;
    if (names_rows(i)) return Role::name;
    if (value.empty() && name(i).empty()) return Role::empty;
    if (!parse_list(value).empty()) return Role::list;
    if (value.empty() || parse_field(value, layout_.separator, number))
      return is_one_of(counter_names, name(i)) ? Role::counter : Role::number;
    return is_path(i) ? Role::path : Role::text;
  }

  /// By its name, or because it alone has texts, but for paths and names of rows.
  [[nodiscard]] std::optional<std::size_t> likely_label() const {
    std::vector<std::size_t> texts, words;
    double number = 0;
    for (std::size_t i = 0; i < layout_.columns(); ++i) {
      if (is_one_of(label_names, name(i))) return i;
      if (!is_text(i) || is_path(i) || names_rows(i)) continue;
      texts.push_back(i);
      if (!parse_field(layout_.first[i], layout_.separator, number)) words.push_back(i);  // not true or false
    }
    if (words.size() == 1) return words[0];
    if (texts.size() == 1) return texts[0];
    if (texts.empty()) return std::nullopt;
    throw error_at(place_,
                   fmt::format("columns {} and {} both hold texts", layout_.named(texts[0]), layout_.named(texts[1])),
                   "say which one has the labels with --label-column; others are left out");
  }

  const Layout& layout_;
  Place place_;
};

}  // namespace

std::string Layout::named(std::size_t column) const {
  const std::string number = fmt::to_string(column + 1);
  return header && !names[column].empty() ? fmt::format("{} ({})", number, one_line(names[column])) : number;
}

Layout read_head(const std::string& path, bool with_blanks) {
  RecordTexts records(path);
  std::vector<std::string> texts;
  std::array<std::int64_t, 2> lines{};
  for (std::string text; texts.size() < 2 && records.next(text);) {
    lines[texts.size()] = records.line();
    texts.push_back(text);
  }
  if (texts.empty()) throw error_at(records.place(), "it has no rows");
  Layout layout{.separator = find_separator(texts, with_blanks)};
  split(texts[0], layout.separator, layout.first);
  layout.first_line = lines[0];
  layout.header = is_header(layout.first, layout.separator);
  if (!layout.header) return layout;
  if (texts.size() < 2) throw error_at(records.place(), "it has no rows below its header");
  layout.names = layout.first;
  split(texts[1], layout.separator, layout.first);
  layout.first_line = lines[1];
  // R's write.table() gives the names of its rows no name.
  if (layout.names.size() + 1 == layout.first.size()) layout.names.insert(layout.names.begin(), "");
  if (layout.names.size() != layout.first.size())
    throw error_at(records.place(), fmt::format("line {} has {} fields, and the header has {}", layout.first_line,
                                                layout.first.size(), layout.names.size()));
  return layout;
}

std::size_t find_column(const Layout& layout, const std::string& wanted, const Place& place) {
  const auto named = std::ranges::find(layout.names, wanted);
  if (named != layout.names.end()) return static_cast<std::size_t>(named - layout.names.begin());
  double number = 0;
  if (parse_number(wanted, number) && number >= 1 && number <= static_cast<double>(layout.columns()))
    return static_cast<std::size_t>(number) - 1;
  throw error_at(place, fmt::format("there is no column {}", wanted),
                 fmt::format("give a name of its header, or a number from 1 to {}", layout.columns()));
}

Layout read_layout(const std::string& path, const std::string& label_column) {
  Layout layout = read_head(path, true);
  layout.roles = Roles(layout, path).find(label_column);
  return layout;
}

}  // namespace pool3::exchange
