#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "exchange/import/byte_stream.hpp"
#include "exchange/import/table_readers.hpp"
#include "pool3/exchange/import.hpp"
#include "pool3/files.hpp"
#include "pool3/image.hpp"
#include "pool3/text.hpp"
#include "pool3/text/windows_1252.hpp"
#include "pool3/types.hpp"

namespace pool3 {
namespace {

constexpr const char* stage = exchange::import_stage;
constexpr std::int64_t rows_at_once = 256;
constexpr std::size_t numbers_at_once = std::size_t{4} << 20;
constexpr float most_half = 65504;
constexpr std::string_view row_name = "row-";

/// Calls `use(first, numbers)` for all rows, some at a time.
template <typename Use>
void for_rows(TableReader& table, const Use& use) {
  const auto fit = static_cast<std::int64_t>(numbers_at_once) / std::max<std::int64_t>(table.width(), 1);
  const std::int64_t step = std::clamp<std::int64_t>(fit, 1, rows_at_once);
  std::vector<float> numbers;
  for (Row first = 0; first < table.rows(); first += step) {
    numbers.resize(index(std::min(step, table.rows() - first) * table.width()));
    table.read(numbers);
    use(first, std::span<const float>(numbers));
  }
}

void check_numbers(std::span<const float> row, Row number, FeatureType type, const Place& place) {
  for (std::size_t j = 0; j < row.size(); ++j) {
    if (!std::isfinite(row[j]))
      throw error_at(place, fmt::format("row {}, feature {} is not a finite number in float32", number, j),
                     "rows and features count from 0; fill it or leave the row out");
    if (type == FeatureType::float16 && std::abs(row[j]) > most_half)
      throw error_at(place, fmt::format("row {}, feature {} is too large for float16", number, j),
                     "give --dtype float32");
  }
}

/// The key of each row. Looks at every number.
std::vector<ImageKey> keys_of(TableReader& table, const ImportOptions& options) {
  std::vector<ImageKey> keys;
  const std::size_t width = index(table.width());
  for_rows(table, [&](Row, std::span<const float> numbers) {
    for (std::size_t at = 0; at < numbers.size(); at += width) {
      const auto row = numbers.subspan(at, width);
      check_numbers(row, std::ssize(keys), options.type, {stage, options.features.text()});
      keys.push_back(content_key(std::as_bytes(row)));
    }
  });
  return keys;
}

/// Labels as numbers of their classes, which are in order of bytes.
struct Classes {
  std::vector<std::string> names;
  std::vector<std::int32_t> labels;
  std::int64_t without = 0;
};

Classes classes_of(const std::vector<std::string>& labels, std::int64_t rows) {
  Classes found;
  std::map<std::string, std::int32_t> numbers;
  for (const std::string& label : labels)
    if (!label.empty()) numbers[label] = 0;
  for (auto& [name, number] : numbers) {
    number = static_cast<std::int32_t>(found.names.size());
    found.names.push_back(name);
  }
  found.labels.assign(index(rows), -1);
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (!labels[i].empty()) found.labels[i] = numbers[labels[i]];
  found.without = std::ranges::count(found.labels, -1);
  return found;
}

/// One text a row of `from`, or those that came along; none if it says so.
std::vector<std::string> column_of(const TableName& from, const std::vector<std::string>& came,
                                   const TableReader& table, const char* what) {
  if (from.path == "none") return {};
  if (from.path.empty()) return came;
  std::vector<std::string> column = read_column(from);
  if (std::ssize(column) != table.rows())
    throw error_at({stage, from.text()}, fmt::format("{} {} for {} rows", column.size(), what, table.rows()),
                   "give one for each row");
  return column;
}

/// Labels that are plainly Windows-1252 become UTF-8; a note says so.
void make_utf8(std::vector<std::string>& labels, std::string& note) {
  EncodingSigns signs;
  for (const std::string& label : labels) signs.add(encoding_signs(label));
  if (!signs.is_windows_1252()) return;
  std::string example;
  for (std::string& label : labels) {
    if (valid_utf8(label) == label.size()) continue;
    std::string text;
    append_windows_1252(text, label);
    label = std::move(text);
    if (example.empty()) example = label;
  }
  note += fmt::format("{}labels are no UTF-8, and are read as Windows-1252 (Latin-1), as {}", note.empty() ? "" : "; ",
                      one_line(example.substr(0, 60)));
}

std::vector<std::string> labels_of(const TableReader& table, const ImportOptions& options, std::string& note) {
  std::vector<std::string> labels = column_of(options.labels, table.labels(), table, "labels");
  exchange::leave_out_missing(labels);
  for (std::string& label : labels) std::ranges::replace(label, '\0', ' ');
  make_utf8(labels, note);
  for (std::size_t row = 0; row < labels.size(); ++row) {
    const std::size_t good = valid_utf8(labels[row]);
    if (good == labels[row].size()) continue;
    const TableName& from = options.labels.path.empty() ? options.features : options.labels;
    throw error_at({stage, from.text()},
                   fmt::format("the label of row {}, {}, is not UTF-8 from its byte {} on", row,
                               one_line(labels[row].substr(0, 60)), good + 1),
                   "labels are no UTF-8, and not plainly Windows-1252 (Latin-1): save the table as UTF-8, or, if you "
                   "know what it is: iconv -f ENCODING -t utf-8 FILE > NEW-FILE, and give the new one");
  }
  return labels;
}

/// One a row; a row without one gets a name.
std::vector<std::string> paths_of(const TableReader& table, const ImportOptions& options, bool& any) {
  std::vector<std::string> paths = column_of(options.paths, table.paths(), table, "paths");
  for (std::string& path : paths) path.erase(std::min(path.find('\0'), path.size()));
  any = !std::ranges::all_of(paths, &std::string::empty);
  paths.resize(index(table.rows()));
  const std::size_t digits = fmt::to_string(table.rows() - 1).size();
  for (std::size_t row = 0; row < paths.size(); ++row)
    if (paths[row].empty()) paths[row] = fmt::format("{}{:0{}}", row_name, row, digits);
  return paths;
}

/// `paths`: those of pictures, if there are any.
std::string catalogue_hash(const std::vector<ImageKey>& keys, const Classes& classes,
                           const std::vector<std::string>& paths) {
  std::string all(reinterpret_cast<const char*>(keys.data()), keys.size() * sizeof(ImageKey));
  all.append(reinterpret_cast<const char*>(classes.labels.data()), classes.labels.size() * sizeof(std::int32_t));
  for (const std::string& name : classes.names) all.append(name).append(1, '\0');
  for (const std::string& path : paths) all.append(path).append(1, '\0');
  return to_hex(content_key(std::as_bytes(std::span(all))));
}

/// A finished file of other rows is worth more than a flag.
void check_out(const ImportOptions& options, const std::string& hash) {
  check_output({stage, options.out});
  if (options.overwrite || !file_exists(options.out)) return;
  std::string there;
  try {
    there = FeatureReader(options.out).provenance().catalogue_hash;
  } catch (const Error&) {
    there.clear();
  }
  if (there != hash)
    throw error_at({stage, options.out}, "it is there already, and holds something else",
                   "give another --out, or --overwrite");
}

/// What the first rank knows before it writes.
struct Prepared {
  std::vector<ImageKey> keys;
  Classes classes;
  std::vector<std::string> paths;
  FeatureSpec spec;
};

void prepare(Prepared& p, const ImportOptions& options, ImportReport& report) {
  const auto table = open_table(options.features, options.label_column);
  const Place place{stage, options.features.text()};
  if (table->rows() == 0 || table->width() == 0) throw error_at(place, "it has no rows of numbers");
  if (table->width() > most_features)
    throw error_at(place, fmt::format("a row has {} numbers", table->width()),
                   fmt::format("a feature file has at most {} in a row", most_features));
  std::string note = table->note();
  const std::vector<std::string> labels = labels_of(*table, options, note);
  p.keys = keys_of(*table, options);  // as many as there are: a header can claim any number of rows
  p.classes = classes_of(labels, table->rows());
  report = {.rows = table->rows(),
            .width = table->width(),
            .classes = std::ssize(p.classes.names),
            .without_label = p.classes.without,
            .note = std::move(note)};
  p.paths = paths_of(*table, options, report.has_paths);
  const std::string hash = catalogue_hash(p.keys, p.classes, report.has_paths ? p.paths : std::vector<std::string>());
  check_out(options, hash);
  const std::string kind(imported);
  const std::string& root =
      options.paths.path.empty() || options.paths.path == "none" ? options.features.path : options.paths.path;
  const std::string origin = options.labels.path.empty() ? "as they came along" : options.labels.text();
  p.spec = {.rows = table->rows(),
            .width = table->width(),
            .root = std::filesystem::absolute(folder_of(root)).lexically_normal().string(),
            .classes = p.classes.names,
            .labels = p.classes.labels,
            .path = [&p](Row row) { return std::string_view(p.paths[index(row)]); },
            .provenance = {options.version, kind, options.features.text(), kind, kind, hash, options.features.text(),
                           origin, options.config},
            .type = options.type};
}

void write_blocks(const Prepared& p, const ImportOptions& options, FeatureWriter& writer) {
  const auto table = open_table(options.features, options.label_column);
  std::vector<float> numbers;
  for (std::int64_t b = 0; b < writer.blocks(); ++b) {
    const RowRange block = writer.block(b);
    numbers.resize(index(block.size() * table->width()));
    table->read(numbers);
    const auto keys = std::span(p.keys).subspan(index(block.begin), index(block.size()));
    if (content_key(std::as_bytes(std::span(numbers).first(index(table->width())))) != keys[0])
      throw error_at({stage, options.features.text()}, "it has changed meanwhile");
    if (writer.done()[index(b)]) continue;
    writer.write_block(b, numbers, keys, std::vector(keys.size(), RowStatus::done), {});
    if (b % 1024 == 0) writer.keep_alive();
  }
}

}  // namespace

bool is_row_name(std::string_view path) {
  return path.starts_with(row_name) && path.size() > row_name.size() &&
         std::ranges::all_of(path.substr(row_name.size()), [](char c) { return c >= '0' && c <= '9'; });
}

ImportReport import_features(const Communicator& comm, const ImportOptions& options) {
  Prepared prepared;
  ImportReport report;
  comm.root_does([&] { prepare(prepared, options, report); });
  FeatureWriter writer = FeatureWriter::open(comm, options.out, prepared.spec);
  comm.root_does([&] { write_blocks(prepared, options, writer); });
  writer.finish(comm);
  return report;
}

}  // namespace pool3
