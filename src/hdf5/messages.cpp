#include "hdf5/messages.hpp"

#include <algorithm>

#include "hdf5/cursor.hpp"
#include "hdf5/datatype.hpp"

namespace pool3::hdf5 {

Dataspace read_dataspace(std::string_view message) {
  Cursor bytes(message);
  const auto version = bytes.take<std::uint8_t>();
  const auto axes = bytes.take<std::uint8_t>();
  if (version < 1 || version > 2 || axes > Hdf5File::most_axes) broken("an unknown dataspace");
  bytes.skip(1);  // flags: what follows the sizes
  Dataspace space;
  if (version == 1) bytes.skip(5);  // reserved
  if (version == 2) space.is_null = bytes.take<std::uint8_t>() == 2;
  for (unsigned axis = 0; axis < axes; ++axis) space.dims.push_back(bytes.take<std::uint64_t>());
  return space;
}

std::uint64_t bytes_of(const Hdf5Type& type, const std::vector<std::uint64_t>& dims, std::uint64_t limit) {
  if (std::ranges::find(dims, 0U) != dims.end()) return 0;
  std::uint64_t bytes = type.bytes;
  for (const std::uint64_t size : dims) {
    if (bytes > limit / size) broken("a table larger than the file");
    bytes *= size;
  }
  if (bytes > limit) broken("a table larger than the file");
  return bytes;
}

std::optional<Hdf5Attribute> read_attribute(std::string_view message) {
  Cursor bytes(message);
  const auto version = bytes.take<std::uint8_t>();
  if (version < 1 || version > 3) broken("an unknown attribute");
  const auto flags = bytes.take<std::uint8_t>();
  const auto name_bytes = bytes.take<std::uint16_t>();
  const auto type_bytes = bytes.take<std::uint16_t>();
  const auto space_bytes = bytes.take<std::uint16_t>();
  if (version == 3) bytes.skip(1);  // character set of the name
  const std::size_t begin = bytes.place();
  // Version 1 pads each part to 8 bytes.
  const auto part = [&](std::uint64_t size) {
    const std::string_view taken = bytes.take(size);
    if (version == 1) bytes.align(begin);
    return taken;
  };
  Hdf5Attribute attribute;
  attribute.name = Cursor(part(name_bytes)).text();
  const std::string_view type = part(type_bytes);
  const std::string_view space = part(space_bytes);
  if (version > 1 && (flags & 3U) != 0) return std::nullopt;
  attribute.type = read_datatype(type);
  const Dataspace shape = read_dataspace(space);
  attribute.dims = shape.is_null ? std::vector<std::uint64_t>{0} : shape.dims;
  if (attribute.type.kind != Hdf5Type::Kind::other) {
    attribute.bytes = bytes.take(bytes_of(attribute.type, attribute.dims, bytes.left()));
  }
  return attribute;
}

std::optional<Link> read_link(std::string_view message) {
  Cursor bytes(message);
  if (bytes.take<std::uint8_t>() != 1) broken("an unknown link");
  const auto flags = bytes.take<std::uint8_t>();
  const auto kind = (flags & 8U) != 0 ? bytes.take<std::uint8_t>() : std::uint8_t{0};
  if ((flags & 4U) != 0) bytes.skip(8);   // order of creation
  if ((flags & 16U) != 0) bytes.skip(1);  // character set
  Link link;
  link.name = bytes.take(bytes.number(std::uint64_t{1} << (flags & 3U)));
  if (kind != 0) return std::nullopt;
  link.address = bytes.take<std::uint64_t>();
  return link;
}

}  // namespace pool3::hdf5
