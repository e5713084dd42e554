#include "corpus/tables/table.hpp"

#include <fmt/format.h>

#include <climits>
#include <string>
#include <vector>

#include "corpus/file_names.hpp"
#include "corpus/tables/json_lines.hpp"
#include "corpus/tables/list_form.hpp"
#include "corpus/tables/path_placement.hpp"
#include "corpus/tables/records.hpp"

namespace pool3::corpus {
namespace {

void check_path(const std::string& value, const std::string& path, std::int64_t line) {
  if (value.empty()) fail_at(path, line, "the path is empty");
  if (lower_case(value.substr(0, 7)) == "file://")
    fail_at(path, line, fmt::format("{} is an address, and pool3 reads files", value),
            "write plain paths, as with sed 's|file://||' OLD >NEW");
  if (is_address(value))
    fail_at(path, line, fmt::format("{} is an address, and pool3 reads files", value),
            "fetch the files first, as with wget -i LIST or aws s3 sync, and give their paths");
  if (value.size() >= PATH_MAX) fail_at(path, line, "the path is longer than the system allows");
}

/// How paths of this table lead to files.
Placement placement_of(const TextInput& input, const Sample& sample, const Columns& columns) {
  std::vector<std::string> paths;
  for (std::size_t i = columns.is_header ? 1 : 0; i < sample.size() && paths.size() < placement_sample; ++i)
    if (columns.path < sample[i].size()) paths.push_back(sample[i][columns.path]);
  return input.is_file() ? find_placement(real_folder_of(input.path()), paths) : Placement{};
}

/// An object a line. Those of all lines must have the path.
TableShape read_json_lines(TextInput& input, const ColumnNames& names, const TableUse& use) {
  if (trimmed_view(input.ahead()).empty()) return {};
  const Sample sample = sample_of_json_lines(input.ahead());
  if (sample.empty()) fail_at(input.path(), 1, "not a JSON object a line, with texts or numbers in it");
  const Columns columns = find_columns(sample, json_separator, names, input.path());
  const Placement placement = placement_of(input, sample, columns);
  TableShape shape{.has_labels = columns.label.has_value(), .what = columns.what, .unclear = columns.unclear};
  if (!placement.is_as_written()) shape.placement = placement.words();
  const JsonLine reader({sample[0][columns.path], columns.label ? sample[0][*columns.label] : ""});
  std::vector<std::string> fields;
  read_lines(input, [&](std::string_view text, std::int64_t line) {
    if (trimmed_view(text).empty()) return;
    if (!reader.read(text, fields)) fail_at(input.path(), line, "not a JSON object in UTF-8");
    check_path(fields[0], input.path(), line);
    const std::string path = placement.of(fields[0]);
    use({path, fields[1], columns.label.has_value(), line});
    ++shape.rows;
  });
  return shape;
}

TableShape read_records(TextInput& input, char separator, const ColumnNames& names, const TableUse& use) {
  const Sample sample = sample_of(input.ahead(), separator);
  RecordReader reader(input, separator);
  Record record;
  if (!reader.next(record)) return {};
  const Sample first = {{record.fields.begin(), record.fields.begin() + static_cast<std::ptrdiff_t>(record.count)}};
  const Columns columns = find_columns(sample.empty() ? first : sample, separator, names, input.path());
  const Placement placement = placement_of(input, sample, columns);
  TableShape shape{.has_labels = columns.label.has_value(), .what = columns.what, .unclear = columns.unclear};
  if (!placement.is_as_written()) shape.placement = placement.words();
  for (bool more = !columns.is_header || reader.next(record); more; more = reader.next(record)) {
    if (record.count != columns.count) {
      fail_at(input.path(), record.line,
              fmt::format("{} field{}, where the first row has {}", record.count, record.count == 1 ? "" : "s",
                          columns.count),
              record.count > columns.count ? "put fields that hold the separator in quotes" : "");
    }
    std::string& path = record.fields[columns.path];
    check_path(path, input.path(), record.line);
    if (!placement.is_as_written()) path = placement.of(path);
    const std::string_view label = columns.label ? std::string_view(record.fields[*columns.label]) : "";
    use({path, label, columns.label.has_value(), record.line});
    ++shape.rows;
  }
  return shape;
}

/// Lines of a path alone or with a label.
TableShape read_list(TextInput& input, const TableUse& use) {
  const ListForm form = find_list_form(input);
  TableShape shape{.has_labels = form.separator.has_value(), .what = form.words()};
  if (!form.placement.is_as_written()) shape.placement = form.placement.words();
  read_lines(input, [&](std::string_view text, std::int64_t line) {
    const ListLine parts = form.parts_of(text);
    std::string path(parts.path);
    check_path(path, input.path(), line);
    if (!form.placement.is_as_written()) path = form.placement.of(path);
    use({path, parts.label, form.separator.has_value(), line});
    ++shape.rows;
  });
  return shape;
}

}  // namespace

TableShape read_table(TextInput& input, const ColumnNames& names, const TableUse& use) {
  if (is_json_lines_name(input.path())) return read_json_lines(input, names, use);
  const std::string name = lower_case(input.path());
  const bool csv = name.ends_with(".csv");
  if (!csv && !name.ends_with(".tsv")) return read_list(input, use);
  return read_records(input, find_separator(input.ahead(), csv ? ',' : '\t'), names, use);
}

void read_lines(TextInput& input, const std::function<void(std::string_view, std::int64_t)>& use) {
  RecordReader reader(input, std::nullopt);
  for (Record record; reader.next(record);) use(record.fields[0], record.line);
}

}  // namespace pool3::corpus
