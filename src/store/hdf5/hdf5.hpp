#pragma once
// Value types over HDF5's ids, every return code checked. No other room includes HDF5. Main thread only.

#include <hdf5.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pool3/files.hpp"
#include "pool3/types.hpp"

namespace pool3::store {

/// "DOING: what HDF5 says is the innermost cause". Call right after the call that failed.
[[nodiscard]] Error hdf5_error(const Place& place, const std::string& doing, std::string advice = {});
void check(herr_t code, const Place& place, const std::string& doing);

/// Owns one HDF5 id. Move-only.
class Handle {
 public:
  using Closer = herr_t (*)(hid_t);
  Handle() = default;
  Handle(hid_t id, Closer closer) : id_(id), closer_(closer) {}
  Handle(Handle&& other) noexcept : id_(other.release()), closer_(other.closer_) {}
  Handle& operator=(Handle&& other) noexcept;
  ~Handle() { drop(); }

  [[nodiscard]] hid_t id() const { return id_; }
  /// Gives the id up without closing it.
  hid_t release() noexcept;
  /// Closes now, for callers who care about the error.
  void close(const Place& place, const std::string& doing);

 private:
  void drop() noexcept;
  hid_t id_ = H5I_INVALID_HID;
  Closer closer_ = nullptr;
};

/// Takes ownership of `id`. Throws if it is not valid.
[[nodiscard]] Handle own(hid_t id, Handle::Closer closer, const Place& place, const std::string& doing);

/// Fixed-length string, padded with NUL.
[[nodiscard]] Handle string_type(std::size_t width, bool utf8);
/// Copy of a predefined type, e.g. H5T_IEEE_F32LE.
[[nodiscard]] Handle copy_type(hid_t predefined);
/// uint8 with the names of RowStatus.
[[nodiscard]] Handle status_type();
[[nodiscard]] bool same_type(const Handle& a, const Handle& b);

/// Bytes of a file.
struct Extent {
  std::int64_t offset = 0;
  std::int64_t bytes = 0;
};

/// One contiguous dataset whose first dimension is rows. Rows are read and written as they are stored, without HDF5:
/// that needs no agreement between ranks, works on any thread, and never touches the structure of the file. A value;
/// it outlives its File.
class Dataset {
 public:
  Dataset() = default;
  /// Looks at an open dataset; keeps `bytes`, which is the same file.
  Dataset(const Handle& id, std::string name, std::shared_ptr<const Descriptor> bytes, Place place);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const Place& place() const { return place_; }
  [[nodiscard]] const Handle& type() const { return *type_; }
  [[nodiscard]] std::int64_t rows() const { return static_cast<std::int64_t>(dims_.front()); }
  /// Columns of a table with two dimensions; 1 of one with one.
  [[nodiscard]] std::int64_t columns() const { return dims_.size() == 2 ? static_cast<std::int64_t>(dims_[1]) : 1; }
  [[nodiscard]] std::int64_t row_bytes() const { return row_bytes_; }
  [[nodiscard]] std::int64_t bytes() const { return rows() * row_bytes_; }

  /// Throws unless the stored type and shape are these.
  void expect(const Handle& type, const std::vector<hsize_t>& dims) const;
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
  std::shared_ptr<const Handle> type_;
  std::vector<hsize_t> dims_ = {0};
  std::int64_t row_bytes_ = 0;
  std::int64_t offset_ = 0;
};

/// rows: the structure is only read, rows can be written.
enum class Mode : std::uint8_t { read, rows, write };

/// An open HDF5 file. Move-only.
class File {
 public:
  File() = default;
  /// Creates an empty file with room for a seal; replaces one that is there. Tables of `alignment` bytes or more start
  /// at multiples of it. It is 0 or a power of two.
  static File create(const Place& place, std::int64_t alignment = 0);
  static File open(const Place& place, Mode mode);

  [[nodiscard]] hid_t id() const { return id_.id(); }
  [[nodiscard]] const Place& place() const { return place_; }
  /// Fixed shape, contiguous, space taken now, never filled, no times.
  [[nodiscard]] Dataset create_dataset(const std::string& name, const Handle& type,
                                       const std::vector<hsize_t>& dims) const;
  [[nodiscard]] Dataset dataset(const std::string& name) const;
  /// Writes the structure out. Datasets can be read and written still.
  void close();

 private:
  File(Handle id, Place place, std::shared_ptr<const Descriptor> bytes)
      : id_(std::move(id)), place_(std::move(place)), bytes_(std::move(bytes)) {}
  Handle id_;
  Place place_;
  std::shared_ptr<const Descriptor> bytes_;
};

/// True if the file has HDF5's signature. Never throws.
[[nodiscard]] bool has_hdf5_signature(const std::string& path);

}  // namespace pool3::store
