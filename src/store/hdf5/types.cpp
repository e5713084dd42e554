#include "store/hdf5/types.hpp"

#include <span>

#include "pool3/partition/split_sides.hpp"
#include "pool3/types.hpp"

namespace pool3::store {
namespace {

using Kind = Hdf5Type::Kind;

Hdf5Type number(Kind kind, std::uint32_t bytes) { return {.kind = kind, .bytes = bytes, .members = {}}; }

/// uint8 with these names, from 0 on.
Hdf5Type enumeration(std::span<const std::string_view> names) {
  Hdf5Type type = number(Kind::enumeration, 1);
  for (std::size_t i = 0; i < names.size(); ++i)
    type.members.push_back({.name = std::string(names[i]), .at = i, .kind = Kind::natural, .bytes = 1});
  return type;
}

}  // namespace

Hdf5Type int8_type() { return number(Kind::integer, 1); }
Hdf5Type int16_type() { return number(Kind::integer, 2); }
Hdf5Type int32_type() { return number(Kind::integer, 4); }
Hdf5Type int64_type() { return number(Kind::integer, 8); }
Hdf5Type uint64_type() { return number(Kind::natural, 8); }
Hdf5Type float16_type() { return number(Kind::real, 2); }
Hdf5Type float32_type() { return number(Kind::real, 4); }
Hdf5Type float64_type() { return number(Kind::real, 8); }

Hdf5Type string_type(std::size_t width, bool utf8) {
  return number(utf8 ? Kind::utf8 : Kind::ascii, static_cast<std::uint32_t>(width));
}

bool is_string(const Hdf5Type& type) { return type.kind == Kind::ascii || type.kind == Kind::utf8; }

Hdf5Type status_type() { return enumeration(row_status_names); }

Hdf5Type side_type() { return enumeration(row_side_names); }

Hdf5Type older_status_type() {
  return enumeration(std::span(row_status_names).first(static_cast<std::size_t>(RowStatus::missing)));
}

}  // namespace pool3::store
