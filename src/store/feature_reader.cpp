#include <charconv>
#include <utility>

#include "store/blocks.hpp"
#include "store/checksum.hpp"
#include "store/failures.hpp"
#include "store/layout.hpp"
#include "store/strings.hpp"
#include "store/tables.hpp"

namespace pool3 {

using store::Tables;

struct FeatureReader::Impl {
  Tables tables;
  store::Dataset failures;
  std::vector<std::string> classes;
  Provenance provenance;
};

namespace {

void check_table(const Tables& tables, const store::Dataset& table) {
  if (table_checksum(table) == stored_checksum(tables, table.name())) return;
  throw error_at(table.place(), table.name() + ": wrong checksum", store::damaged_advice);
}

ImageKey parse_key(std::string_view hex, const store::Place& place) {
  ImageKey key;
  for (auto* word : {&key.high, &key.low}) {
    const auto parsed = std::from_chars(hex.data(), hex.data() + 16, *word, 16);
    if (parsed.ec != std::errc{} || parsed.ptr != hex.data() + 16) {
      throw error_at(place, "keys: not hexadecimal", store::damaged_advice);
    }
    hex.remove_prefix(16);
  }
  return key;
}

template <typename T>
std::vector<T> read_all(const Tables& tables, const store::Dataset& table) {
  check_table(tables, table);
  std::vector<T> values(static_cast<std::size_t>(table.rows()));
  table.read({0, table.rows()}, std::span(values));
  return values;
}

}  // namespace

FeatureReader::FeatureReader(const std::string& path) : impl_(std::make_unique<Impl>()) {
  const store::Place place{"read features", path};
  impl_->tables = store::open_finished(place);
  impl_->failures = store::open_failures(impl_->tables.file);
  check_table(impl_->tables, impl_->tables.classes);
  impl_->classes = store::read_strings(impl_->tables.classes, {0, impl_->tables.classes.rows()});
  impl_->provenance = store::take_provenance(impl_->tables.attributes, "", place);
}

FeatureReader::FeatureReader(FeatureReader&&) noexcept = default;
FeatureReader& FeatureReader::operator=(FeatureReader&&) noexcept = default;
FeatureReader::~FeatureReader() = default;

std::int64_t FeatureReader::rows() const { return impl_->tables.rows; }
std::int64_t FeatureReader::block_rows() const { return impl_->tables.block_rows; }
std::int64_t FeatureReader::blocks() const { return impl_->tables.blocks(); }
RowRange FeatureReader::block(std::int64_t index) const { return impl_->tables.block(index); }
const std::string& FeatureReader::root() const { return impl_->tables.root; }
const std::vector<std::string>& FeatureReader::classes() const { return impl_->classes; }
const Provenance& FeatureReader::provenance() const { return impl_->provenance; }

std::vector<std::int32_t> FeatureReader::labels() const {
  return read_all<std::int32_t>(impl_->tables, impl_->tables.labels);
}

std::vector<RowStatus> FeatureReader::status() const {
  return read_all<RowStatus>(impl_->tables, impl_->tables.status);
}

std::vector<ImageKey> FeatureReader::keys() const {
  const Tables& t = impl_->tables;
  check_table(t, t.keys);
  std::vector<char> cells(static_cast<std::size_t>(t.rows) * store::key_width);
  t.keys.read({0, t.rows}, std::span(cells));
  std::vector<ImageKey> keys;
  for (std::size_t at = 0; at < cells.size(); at += store::key_width) {
    keys.push_back(parse_key({cells.data() + at, store::key_width}, t.file.place()));
  }
  return keys;
}

std::vector<std::string> FeatureReader::paths(RowRange rows) const {
  return store::read_strings(impl_->tables.paths, rows);
}

std::vector<Failure> FeatureReader::failures() const {
  check_table(impl_->tables, impl_->failures);
  return store::read_failures(impl_->failures, {0, impl_->failures.rows()});
}

void FeatureReader::read_blocks(std::int64_t first, std::int64_t last, std::span<float> out) const {
  const store::BlockRun run = store::read_run(impl_->tables, first, last, out);
  if (run.damaged.empty()) return;
  throw error_at(impl_->tables.file.place(), store::rows_text(run.damaged.front()) + ": wrong checksum",
                 store::damaged_advice);
}

}  // namespace pool3
