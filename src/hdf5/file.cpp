
#include <algorithm>
#include <utility>

#include "hdf5/cursor.hpp"
#include "hdf5/datatype.hpp"
#include "hdf5/messages.hpp"
#include "pool3/hdf5.hpp"

namespace pool3 {

using hdf5::broken;
using hdf5::Cursor;
using hdf5::unknown;

namespace {

constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";
constexpr std::uint8_t is_shared = 2;
constexpr std::uint64_t most_superblock_bytes = 128;

std::string take_bytes(const Hdf5Bytes& bytes, std::uint64_t offset, std::uint64_t count) {
  if (offset > bytes.size || count > bytes.size - offset) broken("it ends too early");
  std::string taken(count, '\0');
  if (count > 0) bytes.read(offset, std::as_writable_bytes(std::span(taken)));
  return taken;
}

/// II: at 0, 512, 1024, 2048, ...; the file's size if it is nowhere.
std::uint64_t find_signature(const Hdf5Bytes& bytes) {
  for (std::uint64_t at = 0; at < bytes.size && bytes.size - at >= signature.size(); at = at == 0 ? 512 : 2 * at) {
    if (take_bytes(bytes, at, signature.size()) == signature) return at;
  }
  return bytes.size;
}

/// The parts of a superblock that matter.
struct Superblock {
  std::uint64_t base = 0, end = 0, root = 0;
};

void check_sizes(std::uint8_t offset_bytes, std::uint8_t length_bytes) {
  if (offset_bytes != 8 || length_bytes != 8) unknown("addresses of other than 8 bytes");
}

/// II.A
Superblock read_old_superblock(Cursor& block, std::uint8_t version) {
  block.skip(4);  // versions of free space, root group, reserved, shared headers
  const auto offset_bytes = block.take<std::uint8_t>();
  check_sizes(offset_bytes, block.take<std::uint8_t>());
  block.skip(version == 0 ? 9 : 13);  // reserved, sizes of the trees' nodes, consistency flags
  Superblock found;
  found.base = block.take<std::uint64_t>();
  block.skip(8);  // address of the free space
  found.end = block.take<std::uint64_t>();
  block.skip(16);  // address of the driver's information; III.C: the root's offset in a heap
  found.root = block.take<std::uint64_t>();
  return found;
}

/// II.B
Superblock read_new_superblock(Cursor& block) {
  const auto offset_bytes = block.take<std::uint8_t>();
  check_sizes(offset_bytes, block.take<std::uint8_t>());
  block.skip(1);  // consistency flags
  Superblock found;
  found.base = block.take<std::uint64_t>();
  block.skip(8);  // address of the extension
  found.end = block.take<std::uint64_t>();
  found.root = block.take<std::uint64_t>();
  return found;
}

}  // namespace

Hdf5Bytes hdf5_bytes(std::string_view bytes) {
  return {.size = bytes.size(), .read = [bytes](std::uint64_t offset, std::span<std::byte> out) {
            const auto piece = std::as_bytes(std::span(bytes)).subspan(offset, out.size());
            std::ranges::copy(piece, out.begin());
          }};
}

bool looks_like_hdf5(const Hdf5Bytes& bytes) { return find_signature(bytes) < bytes.size; }

Hdf5File::Hdf5File(Hdf5Bytes bytes) : bytes_(std::move(bytes)), base_(find_signature(bytes_)) {
  if (base_ == bytes_.size) broken("no HDF5 file");
  const std::string text = take_bytes(bytes_, base_, std::min(bytes_.size - base_, most_superblock_bytes));
  Cursor block(text);
  block.skip(signature.size());
  const auto version = block.take<std::uint8_t>();
  if (version > 3) unknown("a superblock of a newer version");
  const Superblock found = version < 2 ? read_old_superblock(block, version) : read_new_superblock(block);
  if (found.base != base_) broken("addresses that count from another place");
  if (found.end > bytes_.size) broken("truncated");
  root_ = found.root;
}

void Hdf5File::spend(std::uint64_t bytes) const {
  if (--steps_left_ < 0 || bytes > static_cast<std::uint64_t>(bytes_left_)) {
    broken("its structure goes round in circles, or is far too large");
  }
  bytes_left_ -= static_cast<std::int64_t>(bytes);
}

std::string Hdf5File::take(Address at, std::uint64_t bytes) const {
  if (at > bytes_.size - base_ || bytes > bytes_.size - base_ - at) broken("it ends too early");
  spend(bytes);
  return take_bytes(bytes_, base_ + at, bytes);
}

Hdf5Dataset Hdf5File::dataset(Address at) const {
  const std::vector<Message> all = messages(at);
  const auto find = [&](std::uint16_t type) {
    const auto found = std::ranges::find(all, type, &Message::type);
    return found == all.end() ? nullptr : &*found;
  };
  const Message* space = find(hdf5::dataspace_type);
  const Message* type = find(hdf5::datatype_type);
  const Message* layout = find(hdf5::layout_type);
  if (space == nullptr || type == nullptr || layout == nullptr) broken("a dataset without a shape, a type or a place");
  if (find(hdf5::external_type) != nullptr || find(hdf5::filter_type) != nullptr) {
    unknown("compressed datasets, or datasets in other files");
  }
  if (((space->flags | type->flags | layout->flags) & is_shared) != 0) unknown("datasets of a shared type");
  Hdf5Dataset dataset{.type = hdf5::read_datatype(type->data), .dims = {}};
  const hdf5::Dataspace shape = hdf5::read_dataspace(space->data);
  if (shape.is_null) unknown("datasets of no value");
  dataset.dims = shape.dims;
  return place_of(*layout, std::move(dataset));
}

/// IV.A.2.i
Hdf5Dataset Hdf5File::place_of(const Message& layout, Hdf5Dataset dataset) const {
  dataset.bytes = hdf5::bytes_of(dataset.type, dataset.dims, bytes_.size);
  if (dataset.bytes == 0) return dataset;
  Cursor bytes(layout.data);
  const auto version = bytes.take<std::uint8_t>();
  if (version < 3 || version > 4) unknown("datasets of another layout");
  const auto kind = bytes.take<std::uint8_t>();
  if (kind > 1) unknown("datasets in chunks, or in other files");
  std::uint64_t size = 0;
  if (kind == 0) {  // in the header itself
    size = bytes.take<std::uint16_t>();
    dataset.offset = layout.offset + bytes.place();
    bytes.skip(size);
  } else {
    const auto address = bytes.take<std::uint64_t>();
    size = bytes.take<std::uint64_t>();
    if (address == hdf5::undefined_address) unknown("a dataset that was never written");
    if (address > bytes_.size - base_ || size > bytes_.size - base_ - address) broken("a table outside the file");
    dataset.offset = base_ + address;
  }
  if (size != dataset.bytes) broken("a table with another number of bytes than its shape says");
  return dataset;
}

std::vector<Hdf5Attribute> Hdf5File::attributes(Address at) const {
  std::vector<Hdf5Attribute> attributes;
  for (const Message& message : messages(at)) {
    if (message.type == hdf5::attribute_info_type) {
      Cursor info(message.data);
      info.skip(1);
      info.skip((info.take<std::uint8_t>() & 1U) != 0 ? 2 : 0);  // IV.A.2.v: order of creation
      if (info.take<std::uint64_t>() != hdf5::undefined_address) unknown("attributes in a heap");
    }
    if (message.type != hdf5::attribute_type || (message.flags & is_shared) != 0) continue;
    if (auto attribute = hdf5::read_attribute(message.data)) attributes.push_back(std::move(*attribute));
  }
  return attributes;
}

}  // namespace pool3
