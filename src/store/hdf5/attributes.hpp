#pragma once
// The root attributes of a file: fixed-length UTF-8 strings and scalars.

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <string>
#include <variant>

#include "pool3/files.hpp"

namespace pool3::store {

class File;

using AttributeValue = std::variant<std::string, std::int64_t, std::uint64_t, double>;
/// By name, in byte order.
using Attributes = std::map<std::string, AttributeValue>;

/// Creates them all.
void write_attributes(const File& file, const Attributes& attributes);
/// Replaces the value of a number that is there. The file's structure stays as it is.
void overwrite_attribute(const File& file, const std::string& name, const AttributeValue& number);
/// The value called `name`. Throws if it is missing or of another type.
template <typename T>
const T& attribute(const Attributes& attributes, const std::string& name, const Place& place) {
  const auto found = attributes.find(name);
  const T* value = found == attributes.end() ? nullptr : std::get_if<T>(&found->second);
  if (value == nullptr) throw error_at(place, fmt::format("attribute {} is missing", name), "the file is damaged");
  return *value;
}

}  // namespace pool3::store
