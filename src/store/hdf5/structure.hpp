#pragma once
// What is in a file, read without the HDF5 library.

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "store/hdf5/attributes.hpp"
#include "store/hdf5/dataset.hpp"

namespace pool3::store {

/// rows: rows can be written, too. The structure is only read.
enum class Mode : std::uint8_t { read, rows };

/// The structure of a regular file as it is when it is opened. A value; cheap to move. Any thread.
class Structure {
 public:
  Structure() = default;
  /// Throws Error: it can't be opened, is no HDF5 file, or its structure is damaged.
  explicit Structure(const Place& place, Mode mode = Mode::read);

  [[nodiscard]] const Place& place() const { return place_; }
  /// All root attributes that are of the types of AttributeValue; others are not pool3's, and are left out.
  [[nodiscard]] Attributes attributes() const;
  /// The table "name" or "group/name". Throws Error: it is not there, or not in one piece.
  [[nodiscard]] Dataset dataset(const std::string& name) const;
  /// The dataset "name" or "group/name"; nothing if it is not there, or of a kind that is not read here. Throws Error
  /// where the structure is damaged.
  [[nodiscard]] std::optional<Hdf5Dataset> find(const std::string& name) const;
  [[nodiscard]] const std::shared_ptr<const Descriptor>& bytes() const { return bytes_; }

 private:
  [[nodiscard]] Hdf5Bytes source() const;

  Place place_;
  std::shared_ptr<const Descriptor> bytes_;
  std::map<std::string, Hdf5File::Address> tables_;  ///< of the root group
};

/// True if an open file has HDF5's signature.
[[nodiscard]] bool has_hdf5_signature(const Descriptor& file);

}  // namespace pool3::store
