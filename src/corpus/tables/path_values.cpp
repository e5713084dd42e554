#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>

#include "corpus/file_names.hpp"
#include "corpus/tables/id_tables.hpp"
#include "corpus/tables/json_lines.hpp"
#include "corpus/tables/odd_rows.hpp"
#include "corpus/tables/table.hpp"
#include "pool3/corpus.hpp"
#include "pool3/error.hpp"
#include "pool3/text.hpp"

namespace pool3 {
namespace {

using corpus::ColumnNames;
using corpus::Columns;
using corpus::Sample;
using corpus::TextInput;

/// The column to take, a number from 1.
std::string column_to_take(const Sample& sample, const Columns& found, std::span<const std::string_view> usual,
                           const std::string& table) {
  for (const std::string_view name : usual)
    for (std::size_t i = 0; found.is_header && i < sample[0].size(); ++i)
      if (corpus::normalised(sample[0][i]) == name) return fmt::format("{}", i + 1);
  if (found.count == 2) return found.path == 0 ? "2" : "1";
  throw usage_error(fmt::format("which column of {} is it?", table),
                    found.is_header ? fmt::format("give FILE:COLUMN, one of {}", fmt::join(sample[0], ", "))
                                    : "give FILE:COLUMN, a number from 1");
}

/// The names of the columns of a table; nothing if none has paths.
std::optional<ColumnNames> names_of(TextInput& input, const std::string& column,
                                    std::span<const std::string_view> usual, char separator) {
  const Sample sample = separator == corpus::json_separator
                            ? corpus::sample_of_json_lines(input.ahead())
                            : corpus::regular_rows(corpus::sample_of(input.ahead(), separator));
  if (sample.empty()) return std::nullopt;
  const Columns found = corpus::find_columns(sample, separator, {"", column}, input.path());
  if (!found.has_paths || (found.count == 1 && found.is_header)) return std::nullopt;
  if (found.count == 1) return ColumnNames{};
  return ColumnNames{.label = column.empty() ? column_to_take(sample, found, usual, input.path()) : column};
}

/// What separates the fields of a table; nothing for other texts.
std::optional<char> separator_of(TextInput& input) {
  if (corpus::is_json_lines_name(input.path())) return corpus::json_separator;
  if (!corpus::is_table_name(input.path())) return corpus::find_text_separator(input.ahead());
  return corpus::find_separator(input.ahead(), lower_case(input.path()).ends_with(".tsv") ? '\t' : ',');
}

bool begins_with_picture(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  return corpus::is_picture_name(corpus::trimmed_view(line));
}

}  // namespace

std::optional<PathValues> read_path_values(const std::string& table, const std::string& column,
                                           std::span<const std::string_view> usual) {
  namespace fs = std::filesystem;
  TextInput input(table);
  std::optional<ColumnNames> names = ColumnNames{};
  if (const auto separator = separator_of(input)) {
    names = names_of(input, column, usual, *separator);
  } else if (!corpus::find_list_separator(input.ahead()) && !begins_with_picture(input.ahead())) {
    names.reset();
  }
  if (!names) return corpus::values_by_id(table);
  PathValues found;
  std::error_code error;
  found.folder = fs::canonical(fs::absolute(table).parent_path(), error).string();
  const corpus::TableShape shape = corpus::read_table(input, *names, [&](const corpus::TableRow& row) {
    found.paths.emplace_back(row.path);
    found.values.emplace_back(corpus::trimmed_view(row.label));
  });
  if (!shape.has_labels) found.values.clear();
  return found;
}

}  // namespace pool3
