#pragma once
// Keras's inception_v3 in an HDF5 file: weights alone or a whole model, with or without its top.

#include <map>
#include <string>
#include <string_view>

#include "pool3/weights.hpp"

namespace pool3 {

/// The folded tensors. Throws FormatError.
[[nodiscard]] std::map<std::string, Tensor> read_keras_h5(std::string_view bytes);

}  // namespace pool3
