#include "store/hdf5/attributes.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "store/hdf5/strings.hpp"

namespace pool3::store {
namespace {

/// Longer strings are not looked at; HDF5's own limit in this format is 64 KiB.
constexpr std::size_t max_attribute_bytes = std::size_t{1} << 20;

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

void assign(std::string& text, const std::string& bytes) { text = cell_text(bytes); }

template <typename Number>
void assign(Number& number, const std::string& bytes) {
  std::memcpy(&number, bytes.data(), sizeof number);
}

Handle type_of(const AttributeValue& value) {
  if (const auto* text = std::get_if<std::string>(&value))
    return string_type(std::max<std::size_t>(1, text->size()), true);
  if (std::holds_alternative<std::int64_t>(value)) return copy_type(H5T_STD_I64LE);
  return copy_type(std::holds_alternative<std::uint64_t>(value) ? H5T_STD_U64LE : H5T_IEEE_F64LE);
}

void write_value(const Handle& id, const AttributeValue& value, const Place& place, const std::string& name) {
  std::string bytes = bytes_of(value);
  if (bytes.empty()) bytes.push_back('\0');
  check(H5Awrite(id.id(), type_of(value).id(), bytes.data()), place, "write attribute " + name);
}

/// A value of type `type`, to be filled; nothing for a type that pool3 does not write.
std::optional<AttributeValue> blank(const Handle& type) {
  if (same_type(type, copy_type(H5T_STD_I64LE))) return std::int64_t{};
  if (same_type(type, copy_type(H5T_STD_U64LE))) return std::uint64_t{};
  if (same_type(type, copy_type(H5T_IEEE_F64LE))) return double{};
  if (H5Tget_class(type.id()) != H5T_STRING) return {};
  const std::size_t width = H5Tget_size(type.id());
  if (width == 0 || width > max_attribute_bytes || !same_type(type, string_type(width, true))) return {};
  return std::string{};
}

std::optional<AttributeValue> read_value(const File& file, const std::string& name) {
  const std::string doing = "read attribute " + name;
  const Handle id = own(H5Aopen(file.id(), name.c_str(), H5P_DEFAULT), H5Aclose, file.place(), doing);
  const Handle type = own(H5Aget_type(id.id()), H5Tclose, file.place(), doing);
  const Handle space = own(H5Aget_space(id.id()), H5Sclose, file.place(), doing);
  if (H5Sget_simple_extent_type(space.id()) != H5S_SCALAR) return {};
  std::optional<AttributeValue> value = blank(type);
  if (!value) return {};
  std::string bytes(H5Tget_size(type.id()), '\0');
  check(H5Aread(id.id(), type.id(), bytes.data()), file.place(), doing);
  std::visit([&](auto& v) { assign(v, bytes); }, *value);
  return value;
}

herr_t collect_name(hid_t, const char* name, const H5A_info_t*, void* names) {
  static_cast<std::vector<std::string>*>(names)->emplace_back(name);
  return 0;
}

}  // namespace

void write_attributes(const File& file, const Attributes& attributes) {
  const std::string doing = "write attribute ";
  for (const auto& [name, value] : attributes) {
    const Handle space = own(H5Screate(H5S_SCALAR), H5Sclose, file.place(), doing + name);
    const Handle id =
        own(H5Acreate2(file.id(), name.c_str(), type_of(value).id(), space.id(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
            file.place(), doing + name);
    write_value(id, value, file.place(), name);
  }
}

void overwrite_attribute(const File& file, const std::string& name, const AttributeValue& number) {
  const Handle id =
      own(H5Aopen(file.id(), name.c_str(), H5P_DEFAULT), H5Aclose, file.place(), "write attribute " + name);
  write_value(id, number, file.place(), name);
}

Attributes read_attributes(const File& file) {
  std::vector<std::string> names;
  hsize_t position = 0;
  check(H5Aiterate2(file.id(), H5_INDEX_NAME, H5_ITER_INC, &position, collect_name, &names), file.place(),
        "list attributes");
  Attributes attributes;
  for (const std::string& name : names) {
    if (auto value = read_value(file, name)) attributes.emplace(name, std::move(*value));
  }
  return attributes;
}

}  // namespace pool3::store
