#pragma once
// A table whose rows lie in one piece of a file.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pool3/files.hpp"
#include "pool3/hdf5.hpp"
#include "pool3/types.hpp"

namespace pool3::store {

/// Bytes of a file.
struct Extent {
  std::int64_t offset = 0;
  std::int64_t bytes = 0;
};

/// The sizes of a table: rows, or rows and columns.
using Dims = std::vector<std::uint64_t>;

/// One contiguous dataset whose first dimension is rows. Rows are read and written as they are stored, without HDF5:
/// that needs no agreement between ranks, works on any thread, and never touches the structure of the file. A value;
/// it outlives the file that it was opened in.
class Dataset {
 public:
  Dataset() = default;
  /// `found` lies in `bytes`. Throws Error unless it is a table of one or two dimensions.
  Dataset(const Hdf5Dataset& found, std::string name, std::shared_ptr<const Descriptor> bytes, Place place);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const Place& place() const { return place_; }
  [[nodiscard]] const Hdf5Type& type() const { return type_; }
  [[nodiscard]] std::int64_t rows() const { return static_cast<std::int64_t>(dims_.front()); }
  /// Columns of a table with two dimensions; 1 of one with one.
  [[nodiscard]] std::int64_t columns() const { return dims_.size() == 2 ? static_cast<std::int64_t>(dims_[1]) : 1; }
  [[nodiscard]] std::int64_t row_bytes() const { return row_bytes_; }
  [[nodiscard]] std::int64_t bytes() const { return rows() * row_bytes_; }

  /// Throws unless the stored type and shape are these.
  void expect(const Hdf5Type& type, const Dims& dims) const;
  /// Throws unless the rows are strings of either character set, and there are `rows` of them.
  void expect_strings(std::int64_t rows) const;
  /// Where in the file the rows are. REQUIRES: bytes() > 0.
  [[nodiscard]] Extent extent() const { return {offset_, bytes()}; }

  // REQUIRES: the span has exactly these rows.
  void read_bytes(RowRange rows, std::span<std::byte> out) const;
  void write_bytes(RowRange rows, std::span<const std::byte> in) const;
  template <typename T>
  void read(RowRange rows, std::span<T> out) const {
    read_bytes(rows, std::as_writable_bytes(out));
  }
  template <typename T>
  void write(RowRange rows, std::span<const T> in) const {
    write_bytes(rows, std::as_bytes(in));
  }

 private:
  void expect_range(RowRange rows, std::size_t span_bytes) const;

  std::string name_;
  std::shared_ptr<const Descriptor> bytes_;
  Place place_;
  Hdf5Type type_;
  Dims dims_ = {0};
  std::int64_t row_bytes_ = 0;
  std::int64_t offset_ = 0;
};

}  // namespace pool3::store
