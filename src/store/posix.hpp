#pragma once
// A file descriptor with every call checked. Reading and writing at offsets is safe from any thread.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "store/hdf5/hdf5.hpp"

namespace pool3::store {

/// An open file. Neither copied nor moved; share it by pointer.
class Descriptor {
 public:
  /// `flags` as for open(2). Throws Error.
  Descriptor(const Place& place, int flags);
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();

  [[nodiscard]] int number() const { return fd_; }
  [[nodiscard]] const Place& place() const { return place_; }
  [[nodiscard]] std::int64_t size() const;
  /// Bytes read; fewer than asked for only at the end of the file.
  [[nodiscard]] std::size_t read(std::int64_t offset, std::span<std::byte> out) const;
  /// Writes all of `in`. Throws Error: no space, quota, I/O error, ...
  void write(std::int64_t offset, std::span<const std::byte> in) const;
  void truncate(std::int64_t bytes) const;
  /// Takes the space of all bytes now, if the file system can: then no later write to them finds it full, and several
  /// processes write them side by side. Throws Error: no space, quota, ...
  void reserve() const;
  /// Returns when the content is on stable storage.
  void sync() const;

 private:
  Place place_;
  int fd_;
};

/// Error about a failed write, with advice for what users can mend.
[[nodiscard]] Error write_error(const Place& place, int error_number);

}  // namespace pool3::store
