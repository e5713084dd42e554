#include "store/hdf5/attributes.hpp"

#include <algorithm>
#include <cstring>

#include "store/hdf5/hdf5.hpp"
#include "store/hdf5/types.hpp"

namespace pool3::store {
namespace {

std::string raw(const std::string& text) { return text; }

template <typename Number>
std::string raw(const Number& number) {
  std::string bytes(sizeof number, '\0');
  std::memcpy(bytes.data(), &number, sizeof number);
  return bytes;
}

/// A value's bytes as they are stored, without padding.
std::string bytes_of(const AttributeValue& value) {
  return std::visit([](const auto& v) { return raw(v); }, value);
}

Hdf5Type type_of(const AttributeValue& value) {
  if (const auto* text = std::get_if<std::string>(&value))
    return string_type(std::max<std::size_t>(1, text->size()), true);
  if (std::holds_alternative<std::int64_t>(value)) return int64_type();
  return std::holds_alternative<std::uint64_t>(value) ? uint64_type() : float64_type();
}

void write_value(const Handle& id, const AttributeValue& value, const Place& place, const std::string& name) {
  std::string bytes = bytes_of(value);
  if (bytes.empty()) bytes.push_back('\0');
  check(H5Awrite(id.id(), handle_of(type_of(value)).id(), bytes.data()), place, "write attribute " + name);
}

}  // namespace

void write_attributes(const File& file, const Attributes& attributes) {
  const std::string doing = "write attribute ";
  for (const auto& [name, value] : attributes) {
    const Handle space = own(H5Screate(H5S_SCALAR), H5Sclose, file.place(), doing + name);
    const Handle id =
        own(H5Acreate2(file.id(), name.c_str(), handle_of(type_of(value)).id(), space.id(), H5P_DEFAULT, H5P_DEFAULT),
            H5Aclose, file.place(), doing + name);
    write_value(id, value, file.place(), name);
  }
}

void overwrite_attribute(const File& file, const std::string& name, const AttributeValue& number) {
  const Handle id =
      own(H5Aopen(file.id(), name.c_str(), H5P_DEFAULT), H5Aclose, file.place(), "write attribute " + name);
  write_value(id, number, file.place(), name);
}

}  // namespace pool3::store
