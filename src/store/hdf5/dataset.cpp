#include "store/hdf5/dataset.hpp"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "store/format_names.hpp"
#include "store/hdf5/types.hpp"

namespace pool3::store {
namespace {

/// a x b, or 0 where that does not fit into 63 bits.
std::uint64_t product(std::uint64_t a, std::uint64_t b) {
  constexpr auto limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return b != 0 && a > limit / b ? 0 : a * b;
}

/// Bytes of one row, such that rows x bytes fits into 63 bits.
std::int64_t checked_row_bytes(const Dims& dims, std::size_t type_bytes, const std::string& name, const Place& place) {
  if (dims.empty() || dims.size() > 2) {
    throw error_at(place, fmt::format("{} has {} dimensions", name, dims.size()), damaged_advice);
  }
  const std::uint64_t row = product(type_bytes, dims.size() > 1 ? dims[1] : 1);
  if (row == 0 || (dims.front() != 0 && product(row, dims.front()) == 0)) {
    throw error_at(place, name + " has an impossible size", damaged_advice);
  }
  return static_cast<std::int64_t>(row);
}

}  // namespace

Dataset::Dataset(const Hdf5Dataset& found, std::string name, std::shared_ptr<const Descriptor> bytes, Place place)
    : name_(std::move(name)),
      bytes_(std::move(bytes)),
      place_(std::move(place)),
      type_(found.type),
      dims_(found.dims),
      row_bytes_(checked_row_bytes(dims_, type_.bytes, name_, place_)),
      offset_(static_cast<std::int64_t>(found.offset)) {}

void Dataset::expect(const Hdf5Type& type, const Dims& dims) const {
  if (type != type_) throw error_at(place_, name_ + " has another type than it should", damaged_advice);
  if (dims != dims_) throw error_at(place_, name_ + " has another shape than it should", damaged_advice);
}

void Dataset::expect_strings(std::int64_t rows) const {
  expect(string_type(type_.bytes, type_.kind == Hdf5Type::Kind::utf8), {static_cast<std::uint64_t>(rows)});
}

void Dataset::expect_range(RowRange rows, std::size_t span_bytes) const {
  const bool inside = rows.begin >= 0 && rows.begin <= rows.end && rows.end <= this->rows();
  if (!inside || static_cast<std::int64_t>(span_bytes) != rows.size() * row_bytes_) {
    throw error_at(place_,
                   fmt::format("{}: rows {} to {} and {} bytes do not fit", name_, rows.begin, rows.end, span_bytes));
  }
}

void Dataset::read_bytes(RowRange rows, std::span<std::byte> out) const {
  expect_range(rows, out.size());
  if (out.empty()) return;
  if (bytes_->read(offset_ + rows.begin * row_bytes_, out) != out.size()) {
    throw error_at(place_, name_ + ": the file is cut off", damaged_advice);
  }
}

void Dataset::write_bytes(RowRange rows, std::span<const std::byte> in) const {
  expect_range(rows, in.size());
  if (!in.empty()) bytes_->write(offset_ + rows.begin * row_bytes_, in);
}

}  // namespace pool3::store
