#pragma once
// The safetensors container: u64 little-endian header length, JSON header, data.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "pool3/weights.hpp"

namespace pool3::weights {

/// What a file holds.
struct Safetensors {
  std::map<std::string, std::string> metadata;
  std::map<std::string, Tensor> tensors;  ///< F32, F16 and BF16; whole numbers are left without values
};

/// True if `bytes` begin like a safetensors file.
[[nodiscard]] bool looks_like_safetensors(std::string_view bytes);

/// The metadata alone; empty if there is none. Throws FormatError.
[[nodiscard]] std::map<std::string, std::string> safetensors_metadata(std::string_view bytes);

/// Throws FormatError unless the header is sound and its tensors cover the data exactly, without gap or overlap.
[[nodiscard]] Safetensors parse_safetensors(std::string_view bytes);

/// Bytes [begin, end) of a file's data. The view holds until the next call.
using DataOf = std::function<std::string_view(std::uint64_t begin, std::uint64_t end)>;
/// The same for data that are not in memory yet: `head` is what lies before them. Once the header is found sound, asks
/// for every tensor's bytes once, in their order in the file.
[[nodiscard]] Safetensors parse_safetensors(std::string_view head, std::uint64_t data_bytes, const DataOf& data);

/// Bytes before the data; nothing if `bytes`, eight or more, do not begin like a header of a sound length.
[[nodiscard]] std::optional<std::uint64_t> safetensors_head_bytes(std::string_view bytes);

/// The part of a safetensors file before the tensors' data, which follows it in the order of `tensors`. The same
/// arguments give the same bytes. Padded with spaces, so that the data begins at a multiple of 64.
[[nodiscard]] std::string safetensors_header(const std::map<std::string, std::string>& metadata,
                                             const std::map<std::string, Tensor>& tensors);

}  // namespace pool3::weights
