#include "corpus/tables/columns.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "corpus/file_names.hpp"
#include "corpus/tables/odd_rows.hpp"
#include "corpus/tables/records.hpp"
#include "pool3/error.hpp"
#include "pool3/partition/split_sides.hpp"
#include "pool3/text.hpp"

namespace pool3::corpus {
namespace {

/// Names of headers, as normalised() has them; the first that is there counts.
constexpr std::array<std::string_view, 26> path_names = {
    "path", "filepath",  "imagepath", "imgpath", "picturepath", "fullpath",      "relativepath",  "filename", "fname",
    "file", "imagefile", "imagename", "imgname", "imgfile",     "image",         "img",           "picture",  "photo",
    "pic",  "images",    "imageid",   "paths",   "localpath",   "imagefilename", "imagefilepath", "imagelink"};
constexpr std::array<std::string_view, 24> label_names = {"label",
                                                          "labels",
                                                          "labelname",
                                                          "classlabel",
                                                          "class",
                                                          "classname",
                                                          "category",
                                                          "categoryname",
                                                          "target",
                                                          "targetname",
                                                          "cls",
                                                          "y",
                                                          "species",
                                                          "breed",
                                                          "classid",
                                                          "labelid",
                                                          "choice",
                                                          "choices",
                                                          "producttype",
                                                          "productcategory",
                                                          "googleproductcategory",
                                                          "categorypath",
                                                          "categorylabel",
                                                          "variety"};
constexpr std::size_t sample_rows = 200;
/// In the order in which they are tried.
constexpr std::array separators = {';', '\t', ',', '|', blanks};

template <typename Names>
bool is_one_of(const Names& names, std::string_view text) {
  return std::ranges::find(names, text) != names.end();
}

bool is_side(std::string_view text) { return side_of_name(text) || lower_case(text) == "unlabeled"; }

bool is_picture(const std::string& field) { return is_picture_name(trimmed_view(field)); }

bool names_columns(const std::vector<std::string>& record) {
  if (std::ranges::any_of(record, is_picture)) return false;
  return std::ranges::any_of(record, [](const std::string& field) {
    return is_one_of(path_names, normalised(field)) || is_one_of(label_names, normalised(field));
  });
}

bool is_number(std::string_view text) { return parse_number<double>(text).has_value(); }

bool is_consistent(const Sample& sample) {
  return !sample.empty() &&
         std::ranges::all_of(sample, [&](const auto& record) { return record.size() == sample[0].size(); });
}

/// The first column whose fields are names of pictures, from row `first` on. REQUIRES: a consistent sample.
std::optional<std::size_t> picture_column(const Sample& sample, std::size_t first) {
  for (std::size_t column = 0; first < sample.size() && column < sample[0].size(); ++column) {
    const bool fits = std::all_of(sample.begin() + static_cast<std::ptrdiff_t>(first), sample.end(),
                                  [&](const auto& record) { return is_picture(record[column]); });
    if (fits) return column;
  }
  return std::nullopt;
}

/// Some rows may be odd.
bool makes_sense(const Sample& all) {
  const Sample sample = regular_rows(all);
  if (sample.empty() || sample.size() * 5 < all.size() * 4) return false;
  return names_columns(sample[0]) || picture_column(sample, 0).has_value() || picture_column(sample, 1).has_value();
}

/// Fills in Columns for one table.
class Finder {
 public:
  Finder(const Sample& sample, const ColumnNames& names, const std::string& table)
      : sample_(sample), names_(names), table_(table), first_(sample[0]) {
    columns_.count = first_.size();
  }

  Columns run(char separator) {
    columns_.is_header = separator == json_separator || has_header();
    const auto named = [&](const std::string& name) {
      return name.empty() ? std::nullopt : std::optional(column_of(name));
    };
    columns_.label = named(names_.label);
    columns_.weight = named(names_.weight);
    const auto path = known_path(named(names_.path));
    columns_.has_paths = path.has_value();
    columns_.path = find_path(path);
    if (!columns_.label) columns_.label = find_label();
    columns_.what = words(separator);
    return std::move(columns_);
  }

 private:
  [[nodiscard]] bool has_header() const {
    if (names_columns(first_)) return true;
    const auto has = [&](const std::string& name) {
      const bool number = name.find_first_not_of("0123456789") == std::string::npos;  // "" too
      return !number && std::ranges::any_of(first_, [&](const auto& field) { return trimmed_view(field) == name; });
    };
    if (has(names_.path) || has(names_.label) || has(names_.weight)) return true;
    const auto below = is_consistent(sample_) ? picture_column(sample_, 1) : std::nullopt;
    const auto is_path = [](const std::string& field) {
      return is_picture(field) || field.find_first_of("/\\") < field.size();
    };
    return (below || is_above_numbers()) && std::ranges::none_of(first_, is_path);
  }

  /// A word above a column of numbers, and no number in the whole row.
  [[nodiscard]] bool is_above_numbers() const {
    constexpr std::size_t enough = 3;
    const auto number_at = [](std::size_t column) {
      return [column](const auto& record) { return is_number(trimmed_view(record[column])); };
    };
    if (sample_.size() < enough || !is_consistent(sample_)) return false;
    bool found = false;
    for (std::size_t column = 0; column < first_.size(); ++column) {
      if (trimmed_view(first_[column]).empty() || number_at(column)(first_)) return false;
      found = found || std::all_of(sample_.begin() + 1, sample_.end(), number_at(column));
    }
    return found;
  }

  /// The column that --path-column, --label-column or --several-labels names.
  [[nodiscard]] std::size_t column_of(const std::string& name) const {
    const auto found = std::ranges::find_if(first_, [&](const auto& field) { return trimmed_view(field) == name; });
    if (columns_.is_header && found != first_.end()) return static_cast<std::size_t>(found - first_.begin());
    const std::size_t number = parse_number<std::size_t>(name).value_or(0);
    if (number >= 1 && number <= first_.size()) return number - 1;
    throw usage_error(fmt::format("{} has no column {}", table_, name),
                      columns_.is_header
                          ? fmt::format("its columns are {}", fmt::join(first_, ", "))
                          : fmt::format("it has {} columns and no header; give a number", first_.size()));
  }

  /// The column of the header with the first of these names that is there.
  template <typename Names>
  [[nodiscard]] std::optional<std::size_t> known(const Names& names) const {
    for (const std::string_view name : names) {
      const auto is_it = [&](const std::string& field) { return normalised(field) == name; };
      if (std::ranges::count_if(first_, is_it) > 1) fail_at(table_, 1, fmt::format("two columns are called {}", name));
      const auto found = std::ranges::find_if(first_, is_it);
      if (found != first_.end()) return static_cast<std::size_t>(found - first_.begin());
    }
    return std::nullopt;
  }

  [[nodiscard]] std::optional<std::size_t> known_path(std::optional<std::size_t> named) const {
    if (named) return named;
    if (columns_.is_header) {
      if (const auto column = known(path_names)) return column;
    }
    return is_consistent(sample_) ? picture_column(sample_, columns_.is_header ? 1 : 0) : std::nullopt;
  }

  [[nodiscard]] std::size_t find_path(std::optional<std::size_t> found) const {
    if (found) return *found;
    const auto label = columns_.label ? columns_.label : columns_.is_header ? known(label_names) : std::nullopt;
    return label == std::optional<std::size_t>(0) && first_.size() > 1 ? 1 : 0;
  }

  /// Below a header. Nothing if rows differ in length.
  [[nodiscard]] std::vector<std::string_view> fields_of(std::size_t column) const {
    std::vector<std::string_view> fields;
    if (!is_consistent(sample_)) return fields;
    for (std::size_t i = columns_.is_header ? 1 : 0; i < sample_.size(); ++i)
      fields.push_back(trimmed_view(sample_[i][column]));
    return fields;
  }

  [[nodiscard]] bool is_split(std::size_t column) const {
    const auto fields = fields_of(column);
    return !fields.empty() && std::ranges::all_of(fields, is_side);
  }

  /// 0, 1, 2 ... or 1, 2, 3 ..., as pandas and spreadsheets put in front.
  [[nodiscard]] bool is_row_number(std::size_t column) const {
    const auto fields = fields_of(column);
    const std::size_t first = !fields.empty() && fields[0] == "1" ? 1 : 0;
    for (std::size_t i = 0; i < fields.size(); ++i)
      if (fields[i] != fmt::format("{}", first + i)) return false;
    return fields.size() > 1;
  }

  /// The column that tells training rows from others, if there is one beside paths and labels.
  [[nodiscard]] std::optional<std::size_t> split_column() const {
    constexpr std::array<std::string_view, 8> names = {"split",     "set",   "subset", "partition",
                                                       "datasplit", "usage", "phase",  "dataset"};
    for (std::size_t column = 0; column < first_.size(); ++column) {
      if (column == columns_.path || column == columns_.label || !is_split(column)) continue;
      const auto fields = fields_of(column);
      const bool differ = std::ranges::any_of(fields, [&](const auto field) { return field != fields[0]; });
      if (differ || (columns_.is_header && is_one_of(names, normalised(first_[column])))) return column;
    }
    return std::nullopt;
  }

  /// Names of columns that may be the label, where none is known to be.
  [[nodiscard]] std::string candidates() const {
    constexpr std::size_t most = 6;
    std::vector<std::string> names;
    for (std::size_t column = 0; column < first_.size(); ++column) {
      const bool skipped = column == columns_.path || is_split(column) || is_row_number(column);
      if (!skipped && !trimmed_view(first_[column]).empty())
        names.push_back(one_line(std::string(trimmed_view(first_[column]))));
    }
    const bool more = names.size() > most;
    if (more) names.resize(most);
    return names.empty() ? "" : fmt::format("{}{} may be the label", fmt::join(names, ", "), more ? " ..." : "");
  }

  std::optional<std::size_t> find_label() {
    if (columns_.is_header) {
      if (const auto column = known(label_names); column && *column != columns_.path) return column;
      if (known(path_names) || first_.size() != 2) {
        columns_.unclear = candidates();
        return std::nullopt;
      }
    }
    std::vector<std::size_t> left;
    for (std::size_t column = 0; column < first_.size(); ++column) {
      const bool skipped = column == columns_.path || columns_.weight == column ||
                           (first_.size() > 2 && (is_split(column) || is_row_number(column)));
      if (!skipped) left.push_back(column);
    }
    if (left.size() > 1) {
      columns_.unclear = fmt::format("{} columns without a header may be the label", left.size());
    }
    return left.size() == 1 ? std::optional(left[0]) : std::nullopt;
  }

  [[nodiscard]] std::string named_column(std::size_t column) const {
    const std::string name =
        columns_.is_header ? fmt::format(" ({})", one_line(std::string(trimmed_view(first_[column])))) : "";
    return fmt::format("column {}{}", column + 1, name);
  }

  [[nodiscard]] std::string words(char separator) const {
    if (first_.size() < 2) return {};
    if (separator == json_separator) return "JSON lines; " + columns_words();
    const char* between = separator == ','    ? "commas"
                          : separator == ';'  ? "semicolons"
                          : separator == '\t' ? "tabs"
                          : separator == '|'  ? "bars"
                                              : "blanks";
    return fmt::format("{} between fields, {} header; ", between, columns_.is_header ? "with a" : "no") +
           columns_words();
  }

  [[nodiscard]] std::string columns_words() const {
    std::string text = fmt::format("paths are {}, ", named_column(columns_.path));
    text += columns_.label ? fmt::format("labels {}", named_column(*columns_.label)) : "no labels";
    if (!columns_.unclear.empty()) text += fmt::format(" ({}; --label-column names one)", columns_.unclear);
    if (const auto split = split_column()) {
      const std::string name =
          columns_.is_header ? std::string(trimmed_view(first_[*split])) : fmt::to_string(*split + 1);
      text += fmt::format("; train and search take the split in {} if they get --split-from {}:{}",
                          named_column(*split), table_, one_line(name));
    }
    return text;
  }

  const Sample& sample_;
  const ColumnNames& names_;
  const std::string& table_;
  const std::vector<std::string>& first_;
  Columns columns_;
};

}  // namespace

std::string_view whole_lines(std::string_view text) {
  constexpr std::size_t enough = std::size_t{1} << 16U;
  if (text.size() < enough) return text;
  text = text.substr(0, enough);
  const std::size_t end = text.rfind('\n');
  return end == std::string_view::npos ? text : text.substr(0, end);
}

std::string normalised(std::string_view name) {
  std::string text = lower_case(name);
  std::erase_if(text, [](char c) { return std::string_view(" _-.\t:#").find(c) != std::string_view::npos; });
  return text;
}

Sample sample_of(std::string_view text, char separator) {
  Sample sample;
  try {
    TextInput input("", whole_lines(text));
    RecordReader reader(input, separator);
    for (Record record; sample.size() < sample_rows && reader.next(record);) {
      sample.emplace_back(record.fields.begin(), record.fields.begin() + static_cast<std::ptrdiff_t>(record.count));
    }
  } catch (const Error&) {
    // The reading of the whole table says what is wrong, and where.
    if (sample.empty()) return {};
    return sample.size() > 1 ? sample : Sample{};
  }
  return sample;
}

char find_separator(std::string_view text, char expected) {
  if (const auto named = named_separator(text)) return *named;
  if (makes_sense(sample_of(text, expected))) return expected;
  for (const char other : separators) {
    const Sample sample = regular_rows(sample_of(text, other));
    if (other != expected && makes_sense(sample) && sample[0].size() > 1) return other;
  }
  return expected;
}

Columns find_columns(const Sample& sample, char separator, const ColumnNames& names, const std::string& table) {
  return Finder(sample, names, table).run(separator);
}

std::optional<char> find_list_separator(std::string_view text) {
  text = whole_lines(text);
  std::optional<char> found;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed_view(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with('#')) continue;  // remarks, most likely
    const std::size_t at = line.find_last_of(" \t,;");
    if (at == std::string_view::npos || is_picture_name(line) || !is_picture_name(trimmed_view(line.substr(0, at)))) {
      return std::nullopt;
    }
    if (found && *found != line[at]) return std::nullopt;
    found = line[at];
  }
  return found;
}

std::optional<char> find_text_separator(std::string_view text) {
  if (const auto named = named_separator(text)) return named;
  for (const char separator : separators) {
    const Sample sample = regular_rows(sample_of(text, separator));
    if (sample.size() < 2 || !names_columns(sample[0])) continue;
    if (sample[0].size() > 1) return separator;
    // A header above paths alone, which may hold all but tabs.
    if (separator == '\t' && is_one_of(path_names, normalised(sample[0][0])) && picture_column(sample, 1))
      return separator;
  }
  if (find_list_separator(text)) return std::nullopt;
  constexpr std::size_t least = 3;  // fewer may be a path with a blank in it, or a number in front of one
  for (const char separator : separators) {
    const Sample sample = regular_rows(sample_of(text, separator));
    if (sample.empty() || sample[0].size() < least) continue;
    const auto column = picture_column(sample, sample.size() > 1 ? 1 : 0);
    // A path that ends its line may hold the separators itself.
    if (column && *column + 1 < sample[0].size()) return separator;
  }
  return std::nullopt;
}

}  // namespace pool3::corpus
