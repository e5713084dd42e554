#include "hdf5/datatype.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "hdf5/cursor.hpp"

namespace pool3::hdf5 {
namespace {

using Kind = Hdf5Type::Kind;
using Member = Hdf5Type::Member;

// IV.A.2.d: classes of types.
constexpr unsigned fixed_class = 0, float_class = 1, text_class = 3, compound_class = 6, enumeration_class = 8;

/// What every type begins with.
struct Head {
  unsigned version = 0, kind = 0;
  std::array<std::uint8_t, 3> bits = {};
  std::uint32_t bytes = 0;
  [[nodiscard]] unsigned count() const { return bits[0] | unsigned{bits[1]} << 8U; }
};

Head read_head(Cursor& bytes) {
  Head head;
  const auto first = bytes.take<std::uint8_t>();
  head.version = first >> 4U;
  head.kind = first & 15U;
  for (std::uint8_t& part : head.bits) part = bytes.take<std::uint8_t>();
  head.bytes = bytes.take<std::uint32_t>();
  if (head.bytes == 0) broken("a type of no bytes");
  return head;
}

Kind read_fixed(const Head& head, Cursor& bytes) {
  const auto offset = bytes.take<std::uint16_t>();
  const auto precision = bytes.take<std::uint16_t>();
  constexpr unsigned is_signed = 8;
  const bool whole = offset == 0 && head.bytes <= 8 && precision == 8 * head.bytes;
  if (!whole || (head.bits[0] & ~is_signed) != 0) return Kind::other;
  return (head.bits[0] & is_signed) != 0 ? Kind::integer : Kind::natural;
}

/// IEEE 754, little-endian; nothing else.
Kind read_float(const Head& head, Cursor& bytes) {
  // bit offset (2), precision (2), exponent's place and size, mantissa's place and size, exponent's bias (4)
  using Layout = std::array<std::uint8_t, 12>;
  Layout layout = {};
  for (std::uint8_t& part : layout) part = bytes.take<std::uint8_t>();
  if (head.bits[0] != 0x20U || head.bits[2] != 0) return Kind::other;  // little-endian, a leading 1 that isn't stored
  const unsigned sign = head.bits[1];
  const bool fits = (head.bytes == 2 && sign == 15 && layout == Layout{0, 0, 16, 0, 10, 5, 0, 10, 15, 0, 0, 0}) ||
                    (head.bytes == 4 && sign == 31 && layout == Layout{0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0}) ||
                    (head.bytes == 8 && sign == 63 && layout == Layout{0, 0, 64, 0, 52, 11, 0, 52, 255, 3, 0, 0});
  return fits ? Kind::real : Kind::other;
}

Kind text_kind(const Head& head) {
  const unsigned padding = head.bits[0] & 15U, characters = head.bits[0] >> 4U;
  if (padding != 1 || characters > 1) return Kind::other;
  return characters == 1 ? Kind::utf8 : Kind::ascii;
}

/// A number or a text; Kind::other ends the type that it is a part of.
Member read_simple(Cursor& bytes) {
  const Head head = read_head(bytes);
  Member simple{.name = {}, .bytes = head.bytes};
  if (head.kind == fixed_class) simple.kind = read_fixed(head, bytes);
  if (head.kind == float_class) simple.kind = read_float(head, bytes);
  if (head.kind == text_class) simple.kind = text_kind(head);
  return simple;
}

/// Padded to 8 bytes before version 3.
std::string read_name(const Head& head, Cursor& bytes) {
  const std::size_t begin = bytes.place();
  std::string name(bytes.text());
  if (head.version < 3) bytes.align(begin);
  return name;
}

/// Bytes that hold an offset below `size`.
std::uint64_t offset_bytes(std::uint32_t size) {
  std::uint64_t bytes = 1;
  while (bytes < 4 && size >> (8 * bytes) != 0) ++bytes;
  return bytes;
}

/// Nothing where a member is of a type that isn't read.
std::optional<std::vector<Member>> read_compound(const Head& head, Cursor& bytes) {
  std::vector<Member> members;
  for (unsigned i = 0; i < head.count(); ++i) {
    const std::string name = read_name(head, bytes);
    const std::uint64_t at = bytes.number(head.version < 3 ? 4 : offset_bytes(head.bytes));
    if (head.version == 1) bytes.skip(28);  // dimensions, which version 2 has in the type
    Member member = read_simple(bytes);
    if (member.kind == Kind::other) return std::nullopt;
    if (at > head.bytes || member.bytes > head.bytes - at) broken("a member outside its compound");
    member.name = name;
    member.at = at;
    members.push_back(std::move(member));
  }
  return members;
}

std::optional<std::vector<Member>> read_enumeration(const Head& head, Cursor& bytes) {
  const Member base = read_simple(bytes);
  const bool is_number = base.kind == Kind::integer || base.kind == Kind::natural;
  if (!is_number || base.bytes != head.bytes) return std::nullopt;
  std::vector<Member> members(head.count(), base);
  for (Member& member : members) member.name = read_name(head, bytes);
  for (Member& member : members) member.at = bytes.number(base.bytes);
  return members;
}

}  // namespace

Hdf5Type read_datatype(std::string_view message) {
  Cursor bytes(message);
  const Head head = read_head(bytes);
  Hdf5Type type{.bytes = head.bytes, .members = {}};
  if (head.kind != compound_class && head.kind != enumeration_class) {
    Cursor again(message);
    type.kind = read_simple(again).kind;
    return type;
  }
  if (head.count() > bytes.left()) broken("a type of more members than bytes");
  const bool is_compound = head.kind == compound_class;
  auto members = is_compound ? read_compound(head, bytes) : read_enumeration(head, bytes);
  if (!members) return type;
  type.kind = is_compound ? Kind::compound : Kind::enumeration;
  type.members = std::move(*members);
  std::ranges::stable_sort(type.members, {}, &Member::at);
  return type;
}

}  // namespace pool3::hdf5
