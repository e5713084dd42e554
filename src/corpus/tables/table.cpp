#include "corpus/tables/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <optional>
#include <string>
#include <vector>

#include "corpus/file_names.hpp"
#include "corpus/tables/id_tables.hpp"
#include "corpus/tables/json_file.hpp"
#include "corpus/tables/json_lines.hpp"
#include "corpus/tables/list_form.hpp"
#include "corpus/tables/odd_rows.hpp"
#include "corpus/tables/path_placement.hpp"
#include "corpus/tables/records.hpp"
#include "pool3/text/windows_1252.hpp"

namespace pool3::corpus {
namespace {

/// A table of addresses is a mistake; one address in a table is a picture that is not there.
void refuse_address(std::string_view value, const std::string& path, std::int64_t line) {
  if (lower_case(value.substr(0, 7)) == "file://")
    fail_at(path, line, fmt::format("{} is an address, and pool3 reads files", value),
            "write plain paths, as with sed 's|file://||' OLD >NEW");
  if (is_address(value))
    fail_at(path, line, fmt::format("{} is an address, and pool3 reads files", value),
            "fetch the files first, as with wget -i LIST or aws s3 sync, and give their paths");
}

/// How paths of this table lead to files.
Placement placement_of(const TextInput& input, const Sample& sample, const Columns& columns) {
  std::vector<std::string> paths;
  for (std::size_t i = columns.is_header ? 1 : 0; i < sample.size() && paths.size() < placement_sample; ++i)
    if (columns.path < sample[i].size()) paths.push_back(sample[i][columns.path]);
  return input.is_file() ? find_placement(input.folder(), paths) : Placement{};
}

/// An object a line.
TableShape read_json_lines(TextInput& input, const ColumnNames& names, const TableUse& use) {
  if (trimmed_view(input.ahead()).empty()) return {};
  const Sample sample = sample_of_json_lines(input.ahead());
  if (sample.empty()) fail_at(input.path(), 1, "not a JSON object a line, with texts or numbers in it");
  const Columns columns = find_columns(sample, json_separator, names, input.path());
  const Placement placement = placement_of(input, sample, columns);
  ObjectRows rows(input.path(), sample[0], columns, placement);
  read_lines(input, [&](std::string_view text, std::int64_t line) {
    if (!trimmed_view(text).empty()) rows.add(text, line, use);
  });
  return rows.shape();
}

/// The first records without odd ones; the first of all, if nothing is known of them.
Sample known_rows(const Sample& beginning, const Record& first) {
  Sample sample = regular_rows(beginning);
  if (sample.empty())
    sample = {{first.fields.begin(), first.fields.begin() + static_cast<std::ptrdiff_t>(first.count)}};
  return sample;
}

TableShape read_records(TextInput& input, char separator, const ColumnNames& names, const TableUse& use) {
  const Sample beginning = sample_of(input.ahead(), separator);
  RecordReader reader(input, separator);
  Record record;
  if (!reader.next(record)) return {};
  const Sample sample = known_rows(beginning, record);
  const Columns columns = find_columns(sample, separator, names, input.path());
  const Placement placement = placement_of(input, sample, columns);
  OddRows odd(columns, widest_column(sample, columns), separator);
  TableShape shape{.has_labels = columns.label.has_value(), .what = columns.what, .unclear = columns.unclear};
  if (!placement.is_as_written()) shape.placement = placement.words();
  for (bool more = !columns.is_header || reader.next(record); more; more = reader.next(record)) {
    if (!odd.take(record)) continue;
    std::string& path = record.fields[columns.path];
    check_path(path, input.path(), record.line, shape.rows == 0);
    if (!placement.is_as_written()) path = placement.of(path);
    const std::string_view label = columns.label ? std::string_view(record.fields[*columns.label]) : "";
    const double weight = columns.weight ? weight_of(record.fields[*columns.weight]) : 1;
    use({path, label, weight, columns.label.has_value(), record.line});
    ++shape.rows;
  }
  if (odd.are_all()) fail_at(input.path(), odd.first_without_path(), "the path is empty, and so are all others");
  shape.odd = odd.words(columns.is_header ? sample[0] : std::vector<std::string>{});
  return shape;
}

/// The lines of a list that name no picture.
struct LinesLeftOut {
  std::int64_t remarks = 0, without_path = 0, first_without = 0;

  void add_without_path(std::int64_t line) {
    if (without_path++ == 0) first_without = line;
  }
  [[nodiscard]] std::vector<std::string> words() const {
    std::vector<std::string> all;
    const auto s = [](std::int64_t count) { return count == 1 ? "" : "s"; };
    if (remarks > 0)
      all.push_back(fmt::format("{} line{} begin{} with # and {} left out as remark{}", remarks, s(remarks),
                                remarks == 1 ? "s" : "", remarks == 1 ? "is" : "are", s(remarks)));
    if (without_path > 0)
      all.push_back(fmt::format("{} line{} without a path, and left out (the first: line {})", without_path,
                                s(without_path), first_without));
    return all;
  }
};

/// Lines of a path alone or with a label.
TableShape read_list(TextInput& input, const TableUse& use) {
  const ListForm form = find_list_form(input);
  const auto labels = form.id_in_front ? labels_by_id(input.path()) : std::nullopt;
  TableShape shape{.has_labels = form.separator.has_value() || labels, .what = form.words()};
  if (labels) shape.what += "; labels are those of image_class_labels.txt beside it";
  if (!form.placement.is_as_written()) shape.placement = form.placement.words();
  const std::string& folder = input.folder();
  const auto is_remark = [&](const std::string& path) {
    return path.starts_with('#') && (folder.empty() || !is_there(folder, form.placement.of(path)));
  };
  LinesLeftOut left_out;
  read_lines(input, [&](std::string_view text, std::int64_t line) {
    const ListLine parts = form.parts_of(text);
    std::string path(parts.path);
    if (is_remark(path)) return void(++left_out.remarks);
    if (path.empty()) return left_out.add_without_path(line);
    check_path(path, input.path(), line, shape.rows == 0);
    if (!form.placement.is_as_written()) path = form.placement.of(path);
    const auto by_id = labels ? labels->find(std::string(parts.id)) : IdTexts::const_iterator();
    const std::string_view label = labels && by_id != labels->end() ? by_id->second : parts.label;
    use({path, label, 1, shape.has_labels, line});
    ++shape.rows;
  });
  if (shape.rows == 0 && left_out.without_path > 0)
    fail_at(input.path(), left_out.first_without, "the path is empty, and so are all others");
  shape.odd = left_out.words();
  return shape;
}

/// A path of a table that was Windows-1252, as the file is called: names of files may be of the same bytes.
std::string name_on_disk(const TextInput& input, std::string_view path) {
  std::string bytes = to_windows_1252(path);
  const bool asks = bytes != path && !input.folder().empty() && !is_there(input.folder(), path);
  return asks && is_there(input.folder(), bytes) ? bytes : std::string(path);
}

/// What separates the fields of a text that is more than a list of paths with a label; nothing for such a list.
std::optional<char> separator_of_text(TextInput& input) {
  if (const auto found = find_text_separator(input.ahead())) return found;
  if (!input.is_file() || find_list_separator(input.ahead())) return std::nullopt;
  // Names without endings, with some fields behind.
  constexpr std::size_t least = 3;
  const Sample sample = regular_rows(sample_of(input.ahead(), blanks));
  if (sample.empty() || sample[0].size() < least) return std::nullopt;
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < std::min(sample.size(), placement_sample); ++i) paths.push_back(sample[i][0]);
  const std::string& folder = input.folder();
  const std::ptrdiff_t found = count_there(folder, paths, find_placement(folder, paths));
  return 2 * found >= std::ssize(paths) ? std::optional(blanks) : std::nullopt;
}

}  // namespace

double weight_of(std::string_view field) {
  const double weight = parse_number<double>(trimmed_view(field)).value_or(0);
  return weight > 0 ? weight : 0;
}

void check_path(std::string_view value, const std::string& path, std::int64_t line, bool is_first) {
  if (is_first) refuse_address(value, path, line);
  if (value.size() >= PATH_MAX) fail_at(path, line, "the path is longer than the system allows");
}

TableShape read_table(TextInput& input, const ColumnNames& names, const TableUse& take) {
  const TableUse use = [&](const TableRow& row) {
    if (!input.is_windows_1252()) return take(row);
    const std::string path = name_on_disk(input, row.path);
    take({path, row.label, row.weight, row.has_label, row.line});
  };
  if (is_json_name(input.path())) return read_json_file(input, names, use);
  if (is_json_lines_name(input.path())) return read_json_lines(input, names, use);
  const std::string name = lower_case(input.path());
  const bool csv = name.ends_with(".csv");
  if (!csv && !name.ends_with(".tsv")) {
    const auto separator = separator_of_text(input);
    return separator ? read_records(input, *separator, names, use) : read_list(input, use);
  }
  return read_records(input, find_separator(input.ahead(), csv ? ',' : '\t'), names, use);
}

void read_lines(TextInput& input, const std::function<void(std::string_view, std::int64_t)>& use) {
  RecordReader reader(input, std::nullopt);
  for (Record record; reader.next(record);) use(record.fields[0], record.line);
}

}  // namespace pool3::corpus
