#pragma once
// The structure of HDF5 files, read without the HDF5 library, which can crash on a damaged file. Every offset, size and
// count is checked before it is used, what is read is bounded, and no loop is endless: any bytes may be given.
//
// Read: superblocks 0 to 3, objects of both layouts, groups as symbol tables or as links in their header, attributes in
// the header, datasets in one piece. That is what pool3 writes, and what h5py and Keras write by default. Not read:
// chunks, filters, links or attributes in heaps, other files.

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace pool3 {

/// What is wrong with an HDF5 file, without its path.
class Hdf5Error : public std::runtime_error {
 public:
  /// broken: no program could read it. unknown: of a kind that is not read here, and sound as far as was seen.
  enum class Kind : std::uint8_t { broken, unknown };
  Hdf5Error(Kind kind, const std::string& cause) : std::runtime_error(cause), kind_(kind) {}
  [[nodiscard]] Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

/// A file's bytes. Does not own them.
struct Hdf5Bytes {
  std::uint64_t size = 0;
  /// Puts all bytes from `offset` on there. Called for bytes below `size` only. Throws what it likes.
  std::function<void(std::uint64_t offset, std::span<std::byte> out)> read;
};
/// Bytes in memory, which must outlive it.
[[nodiscard]] Hdf5Bytes hdf5_bytes(std::string_view bytes);

/// The type of stored values. Equal types have the same bytes for the same values.
struct Hdf5Type {
  /// Numbers are little-endian, two's complement or IEEE 754. Texts have a fixed length and are padded with NUL.
  enum class Kind : std::uint8_t { other, integer, natural, real, ascii, utf8, enumeration, compound };
  /// Of an enumeration (`at` is the value) or a compound (`at` is the offset).
  struct Member {
    std::string name;
    std::uint64_t at = 0;
    Kind kind = Kind::other;
    std::uint32_t bytes = 0;
    bool operator==(const Member&) const = default;
  };
  Kind kind = Kind::other;
  std::uint32_t bytes = 0;      ///< of one value; at least 1
  std::vector<Member> members;  ///< by rising `at`
  bool operator==(const Hdf5Type&) const = default;
};

/// Where a dataset's values are. All its bytes lie in the file, as many as type and shape say.
struct Hdf5Dataset {
  Hdf5Type type;
  std::vector<std::uint64_t> dims;  ///< empty for a single value
  std::uint64_t offset = 0;         ///< from the beginning of the file
  std::uint64_t bytes = 0;
};

struct Hdf5Attribute {
  std::string name;
  Hdf5Type type;
  std::vector<std::uint64_t> dims;  ///< empty for a single value
  std::string bytes;                ///< empty for a type `other`
};

/// An open file. `bytes` must stay as they are while it is used. All functions throw Hdf5Error.
class Hdf5File {
 public:
  /// Of an object: a group or a dataset.
  using Address = std::uint64_t;
  /// Most dimensions of a dataset that is read.
  static constexpr std::size_t most_axes = 8;

  explicit Hdf5File(Hdf5Bytes bytes);
  [[nodiscard]] Address root() const { return root_; }
  /// What a group links to by hard links, by name; empty for what is not a group.
  [[nodiscard]] std::map<std::string, Address> links(Address group) const;
  [[nodiscard]] Hdf5Dataset dataset(Address at) const;
  /// Those in the object's header, in the order of the file.
  [[nodiscard]] std::vector<Hdf5Attribute> attributes(Address at) const;

 private:
  /// A piece of an object's header, and where in the file it is.
  struct Message {
    std::uint16_t type = 0;
    std::uint8_t flags = 0;
    std::uint64_t offset = 0;
    std::string data;
  };
  struct Block {
    std::uint64_t offset = 0;
    std::string bytes;
  };
  /// How the headers of a version are laid out.
  struct HeaderRules {
    bool is_old = true;
    bool has_order = false;  ///< messages carry the order in which they were made
  };
  [[nodiscard]] std::string take(Address at, std::uint64_t bytes) const;
  [[nodiscard]] std::vector<Message> messages(Address header) const;
  [[nodiscard]] Block first_block(Address header, HeaderRules& rules) const;
  [[nodiscard]] Block continuation(const Message& message, const HeaderRules& rules) const;
  void add_messages(const Block& block, const HeaderRules& rules, std::vector<Message>& out) const;
  [[nodiscard]] std::string heap_names(Address heap) const;
  void walk(Address node, int level, const std::string& names, std::map<std::string, Address>& links) const;
  void add_symbols(Address node, const std::string& names, std::map<std::string, Address>& links) const;
  [[nodiscard]] Hdf5Dataset place_of(const Message& layout, Hdf5Dataset dataset) const;
  void spend(std::uint64_t bytes) const;

  Hdf5Bytes bytes_;
  std::uint64_t base_ = 0;  ///< where addresses count from
  Address root_ = 0;
  // What may still be read, so that no file keeps one busy.
  mutable std::int64_t steps_left_ = 200'000;
  mutable std::int64_t bytes_left_ = std::int64_t{64} << 20;
};

/// True if HDF5's signature is where it may be. Never throws Hdf5Error.
[[nodiscard]] bool looks_like_hdf5(const Hdf5Bytes& bytes);

}  // namespace pool3
