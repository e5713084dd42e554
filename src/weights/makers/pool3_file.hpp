#pragma once
// pool3's own weights files: safetensors with traits and source in their metadata.

#include <cstdint>
#include <string>
#include <string_view>

#include "weights/containers/safetensors.hpp"
#include "weights/makers/maker.hpp"

namespace pool3::weights {

extern const Maker pool3_file;

/// What pool3_file.read() does, for a file whose data are not in memory; see parse_safetensors().
[[nodiscard]] Weights read_pool3_file(std::string_view head, std::uint64_t data_bytes, const DataOf& data);

/// The tensors as a file holds them: those of the codes as "NAME.step" and "NAME.mean" among the others.
[[nodiscard]] std::map<std::string, Tensor> stored_tensors(const Weights& weights);

/// The part of a file before the data of stored_tensors(), which follow in their order.
[[nodiscard]] std::string pool3_file_header(const Weights& weights, const std::map<std::string, Tensor>& stored);

}  // namespace pool3::weights
