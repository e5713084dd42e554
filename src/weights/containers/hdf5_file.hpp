#pragma once
// HDF5 files in the layout that h5py and so Keras write by default: superblock 0 or 1, groups as symbol tables,
// datasets in one piece. Read here without the HDF5 library, which can crash on a damaged file.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "weights/containers/byte_reader.hpp"
#include "weights/floats.hpp"
#include "weights/layer_rules.hpp"

namespace pool3::weights {

/// A file in memory, which must outlive this. All functions throw FormatError.
class Hdf5File {
 public:
  using Address = std::uint64_t;

  struct Dataset {
    Shape shape;
    std::optional<FloatType> type;  ///< nothing: not a float
    std::string_view bytes;
  };

  explicit Hdf5File(std::string_view bytes);
  [[nodiscard]] Address root() const { return root_; }
  /// What the group at `group` links to by hard links, by name; empty for what is not a group.
  [[nodiscard]] std::map<std::string_view, Address> links(Address group) const;
  [[nodiscard]] Dataset dataset(Address at) const;

 private:
  struct Message {
    std::uint16_t type = 0;
    std::uint8_t flags = 0;
    std::string_view data;
  };
  [[nodiscard]] ByteReader at(Address address) const;
  [[nodiscard]] std::vector<Message> messages(Address header) const;
  [[nodiscard]] std::optional<Message> find(Address header, std::uint16_t type) const;
  [[nodiscard]] std::string_view heap_names(Address heap) const;
  void walk(Address node, int level, std::string_view names, std::map<std::string_view, Address>& links) const;
  void add_symbols(Address node, std::string_view names, std::map<std::string_view, Address>& links) const;
  void spend() const;

  std::string_view bytes_;
  Address root_ = 0;
  mutable int budget_ = 200'000;  ///< structures that may still be read, so that no loop is endless
};

[[nodiscard]] bool looks_like_hdf5(std::string_view bytes);

}  // namespace pool3::weights
