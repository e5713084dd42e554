#include "corpus/tables/table.hpp"

#include <fmt/format.h>

#include <climits>
#include <optional>
#include <string>

#include "corpus/file_names.hpp"
#include "corpus/tables/records.hpp"

namespace pool3::corpus {
namespace {

void check_path(const std::string& value, const std::string& path, std::int64_t line) {
  if (value.empty()) fail_at(path, line, "the path is empty");
  if (is_address(value))
    fail_at(path, line, fmt::format("{} is an address, and pool3 reads files", value),
            "fetch the files first, as with wget -i LIST or aws s3 sync, and give their paths");
  if (value.size() >= PATH_MAX) fail_at(path, line, "the path is longer than the system allows");
}

TableShape read_records(TextInput& input, char separator, const ColumnNames& names, const TableUse& use) {
  const Sample sample = sample_of(input.ahead(), separator);
  RecordReader reader(input, separator);
  Record record;
  if (!reader.next(record)) return {};
  const Sample first = {{record.fields.begin(), record.fields.begin() + static_cast<std::ptrdiff_t>(record.count)}};
  const Columns columns = find_columns(sample.empty() ? first : sample, separator, names, input.path());
  TableShape shape{.has_labels = columns.label.has_value(), .what = columns.what, .unclear = columns.unclear};
  for (bool more = !columns.is_header || reader.next(record); more; more = reader.next(record)) {
    if (record.count != columns.count) {
      fail_at(input.path(), record.line,
              fmt::format("{} field{}, where the first row has {}", record.count, record.count == 1 ? "" : "s",
                          columns.count));
    }
    check_path(record.fields[columns.path], input.path(), record.line);
    const std::string_view label = columns.label ? std::string_view(record.fields[*columns.label]) : "";
    use({record.fields[columns.path], label, columns.label.has_value(), record.line});
    ++shape.rows;
  }
  return shape;
}

/// Lines of a path alone or, with a separator, of a path and a label.
TableShape read_list(TextInput& input, const TableUse& use) {
  const std::optional<char> separator = find_list_separator(input.ahead());
  TableShape shape{.has_labels = separator.has_value()};
  if (separator) shape.what = "each line is a path and a label";
  std::string path;
  read_lines(input, [&](std::string_view text, std::int64_t line) {
    const std::string_view whole = separator ? trimmed_view(text) : text;
    const std::size_t at = separator ? whole.find_last_of(*separator) : std::string_view::npos;
    path = at == std::string_view::npos ? whole : trimmed_view(whole.substr(0, at));
    check_path(path, input.path(), line);
    use({path, at == std::string_view::npos ? std::string_view() : whole.substr(at + 1), separator.has_value(), line});
    ++shape.rows;
  });
  return shape;
}

}  // namespace

TableShape read_table(TextInput& input, const ColumnNames& names, const TableUse& use) {
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
