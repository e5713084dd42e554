#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "exchange/import/readers.hpp"
#include "exchange/import/stream.hpp"
#include "pool3/error.hpp"
#include "pool3/hdf5_datasets.hpp"

namespace pool3 {
namespace exchange {

std::string number_as_label(double value) {
  if (std::abs(value) < 1e15 && value == std::floor(value)) return fmt::format("{:.0f}", value + 0.0);
  return fmt::format("{}", value);
}

bool parse_number(std::string_view text, double& value) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range && end == text.data() + text.size()) {
    const bool tiny = text.find("e-") != std::string_view::npos || text.find("E-") != std::string_view::npos;
    value = tiny ? 0 : HUGE_VAL;  // not finite, as whoever looks will see
    return true;
  }
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

namespace {

enum class Kind : std::uint8_t { npy, npz, hdf5, text };

/// By the first bytes, which may be compressed. HDF5 may have a block of its user's in front.
Kind kind_of(const std::string& path) {
  check_source({import_stage, path});
  const Descriptor file({import_stage, path}, O_RDONLY | O_CLOEXEC);
  std::array<char, 8> bytes{};
  const std::size_t got = file.read(0, std::as_writable_bytes(std::span(bytes)));
  if (got >= 4 && std::string_view(bytes.data(), 4) == "PAR1")
    throw error_at({import_stage, path}, "a Parquet file, which pool3 does not read: Debian has no library for it",
                   "write it as CSV or .npy first, as with pandas: read_parquet(FILE).to_csv(FILE.csv, index=False)");
  if (got >= 4 && std::string_view(bytes.data(), 4) == std::string_view("PK\x03\x04", 4)) return Kind::npz;
  for (std::int64_t at = 0; at < file.size(); at = at == 0 ? 512 : 2 * at) {
    std::array<char, 8> there{};
    const std::size_t there_got = file.read(at, std::as_writable_bytes(std::span(there)));
    if (there_got == 8 && std::string_view(there.data(), 8) == "\x89HDF\r\n\x1a\n") return Kind::hdf5;
  }
  Stream unpacked(path);
  const std::size_t head = unpacked.read(bytes);
  return head >= 6 && std::string_view(bytes.data(), 6) == "\x93NUMPY" ? Kind::npy : Kind::text;
}

constexpr std::array<std::string_view, 4> feature_names = {"X", "x", "features", "data"};
constexpr std::array<std::string_view, 5> label_names = {"y", "labels", "label", "target", "targets"};

/// A dataset of a file that has several.
struct Part {
  std::string name;
  int dimensions = 0;
  std::int64_t rows = 0;
};

std::vector<Part> parts_of(const std::string& path, Kind kind) {
  std::vector<Part> parts;
  if (kind == Kind::npz) {
    for (const NpzArray& a : npz_arrays(path)) parts.push_back({a.name, a.dimensions, a.rows});
  } else {
    for (const RootDataset& d : root_datasets(path)) parts.push_back({d.name, d.dimensions, d.rows});
  }
  return parts;
}

std::string names_of(const std::vector<Part>& parts) {
  std::string text;
  for (const Part& part : parts)
    if (text.size() < 200) text += (text.empty() ? "" : ", ") + part.name;
  return text.empty() ? "nothing that can be read" : text;
}

std::string features_in(const std::vector<Part>& parts, const Place& place) {
  for (const std::string_view name : feature_names)
    for (const Part& part : parts)
      if (part.name == name && part.dimensions == 2) return part.name;
  std::vector<Part> tables = parts;
  std::erase_if(tables, [](const Part& part) { return part.dimensions != 2; });
  if (tables.size() == 1) return tables[0].name;
  throw error_at(place, fmt::format("which dataset holds the features? It has {}", names_of(parts)),
                 "give FILE:DATASET");
}

/// "" if none.
std::string labels_in(const std::vector<Part>& parts, std::int64_t rows) {
  for (const std::string_view name : label_names)
    for (const Part& part : parts)
      if (part.name == name && part.dimensions == 1 && part.rows == rows) return part.name;
  return {};
}

class Hdf5Table : public TableReader {
 public:
  Hdf5Table(const std::string& path, const std::string& dataset) : table_(path, dataset) {
    facts.rows = table_.rows();
    facts.width = table_.width();
  }
  void read(std::span<float> out) override {
    const std::int64_t count = std::ssize(out) / facts.width;
    table_.read({next_, next_ + count}, out);
    next_ += count;
  }

 private:
  Hdf5Numbers table_;
  std::int64_t next_ = 0;
};

/// A dataset with the labels that lie beside it.
class WithLabels : public TableReader {
 public:
  WithLabels(std::unique_ptr<TableReader> table, const TableName& name, const std::string& labels)
      : table_(std::move(table)) {
    facts.rows = table_->rows();
    facts.width = table_->width();
    facts.note = "features from " + name.dataset;
    if (labels.empty()) return;
    facts.labels = read_column({name.path, labels});
    facts.note += ", labels from " + labels;
  }
  void read(std::span<float> out) override { table_->read(out); }

 private:
  std::unique_ptr<TableReader> table_;
};

/// Of a file that holds several. Labels are looked for unless it says "none".
std::unique_ptr<TableReader> open_part(TableName name, Kind kind, const std::string& label_column) {
  const std::vector<Part> parts = parts_of(name.path, kind);
  if (name.dataset.empty()) name.dataset = features_in(parts, {import_stage, name.path});
  std::unique_ptr<TableReader> table;
  if (kind == Kind::npz) {
    table = open_npy(name.path, name.dataset);
  } else {
    table = std::make_unique<Hdf5Table>(name.path, name.dataset);
  }
  const std::string labels = label_column == "none" ? std::string() : labels_in(parts, table->rows());
  return std::make_unique<WithLabels>(std::move(table), name, labels);
}

}  // namespace
}  // namespace exchange

TableName parse_table_name(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0 || file_exists(text)) return {text, ""};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

std::unique_ptr<TableReader> open_table(const TableName& name, const std::string& label_column) {
  using exchange::Kind;
  const Kind kind = exchange::kind_of(name.path);
  if (kind == Kind::npz || kind == Kind::hdf5) return exchange::open_part(name, kind, label_column);
  if (!name.dataset.empty())
    throw error_at({exchange::import_stage, name.path}, "it has no datasets", "leave ':" + name.dataset + "' out");
  if (kind == Kind::npy) return exchange::open_npy(name.path, "");
  if (exchange::looks_like_libsvm(name.path)) return exchange::open_libsvm(name.path);
  return exchange::open_csv(name.path, label_column);
}

std::vector<std::string> read_column(const TableName& name) {
  using exchange::Kind;
  const Kind kind = exchange::kind_of(name.path);
  if (kind == Kind::text) return exchange::read_csv_column(name.path, name.dataset);
  if (kind == Kind::npy) return exchange::read_npy_column(name.path, "");
  std::string dataset = name.dataset;
  if (dataset.empty()) {
    auto parts = exchange::parts_of(name.path, kind);
    std::erase_if(parts, [](const auto& part) { return part.dimensions != 1; });
    if (parts.size() != 1)
      throw error_at({exchange::import_stage, name.path},
                     fmt::format("which dataset? It has {} with one value a row", exchange::names_of(parts)),
                     "give FILE:DATASET");
    dataset = parts[0].name;
  }
  return kind == Kind::npz ? exchange::read_npy_column(name.path, dataset) : read_hdf5_column(name.path, dataset);
}

}  // namespace pool3
