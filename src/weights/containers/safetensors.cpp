#include "weights/containers/safetensors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "weights/containers/byte_reader.hpp"
#include "weights/containers/json.hpp"
#include "weights/floats.hpp"

namespace pool3::weights {
namespace {

using nlohmann::json;

constexpr std::uint64_t prefix_bytes = 8;
constexpr std::size_t most_dimensions = 8;

[[noreturn]] void fail(const std::string& cause) { throw FormatError(cause); }

struct Extent {
  std::uint64_t begin, end;
  std::string name;
};

std::uint64_t header_length(std::string_view bytes) {
  if (bytes.size() < prefix_bytes) fail("shorter than the header's length field");
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), prefix_bytes);
  return length;
}

json parse_header(std::string_view bytes) {
  const std::uint64_t length = header_length(bytes);
  if (length > JsonLimits{}.bytes) fail("the header's length is beyond reason");
  if (length > bytes.size() - prefix_bytes) fail("the header is longer than the file");
  json header = parse_json(bytes.substr(prefix_bytes, length), "the header");
  if (!header.is_object()) fail("the header is not a JSON object");
  return header;
}

/// An element type of the format.
struct Element {
  std::uint64_t bytes;
  std::optional<FloatType> type;  ///< nothing: whole numbers
};

Element element_of(const json& type, const std::string& name) {
  static const std::map<json, Element> known = {{"F32", {4, FloatType::f32}},
                                                {"F16", {2, FloatType::f16}},
                                                {"BF16", {2, FloatType::bf16}},
                                                {"I64", {8, {}}},
                                                {"I32", {4, {}}},
                                                {"I16", {2, {}}},
                                                {"I8", {1, {}}},
                                                {"U8", {1, {}}},
                                                {"BOOL", {1, {}}}};
  const auto found = known.find(type);
  if (found == known.end()) fail(fmt::format("'{}' is of a type other than F32, F16 and BF16", name));
  return found->second;
}

std::uint64_t checked_bytes(const json& shape, std::uint64_t element_bytes, const std::string& name) {
  if (!shape.is_array() || shape.size() > most_dimensions) fail(fmt::format("bad shape of '{}'", name));
  std::uint64_t bytes = element_bytes;
  for (const json& dimension : shape) {
    if (!dimension.is_number_unsigned()) fail(fmt::format("bad shape of '{}'", name));
    const auto n = dimension.get<std::uint64_t>();
    if (n > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      fail(fmt::format("bad shape of '{}'", name));
    if (n != 0 && bytes > std::numeric_limits<std::uint64_t>::max() / n)
      fail(fmt::format("size of '{}' overflows", name));
    bytes *= n;
  }
  return bytes;
}

Extent checked_extent(const std::string& name, const json& entry, std::uint64_t data_bytes) {
  if (!entry.is_object() || !entry.contains("dtype") || !entry.contains("shape") || !entry.contains("data_offsets")) {
    fail(fmt::format("'{}' lacks dtype, shape or data_offsets", name));
  }
  const Element element = element_of(entry["dtype"], name);
  const json& offsets = entry["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned()) {
    fail(fmt::format("bad data_offsets of '{}'", name));
  }
  Extent extent = {offsets[0].get<std::uint64_t>(), offsets[1].get<std::uint64_t>(), name};
  if (extent.begin > extent.end || extent.end > data_bytes) fail(fmt::format("'{}' lies outside the file", name));
  if (extent.end - extent.begin != checked_bytes(entry["shape"], element.bytes, name)) {
    fail(fmt::format("shape and data_offsets of '{}' disagree", name));
  }
  return extent;
}

void sort_and_check_cover(std::vector<Extent>& extents, std::uint64_t data_bytes) {
  std::ranges::sort(
      extents, [](const Extent& a, const Extent& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  std::uint64_t end = 0;
  for (const Extent& extent : extents) {
    if (extent.begin < end) fail(fmt::format("'{}' overlaps another tensor", extent.name));
    if (extent.begin > end) fail(fmt::format("unused bytes before '{}'", extent.name));
    end = extent.end;
  }
  if (end != data_bytes) fail("unused bytes after the last tensor");
}

std::map<std::string, std::string> parse_metadata(const json& metadata) {
  if (!metadata.is_object()) fail("__metadata__ is not an object");
  std::map<std::string, std::string> out;
  for (const auto& [key, value] : metadata.items()) {
    if (!value.is_string()) fail("__metadata__ holds something that is not a string");
    out[key] = value.get<std::string>();
  }
  return out;
}

Tensor copy_tensor(const json& entry, const std::string& name, std::string_view data) {
  const std::optional<FloatType> type = element_of(entry["dtype"], name).type;
  return {.shape = entry["shape"].get<std::vector<std::int64_t>>(),
          .values = type ? floats_of(data, *type) : std::vector<float>{}};
}

}  // namespace

bool looks_like_safetensors(std::string_view bytes) {
  return bytes.size() > prefix_bytes && bytes[prefix_bytes] == '{';
}

std::map<std::string, std::string> safetensors_metadata(std::string_view bytes) {
  const json header = parse_header(bytes);
  const auto found = header.find("__metadata__");
  return found == header.end() ? std::map<std::string, std::string>{} : parse_metadata(*found);
}

std::optional<std::uint64_t> safetensors_head_bytes(std::string_view bytes) {
  const std::uint64_t length = header_length(bytes);
  if (length > JsonLimits{}.bytes) return {};
  return prefix_bytes + length;
}

Safetensors parse_safetensors(std::string_view bytes) {
  const std::uint64_t head = safetensors_head_bytes(bytes).value_or(bytes.size());
  const std::string_view data = bytes.substr(std::min<std::uint64_t>(head, bytes.size()));
  return parse_safetensors(bytes, data.size(),
                           [&](std::uint64_t begin, std::uint64_t end) { return data.substr(begin, end - begin); });
}

Safetensors parse_safetensors(std::string_view head, std::uint64_t data_bytes, const DataOf& data) {
  const json header = parse_header(head);
  Safetensors out;
  std::vector<Extent> extents;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      out.metadata = parse_metadata(entry);
    } else {
      extents.push_back(checked_extent(name, entry, data_bytes));
    }
  }
  sort_and_check_cover(extents, data_bytes);
  for (const Extent& extent : extents)
    out.tensors[extent.name] = copy_tensor(header[extent.name], extent.name, data(extent.begin, extent.end));
  return out;
}

std::string safetensors_header(const std::map<std::string, std::string>& metadata,
                               const std::map<std::string, Tensor>& tensors) {
  json header = {{"__metadata__", metadata}};
  std::uint64_t end = 0;
  for (const auto& [name, tensor] : tensors) {
    const std::uint64_t begin = end;
    end += tensor.values.size() * sizeof(float);
    header[name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {begin, end}}};
  }
  std::string text = header.dump(-1, ' ', false, json::error_handler_t::replace);
  text.append((64 - (prefix_bytes + text.size()) % 64) % 64, ' ');
  const std::uint64_t length = text.size();
  std::string bytes(prefix_bytes, '\0');
  std::memcpy(bytes.data(), &length, prefix_bytes);
  return bytes + text;
}

}  // namespace pool3::weights
