#pragma once
// What the messages in an object's header say. Section numbers are those of the HDF5 File Format Specification 3.0.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pool3/hdf5.hpp"

namespace pool3::hdf5 {

// IV.A.2: types of header messages.
constexpr std::uint16_t dataspace_type = 1, link_info_type = 2, datatype_type = 3, link_type = 6, external_type = 7,
                        layout_type = 8, filter_type = 11, attribute_type = 12, continuation_type = 16,
                        symbol_table_type = 17, attribute_info_type = 21;
constexpr std::uint64_t undefined_address = ~std::uint64_t{0};

/// IV.A.2.b
struct Dataspace {
  bool is_null = false;  ///< no value at all
  std::vector<std::uint64_t> dims;
};
[[nodiscard]] Dataspace read_dataspace(std::string_view message);
/// IV.A.2.m: nothing for an attribute of a shared type.
[[nodiscard]] std::optional<Hdf5Attribute> read_attribute(std::string_view message);

/// IV.A.2.g: a link in a header; nothing unless it is a hard one.
struct Link {
  std::string name;
  std::uint64_t address = 0;
};
[[nodiscard]] std::optional<Link> read_link(std::string_view message);

/// Bytes of all values. Throws Hdf5Error where that is more than `limit`.
[[nodiscard]] std::uint64_t bytes_of(const Hdf5Type& type, const std::vector<std::uint64_t>& dims, std::uint64_t limit);

}  // namespace pool3::hdf5
