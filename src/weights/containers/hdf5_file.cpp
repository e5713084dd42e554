#include "weights/containers/hdf5_file.hpp"

#include <fmt/format.h>

#include <array>

namespace pool3::weights {
namespace {

using Dataset = Hdf5File::Dataset;

// Section numbers here are those of the HDF5 File Format Specification, version 3.0.
constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";
// IV.A.2: types of header messages.
constexpr std::uint16_t dataspace_type = 1, link_info_type = 2, datatype_type = 3, external_type = 7, layout_type = 8,
                        filter_type = 11, continuation_type = 16, symbol_table_type = 17;
constexpr std::uint8_t is_shared = 2;
constexpr std::size_t most_axes = 8;
constexpr const char* rewrite_advice = "write it again with Keras's save_weights, uncompressed";

[[noreturn]] void fail(const std::string& cause) { throw FormatError(fmt::format("a broken HDF5 file: {}", cause)); }
[[noreturn]] void unknown(const std::string& cause) {
  throw FormatError(fmt::format("an HDF5 file with {}", cause), rewrite_advice);
}

Shape read_dataspace(std::string_view message) {
  ByteReader bytes(message);
  const auto version = bytes.take<std::uint8_t>();
  const auto axes = bytes.take<std::uint8_t>();
  if (version < 1 || version > 2 || axes > most_axes) fail("an unknown dataspace");
  bytes.skip(version == 1 ? 6 : 2);  // IV.A.2.b: flags (what follows the sizes), reserved; in version 2 flags, type
  Shape shape;
  for (unsigned axis = 0; axis < axes; ++axis) shape.push_back(bytes.take<std::int64_t>());
  return shape;
}

/// float32 or float16 as IEEE 754 has them, little-endian; nothing for any other type.
std::optional<FloatType> read_datatype(std::string_view message) {
  ByteReader bytes(message);
  const auto version_and_class = bytes.take<std::uint8_t>();
  const bool little_endian = (bytes.take<std::uint8_t>() & 0x41U) == 0;
  const auto sign = bytes.take<std::uint8_t>();
  bytes.skip(1);  // IV.A.2.d: class bits 16 to 23, which floats don't use
  const auto size = bytes.take<std::uint32_t>();
  if ((version_and_class & 15U) != 1 || !little_endian || (size != 4 && size != 2)) return std::nullopt;
  std::array<std::uint8_t, 12> layout = {};
  for (std::uint8_t& part : layout) part = bytes.take<std::uint8_t>();
  // bit offset (2), precision (2), exponent's place and size, mantissa's place and size, exponent's bias (4)
  using Layout = std::array<std::uint8_t, 12>;
  if (size == 4 && sign == 31 && layout == Layout{0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0}) return FloatType::f32;
  if (size == 2 && sign == 15 && layout == Layout{0, 0, 16, 0, 10, 5, 0, 10, 15, 0, 0, 0}) return FloatType::f16;
  return std::nullopt;
}

/// Bytes of a dataset that lies in one piece, in the file or in its own header.
std::string_view read_layout(std::string_view message, std::string_view file) {
  ByteReader bytes(message);
  if (bytes.take<std::uint8_t>() != 3) unknown("datasets of a newer layout");
  const auto kind = bytes.take<std::uint8_t>();
  if (kind == 0) return bytes.take(bytes.take<std::uint16_t>());
  if (kind != 1) unknown("datasets in chunks");
  const auto address = bytes.take<std::uint64_t>();
  const auto size = bytes.take<std::uint64_t>();
  if (size == 0) return {};
  return ByteReader(file, address).take(size);
}

/// The string at `offset` of a local heap.
std::string_view name_at(std::string_view names, std::uint64_t offset) {
  if (offset >= names.size()) fail("a name outside its heap");
  const std::size_t end = names.find('\0', offset);
  if (end == std::string_view::npos) fail("a name without an end");
  return names.substr(offset, end - offset);
}

}  // namespace

bool looks_like_hdf5(std::string_view bytes) { return bytes.starts_with(signature); }

Hdf5File::Hdf5File(std::string_view bytes) : bytes_(bytes) {
  ByteReader block(bytes, signature.size());
  const auto version = block.take<std::uint8_t>();
  if (version > 1) unknown("a newer layout than Keras writes");
  block.skip(4);  // II.A: versions of free space, root group, reserved, shared headers
  const auto offset_bytes = block.take<std::uint8_t>();
  const auto length_bytes = block.take<std::uint8_t>();
  if (offset_bytes != 8 || length_bytes != 8) unknown("addresses of other than 8 bytes");
  block.skip(version == 0 ? 9 : 13);  // II.A: reserved, sizes of the trees' nodes, consistency flags
  if (block.take<std::uint64_t>() != 0) unknown("a user block");
  block.skip(8);  // II.A: address of the free space
  if (block.take<std::uint64_t>() > bytes.size()) fail("truncated");
  block.skip(16);  // II.A: address of the driver's information; III.C: the root's offset in a heap
  root_ = block.take<std::uint64_t>();
}

ByteReader Hdf5File::at(Address address) const {
  spend();
  return ByteReader(bytes_, address);
}

void Hdf5File::spend() const {
  if (--budget_ < 0) fail("its structure goes round in circles");
}

std::vector<Hdf5File::Message> Hdf5File::messages(Address header) const {
  ByteReader prefix = at(header);
  if (prefix.take<std::uint8_t>() != 1) unknown("objects of a newer layout than Keras writes");
  prefix.skip(1);  // IV.A.1.a: reserved
  std::size_t left = prefix.take<std::uint16_t>();
  prefix.skip(4);  // IV.A.1.a: reference count
  const auto size = prefix.take<std::uint32_t>();
  prefix.skip(4);  // IV.A.1.a: padding to 8 bytes
  std::vector<Message> out;
  std::vector<std::string_view> blocks = {prefix.take(size)};
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    ByteReader block(blocks[i]);
    for (; left > 0 && block.left() >= 8; --left) {
      spend();
      Message message;
      message.type = block.take<std::uint16_t>();
      const auto data_bytes = block.take<std::uint16_t>();
      message.flags = block.take<std::uint8_t>();
      block.skip(3);  // IV.A.1.a: reserved
      message.data = block.take(data_bytes);
      out.push_back(message);
      if (message.type != continuation_type) continue;
      ByteReader where(message.data);
      ByteReader next = at(where.take<std::uint64_t>());
      blocks.push_back(next.take(where.take<std::uint64_t>()));
    }
  }
  return out;
}

std::optional<Hdf5File::Message> Hdf5File::find(Address header, std::uint16_t type) const {
  for (const Message& message : messages(header)) {
    if (message.type == type) return message;
  }
  return std::nullopt;
}

std::map<std::string_view, Hdf5File::Address> Hdf5File::links(Address group) const {
  std::map<std::string_view, Address> links;
  const auto table = find(group, symbol_table_type);
  if (!table && find(group, link_info_type)) unknown("groups of a newer layout than Keras writes");
  if (!table) return links;
  ByteReader where(table->data);
  const auto tree = where.take<std::uint64_t>();
  walk(tree, -1, heap_names(where.take<std::uint64_t>()), links);
  return links;
}

std::string_view Hdf5File::heap_names(Address heap) const {
  ByteReader bytes = at(heap);
  if (bytes.take(4) != "HEAP") fail("no heap where one should be");
  bytes.skip(4);  // III.D: version, reserved
  const auto size = bytes.take<std::uint64_t>();
  bytes.skip(8);  // III.D: offset of the free list
  return at(bytes.take<std::uint64_t>()).take(size);
}

/// A node of a group's tree. `level` is what its parent demands, or -1 for the root: levels go down, so this ends.
void Hdf5File::walk(Address node, int level, std::string_view names, std::map<std::string_view, Address>& links) const {
  ByteReader bytes = at(node);
  if (bytes.take(4) != "TREE" || bytes.take<std::uint8_t>() != 0) fail("no tree where one should be");
  const int its_level = bytes.take<std::uint8_t>();
  if ((level >= 0 && its_level != level) || its_level > 16) fail("a tree with wrong levels");
  const auto count = bytes.take<std::uint16_t>();
  bytes.skip(16);  // III.A.1: addresses of the siblings
  for (unsigned i = 0; i < count; ++i) {
    bytes.skip(8);  // III.A.1: key
    const auto child = bytes.take<std::uint64_t>();
    if (its_level > 0) {
      walk(child, its_level - 1, names, links);
    } else {
      add_symbols(child, names, links);
    }
  }
}

void Hdf5File::add_symbols(Address node, std::string_view names, std::map<std::string_view, Address>& links) const {
  ByteReader bytes = at(node);
  if (bytes.take(4) != "SNOD") fail("no symbols where some should be");
  bytes.skip(2);  // III.B: version, reserved
  const auto count = bytes.take<std::uint16_t>();
  for (unsigned i = 0; i < count; ++i) {
    spend();
    const std::string_view name = name_at(names, bytes.take<std::uint64_t>());
    const auto header = bytes.take<std::uint64_t>();
    const auto kind = bytes.take<std::uint32_t>();
    bytes.skip(20);           // III.C: reserved, scratch space
    if (kind == 2) continue;  // a symbolic link
    if (!links.emplace(name, header).second) fail(fmt::format("'{}' is there twice", name));
  }
}

Dataset Hdf5File::dataset(Address at) const {
  const auto space = find(at, dataspace_type);
  const auto type = find(at, datatype_type);
  const auto layout = find(at, layout_type);
  if (!space || !type || !layout) fail("a dataset without a shape, a type or a place");
  if (find(at, external_type) || find(at, filter_type)) unknown("compressed datasets, or datasets in other files");
  if (((space->flags | type->flags | layout->flags) & is_shared) != 0) unknown("datasets of a shared type");
  return {.shape = read_dataspace(space->data),
          .type = read_datatype(type->data),
          .bytes = read_layout(layout->data, bytes_)};
}

}  // namespace pool3::weights
