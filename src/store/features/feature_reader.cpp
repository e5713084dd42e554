#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "store/features/checked_blocks.hpp"
#include "store/features/failure_table.hpp"
#include "store/features/feature_tables.hpp"
#include "store/features/linked_parts.hpp"
#include "store/features/value_checks.hpp"
#include "store/format_names.hpp"
#include "store/hdf5/half.hpp"
#include "store/hdf5/strings.hpp"
#include "store/integrity/checksum.hpp"
#include "store/provenance.hpp"
#include "store/row_pieces.hpp"

namespace pool3 {

using store::Part;
using store::Tables;

struct FeatureReader::Impl {
  std::vector<Part> parts;
  std::vector<std::string> classes;
  Provenance provenance;

  [[nodiscard]] const Tables& first() const { return parts.front().tables; }
  [[nodiscard]] const Part& part_of_block(std::int64_t index) const {
    for (const Part& part : parts) {
      if (index >= part.first_block && index < part.first_block + part.tables.blocks()) return part;
    }
    throw error_at(first().file.place(), fmt::format("there is no block {}", index));
  }
  [[nodiscard]] std::int64_t blocks() const { return parts.back().first_block + parts.back().tables.blocks(); }
  /// Where block `index` begins in the whole.
  [[nodiscard]] Row first_row(std::int64_t index) const {
    if (index == blocks()) return parts.back().rows().end;
    const Part& part = part_of_block(index);
    return part.first_row + part.tables.block(index - part.first_block).begin;
  }
  /// Throws unless these blocks are there and take so many bytes.
  void check_room(std::int64_t from, std::int64_t to, std::size_t bytes) const {
    if (from < 0 || from > to || to > blocks()) {
      throw error_at(first().file.place(), fmt::format("there are no blocks {} to {}", from, to));
    }
    const RowRange rows{first_row(from), first_row(to)};
    if (static_cast<std::int64_t>(bytes) == rows.size() * first().features.row_bytes()) return;
    throw error_at(first().file.place(), fmt::format("{} do not fit into {} bytes", store::rows_text(rows), bytes));
  }
};

namespace {

/// Throws for a value that can't be.
template <typename T>
using Check = void(const Tables& tables, Row first, std::span<const T> values);

/// Some rows of a table, checked.
template <typename T>
std::vector<T> read_range(const std::vector<Part>& parts, const store::Dataset Tables::*table, RowRange rows,
                          Check<T>* check) {
  std::vector<T> values(static_cast<std::size_t>(rows.size()));
  std::span<T> left(values);
  store::for_each_part(parts, rows, [&](const Part& part, RowRange own) {
    const std::span<T> values_of_part = left.first(static_cast<std::size_t>(own.size()));
    (part.tables.*table).read(own, values_of_part);
    check(part.tables, own.begin, values_of_part);
    left = left.subspan(static_cast<std::size_t>(own.size()));
  });
  return values;
}

/// A whole table of every part, its checksum checked, too.
template <typename T>
std::vector<T> read_all(const std::vector<Part>& parts, const store::Dataset Tables::*table, Check<T>* check) {
  for (const Part& part : parts) store::check_table(part.tables, part.tables.*table);
  return read_range<T>(parts, table, {0, parts.back().rows().end}, check);
}

}  // namespace

FeatureReader::FeatureReader(const std::string& path) : impl_(std::make_unique<Impl>()) {
  const Place place{"read features", path};
  impl_->parts = store::open_parts(place);
  const Tables& first = impl_->first();
  store::check_table(first, first.classes);
  impl_->classes = store::read_strings(first.classes, {0, first.classes.rows()});
  impl_->provenance = store::take_provenance(first.attributes, "", place);
}

FeatureReader::FeatureReader(FeatureReader&&) noexcept = default;
FeatureReader& FeatureReader::operator=(FeatureReader&&) noexcept = default;
FeatureReader::~FeatureReader() = default;

std::int64_t FeatureReader::rows() const { return impl_->parts.back().rows().end; }
std::int64_t FeatureReader::width() const { return impl_->first().width; }
std::int64_t FeatureReader::block_rows() const { return impl_->first().block_rows; }
std::int64_t FeatureReader::blocks() const { return impl_->blocks(); }
RowRange FeatureReader::block(std::int64_t index) const {
  const Part& part = impl_->part_of_block(index);
  const RowRange rows = part.tables.block(index - part.first_block);
  return {rows.begin + part.first_row, rows.end + part.first_row};
}
std::int64_t FeatureReader::block_of(Row row) const {
  for (const Part& part : impl_->parts) {
    if (row >= part.first_row && row < part.rows().end) {
      return part.first_block + (row - part.first_row) / part.tables.block_rows;
    }
  }
  throw error_at(impl_->first().file.place(), fmt::format("there is no row {}", row));
}
FeatureType FeatureReader::type() const { return impl_->first().type; }
std::int64_t FeatureReader::part() const { return impl_->parts.size() > 1 ? 1 : part_of(impl_->first()).part; }
std::int64_t FeatureReader::parts() const { return impl_->parts.size() > 1 ? 1 : part_of(impl_->first()).parts; }
const std::string& FeatureReader::root() const { return impl_->first().root; }
const std::vector<std::string>& FeatureReader::classes() const { return impl_->classes; }
const Provenance& FeatureReader::provenance() const { return impl_->provenance; }

std::vector<std::int32_t> FeatureReader::labels() const {
  return read_all(impl_->parts, &Tables::labels, store::check_labels);
}

std::vector<std::int32_t> FeatureReader::labels(RowRange rows) const {
  return read_range(impl_->parts, &Tables::labels, rows, store::check_labels);
}

std::vector<RowStatus> FeatureReader::status() const {
  return read_all(impl_->parts, &Tables::status, store::check_status);
}

std::vector<RowStatus> FeatureReader::status(RowRange rows) const {
  return read_range(impl_->parts, &Tables::status, rows, store::check_status);
}

std::vector<ImageKey> FeatureReader::keys() const {
  for (const Part& part : impl_->parts) store::check_table(part.tables, part.tables.keys);
  return keys({0, rows()});
}

std::vector<ImageKey> FeatureReader::keys(RowRange rows) const {
  std::vector<ImageKey> keys;
  keys.reserve(static_cast<std::size_t>(rows.size()));
  std::vector<char> cells;
  store::for_each_part(impl_->parts, rows, [&](const Part& part, RowRange own) {
    store::for_each_piece(own, store::key_width, store::buffer_bytes, [&](RowRange piece) {
      cells.resize(static_cast<std::size_t>(piece.size()) * store::key_width);
      part.tables.keys.read(piece, std::span(cells));
      for (std::size_t at = 0; at < cells.size(); at += store::key_width) {
        const auto key = store::parse_key({cells.data() + at, store::key_width});
        if (!key) {
          const Row row = piece.begin + static_cast<Row>(at / store::key_width);
          throw error_at(part.tables.file.place(), fmt::format("row {}: {}", row, store::no_key),
                         store::damaged_advice);
        }
        keys.push_back(*key);
      }
    });
  });
  return keys;
}

std::vector<std::string> FeatureReader::paths(RowRange rows) const {
  std::vector<std::string> paths;
  store::for_each_part(impl_->parts, rows, [&](const Part& part, RowRange own) {
    for (std::string& path : store::read_strings(part.tables.paths, own)) paths.push_back(std::move(path));
  });
  return paths;
}

std::vector<Failure> FeatureReader::failures() const {
  std::vector<Failure> failures;
  for (const Part& part : impl_->parts) {
    for (Failure& failure : store::failures_of(part)) {
      failure.row += part.first_row;
      failures.push_back(std::move(failure));
    }
  }
  return failures;
}

void FeatureReader::check_tables(int rank, int ranks, WithPaths paths) const {
  int next = 0;
  for (const Part& part : impl_->parts) {
    for (const auto table : {&Tables::labels, &Tables::keys, &Tables::status, &Tables::paths}) {
      if (table == &Tables::paths && paths == WithPaths::no) continue;
      if (next++ % ranks == rank) store::check_table(part.tables, part.tables.*table);
    }
  }
}

void FeatureReader::read_stored(std::int64_t first, std::int64_t last, std::span<std::byte> out) const {
  impl_->check_room(first, last, out.size());
  for (std::int64_t at = first; at < last;) {
    const Part& part = impl_->part_of_block(at);
    const std::int64_t end = std::min(last, part.first_block + part.tables.blocks());
    const RowRange blocks{at - part.first_block, end - part.first_block};
    const RowRange rows = store::rows_of_blocks(part.tables, blocks.begin, blocks.end);
    const auto bytes = static_cast<std::size_t>(rows.size() * part.tables.features.row_bytes());
    const store::BlockRun run = store::read_run(part.tables, blocks.begin, blocks.end, out.first(bytes));
    if (!run.damaged.empty()) {
      throw error_at(part.tables.file.place(), fmt::format("{}: wrong checksum", store::rows_text(run.damaged.front())),
                     store::damaged_advice);
    }
    if (!run.not_finite.empty()) {
      throw error_at(part.tables.file.place(), fmt::format("row {}: {}", run.not_finite.front(), store::not_finite),
                     store::damaged_advice);
    }
    out = out.subspan(bytes);
    at = end;
  }
}

void FeatureReader::read_blocks(std::int64_t first, std::int64_t last, std::span<float> out) const {
  if (type() == FeatureType::float32) return read_stored(first, last, std::as_writable_bytes(out));
  std::vector<std::byte> halves(out.size() * 2);
  read_stored(first, last, halves);
  store::from_half(halves, out);
}

}  // namespace pool3
