#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>

#include "exchange/import/byte_stream.hpp"
#include "exchange/import/other_kinds.hpp"
#include "exchange/import/table_readers.hpp"
#include "pool3/error.hpp"
#include "pool3/store/hdf5_datasets.hpp"

namespace pool3 {
namespace exchange {

std::string number_as_label(double value) {
  if (std::isnan(value)) return {};
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

bool is_word_for_missing(std::string_view text) {
  constexpr std::array<std::string_view, 6> words = {"nan", "na", "n/a", "<na>", "none", "null"};
  return std::ranges::any_of(words, [&](std::string_view word) {
    return std::ranges::equal(text, word,
                              [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
  });
}

void leave_out_missing(std::vector<std::string>& labels) {
  double value = 0;
  bool any_number = false;
  for (const std::string& label : labels) {
    if (label.empty() || is_word_for_missing(label)) continue;
    if (!parse_number(label, value)) return;
    any_number = true;
  }
  if (!any_number) return;
  for (std::string& label : labels)
    if (is_word_for_missing(label)) label.clear();
}

namespace {

enum class Kind : std::uint8_t { npy, npz, hdf5, text };

/// By the first bytes, which may be compressed. HDF5 may have a block of its user's in front. Throws Error for what is
/// known and not read.
Kind kind_of(const std::string& path) {
  const Place place{import_stage, path};
  check_source(place);
  const Descriptor file(place, O_RDONLY | O_CLOEXEC);
  std::array<char, 8> bytes{};
  const std::size_t got = file.read(0, std::as_writable_bytes(std::span(bytes)));
  if (got >= 4 && std::string_view(bytes.data(), 4) == std::string_view("PK\x03\x04", 4)) return Kind::npz;
  for (std::int64_t at = 0; at < file.size(); at = at == 0 ? 512 : 2 * at) {
    std::array<char, 8> there{};
    const std::size_t there_got = file.read(at, std::as_writable_bytes(std::span(there)));
    if (there_got == 8 && std::string_view(there.data(), 8) == "\x89HDF\r\n\x1a\n") return Kind::hdf5;
  }
  Stream unpacked(path);
  std::array<char, 256> beginning{};
  const std::string_view head(beginning.data(), unpacked.read(beginning));
  if (head.starts_with("\x93NUMPY")) return Kind::npy;
  if (const OtherKind* const other = other_kind(head)) throw error_at(place, other->cause, other->advice);
  return Kind::text;
}

constexpr std::array<std::string_view, 4> feature_names = {"X", "x", "features", "data"};
constexpr std::array<std::string_view, 5> label_names = {"y", "labels", "label", "target", "targets"};
constexpr std::array<std::string_view, 6> path_names = {"paths",     "path",        "files",
                                                        "filenames", "image_names", "image_paths"};

/// A dataset of a file that has several; `name` with its groups.
struct Part {
  std::string name;
  std::vector<std::int64_t> shape;
  bool readable = true;
  /// Rows of several numbers, perhaps with dimensions of 1 between or behind them.
  [[nodiscard]] bool is_table() const {
    return shape.size() > 1 &&
           std::ranges::count_if(shape.begin() + 1, shape.end(), [](std::int64_t n) { return n != 1; }) < 2;
  }
  [[nodiscard]] std::string_view own_name() const { return std::string_view(name).substr(name.rfind('/') + 1); }
  [[nodiscard]] std::string_view group() const { return std::string_view(name).substr(0, name.rfind('/') + 1); }
};

std::vector<Part> parts_of(const std::string& path, Kind kind) {
  std::vector<Part> parts;
  if (kind == Kind::npz) {
    for (NpzArray& a : npz_arrays(path)) parts.push_back({std::move(a.name), std::move(a.shape), a.readable});
  } else {
    for (NamedDataset& d : named_datasets(path)) parts.push_back({std::move(d.name), std::move(d.shape)});
  }
  return parts;
}

/// "X (1797 x 64), y (1797)".
std::string names_of(const std::vector<Part>& parts) {
  constexpr std::size_t most_bytes = 200;
  std::string text;
  for (const Part& part : parts) {
    if (text.size() > most_bytes) return text + " ...";
    if (!text.empty()) text += ", ";
    text += one_line(part.name);
    if (part.readable) text += part.shape.empty() ? " (one value)" : fmt::format(" ({})", fmt::join(part.shape, " x "));
  }
  return text.empty() ? "nothing that can be read" : text;
}

/// Throws Error for the parts of a sparse matrix, as SciPy and 10x write it.
void refuse_sparse(const std::vector<Part>& parts, const Place& place) {
  for (const Part& part : parts) {
    if (part.own_name() != "indptr") continue;
    const auto beside = [&](std::string_view name) {
      return std::ranges::any_of(parts,
                                 [&](const Part& p) { return p.own_name() == name && p.group() == part.group(); });
    };
    if (beside("indices") && beside("data"))
      throw error_at(
          place, "it holds a sparse matrix",
          "write LIBSVM's text of it, with scikit-learn: dump_svmlight_file(X, y, FILE), or save X.toarray()");
  }
}

/// The only table of a usual name, or the only table. If there is none, what has a usual name, or is there alone: who
/// opens it says why it is none.
std::string features_in(const std::vector<Part>& parts, const Place& place) {
  refuse_sparse(parts, place);
  std::vector<Part> tables = parts;
  std::erase_if(tables, [](const Part& part) { return !part.is_table(); });
  for (const std::string_view name : feature_names)
    if (std::ranges::count(tables, name, &Part::own_name) == 1)
      return std::ranges::find(tables, name, &Part::own_name)->name;
  if (tables.size() == 1) return tables[0].name;
  if (tables.empty()) {
    for (const std::string_view name : feature_names)
      if (std::ranges::count(parts, name, &Part::own_name) == 1)
        return std::ranges::find(parts, name, &Part::own_name)->name;
    if (parts.size() == 1) return parts[0].name;
  }
  throw error_at(place, fmt::format("which dataset holds the features? It has {}", names_of(parts)),
                 "give FILE:DATASET");
}

/// "y_train" beside "X_train"; "" if it is no such name.
std::string beside(std::string_view features) {
  for (const std::string_view name : {"X", "x"})
    if (features.starts_with(name) && features.size() > 1) return "y" + std::string(features.substr(1));
  return {};
}

/// What lies in the group of the features, has one of these names and as many rows, or can't be read; "" if nothing
/// does.
template <typename Names>
std::string column_in(const std::vector<Part>& parts, const Part& features, const Names& names) {
  for (const std::string_view name : names)
    for (const Part& part : parts)
      if (part.own_name() == name && part.group() == features.group() &&
          (!part.readable || (!part.shape.empty() && part.shape[0] == features.shape[0])))
        return part.name;
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

std::vector<std::string> read_one_hot(const std::string& path, const std::string& dataset) {
  Hdf5Table table(path, dataset);
  return one_hot_labels(table, {import_stage, path});
}

/// A dataset with the labels and paths that lie beside it.
class WithColumns : public TableReader {
 public:
  WithColumns(std::unique_ptr<TableReader> table, const TableName& name, const std::string& labels,
              const std::string& paths)
      : table_(std::move(table)) {
    facts.rows = table_->rows();
    facts.width = table_->width();
    facts.note = "features from " + name.dataset;
    take(facts.labels, {name.path, labels}, "labels");
    take(facts.paths, {name.path, paths}, "paths");
  }
  void read(std::span<float> out) override { table_->read(out); }

 private:
  void take(std::vector<std::string>& column, const TableName& from, const char* what) {
    if (from.dataset.empty()) return;
    column = read_column(from);
    facts.note += fmt::format(", {} from {}", what, from.dataset);
  }
  std::unique_ptr<TableReader> table_;
};

/// Of a file that holds several. Labels are looked for unless it says "none".
std::unique_ptr<TableReader> open_part(TableName name, Kind kind, const std::string& label_column) {
  const std::vector<Part> parts = parts_of(name.path, kind);
  if (name.dataset.empty()) name.dataset = features_in(parts, {import_stage, name.path});
  name.dataset.erase(0, name.dataset.find_first_not_of('/'));
  std::unique_ptr<TableReader> table;
  if (kind == Kind::npz) {
    table = open_npy(name.path, name.dataset);
  } else {
    table = std::make_unique<Hdf5Table>(name.path, name.dataset);
  }
  const Part features{name.dataset, {table->rows()}};
  std::vector<std::string> names(label_names.begin(), label_names.end());
  names.insert(names.begin(), beside(features.own_name()));
  const std::string labels = label_column == "none" ? std::string() : column_in(parts, features, names);
  return std::make_unique<WithColumns>(std::move(table), name, labels, column_in(parts, features, path_names));
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
  if (kind == Kind::text && name.dataset.empty() && exchange::looks_like_libsvm(name.path))
    return exchange::open_libsvm(name.path)->labels();
  if (kind == Kind::text) return exchange::read_csv_column(name.path, name.dataset);
  if (kind == Kind::npy) return exchange::read_npy_column(name.path, "");
  std::string dataset = name.dataset;
  if (dataset.empty()) {
    auto parts = exchange::parts_of(name.path, kind);
    std::erase_if(parts, [](const auto& part) { return part.shape.size() != 1; });
    if (parts.size() != 1)
      throw error_at({exchange::import_stage, name.path},
                     fmt::format("which dataset? It has {} with one value a row", exchange::names_of(parts)),
                     "give FILE:DATASET");
    dataset = parts[0].name;
  }
  if (kind == Kind::npz) return exchange::read_npy_column(name.path, dataset);
  for (const exchange::Part& part : exchange::parts_of(name.path, kind))
    if (part.name == dataset && part.is_table()) return exchange::read_one_hot(name.path, dataset);
  return read_hdf5_column(name.path, dataset);
}

}  // namespace pool3
