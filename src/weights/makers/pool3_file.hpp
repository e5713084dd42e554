#pragma once
// pool3's own weights files: safetensors with traits and source in their metadata.

#include <string>
#include <string_view>

#include "weights/makers/maker.hpp"

namespace pool3::weights {

extern const Maker pool3_file;

/// The tensors as a file holds them: those of the codes as "NAME.step" and "NAME.mean" among the others.
[[nodiscard]] std::map<std::string, Tensor> stored_tensors(const Weights& weights);

/// The part of a file before the data of stored_tensors(), which follow in their order.
[[nodiscard]] std::string pool3_file_header(const Weights& weights, const std::map<std::string, Tensor>& stored);

}  // namespace pool3::weights
