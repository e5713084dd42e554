#pragma once
// Value types over HDF5's ids, every return code checked, for writing. No other room includes HDF5. Main thread only.

#include <hdf5.h>

#include <cstdint>
#include <memory>
#include <string>

#include "pool3/files.hpp"
#include "store/hdf5/dataset.hpp"

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

/// HDF5's own description of a type. REQUIRES: pool3 stores it.
[[nodiscard]] Handle handle_of(const Hdf5Type& type);

/// A file that HDF5 writes. Move-only. What is only read is opened as a Structure.
class File {
 public:
  File() = default;
  /// Creates an empty file with room for a seal; replaces one that is there. Tables of `alignment` bytes or more start
  /// at multiples of it. It is 0 or a power of two.
  static File create(const Place& place, std::int64_t alignment = 0);
  /// Opens one that pool3 has begun. HDF5 may crash over a damaged one.
  static File open(const Place& place);
  /// Opens any HDF5 file, to read. The same holds here.
  static File open_foreign(const Place& place);

  [[nodiscard]] hid_t id() const { return id_.id(); }
  [[nodiscard]] const Place& place() const { return place_; }
  /// A group of the root group; its tables are "NAME/table".
  void create_group(const std::string& name) const;
  /// Fixed shape, contiguous, space taken now, never filled, no times.
  [[nodiscard]] Dataset create_dataset(const std::string& name, const Hdf5Type& type, const Dims& dims) const;
  /// Writes the structure out. Datasets can be read and written still.
  void close();

 private:
  File(Handle id, Place place, std::shared_ptr<const Descriptor> bytes)
      : id_(std::move(id)), place_(std::move(place)), bytes_(std::move(bytes)) {}
  Handle id_;
  Place place_;
  std::shared_ptr<const Descriptor> bytes_;
};

}  // namespace pool3::store
