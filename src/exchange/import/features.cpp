#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "exchange/import/stream.hpp"
#include "pool3/files.hpp"
#include "pool3/image.hpp"
#include "pool3/import.hpp"

namespace pool3 {
namespace {

constexpr const char* stage = exchange::import_stage;
constexpr std::int64_t rows_at_once = 256;
constexpr std::size_t numbers_at_once = std::size_t{4} << 20;
constexpr float most_half = 65504;

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

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

std::vector<std::string> labels_of(const TableReader& table, const ImportOptions& options) {
  if (options.labels.path == "none") return {};
  const bool given = !options.labels.path.empty();
  std::vector<std::string> labels = given ? read_column(options.labels) : table.labels();
  if (given && std::ssize(labels) != table.rows())
    throw error_at({stage, options.labels.text()}, fmt::format("{} labels for {} rows", labels.size(), table.rows()),
                   "give one for each row");
  for (std::string& label : labels) std::ranges::replace(label, '\0', ' ');
  return labels;
}

std::string catalogue_hash(const std::vector<ImageKey>& keys, const Classes& classes) {
  std::string all(reinterpret_cast<const char*>(keys.data()), keys.size() * sizeof(ImageKey));
  all.append(reinterpret_cast<const char*>(classes.labels.data()), classes.labels.size() * sizeof(std::int32_t));
  for (const std::string& name : classes.names) all.append(name).append(1, '\0');
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
  const std::vector<std::string> labels = labels_of(*table, options);
  p.keys = keys_of(*table, options);  // as many as there are: a header can claim any number of rows
  p.classes = classes_of(labels, table->rows());
  report = {table->rows(), table->width(), std::ssize(p.classes.names), p.classes.without, table->note()};
  const std::string hash = catalogue_hash(p.keys, p.classes);
  check_out(options, hash);
  const std::size_t digits = fmt::to_string(table->rows() - 1).size();
  for (Row row = 0; row < table->rows(); ++row) p.paths.push_back(fmt::format("row-{:0{}}", row, digits));
  const std::string kind(imported);
  const std::string origin = options.labels.path.empty() ? "as they came along" : options.labels.text();
  p.spec = {.rows = table->rows(),
            .width = table->width(),
            .root = std::filesystem::absolute(folder_of(options.features.path)).lexically_normal().string(),
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
