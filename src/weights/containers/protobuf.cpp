#include "weights/containers/protobuf.hpp"

namespace pool3::weights {

std::optional<WireField> WireReader::next() {
  if (bytes_.left() == 0) return std::nullopt;
  const std::uint64_t tag = varint();
  if (tag >> 3U == 0 || tag >> 32U != 0) throw FormatError("a broken protocol buffer: no such field number");
  WireField field = {.number = static_cast<std::uint32_t>(tag >> 3U), .kind = static_cast<WireField::Kind>(tag & 7U)};
  switch (field.kind) {
    case WireField::Kind::varint:
      field.value = varint();
      return field;
    case WireField::Kind::fixed64:
      field.value = bytes_.take<std::uint64_t>();
      return field;
    case WireField::Kind::bytes:
      field.bytes = bytes_.take(varint());
      return field;
    case WireField::Kind::fixed32:
      field.value = bytes_.take<std::uint32_t>();
      return field;
  }
  throw FormatError("a broken protocol buffer: no such wire type");
}

std::uint64_t WireReader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto byte = bytes_.take<std::uint8_t>();
    if (shift == 63 && byte > 1) break;
    value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
    if ((byte & 0x80U) == 0) return value;
  }
  throw FormatError("a broken protocol buffer: a number of more than 64 bits");
}

}  // namespace pool3::weights
