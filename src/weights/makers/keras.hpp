#pragma once
// Keras's inception_v3 in an HDF5 file: weights alone or a whole model, with or without its top.

#include <map>
#include <string>
#include <string_view>

#include "weights/makers/maker.hpp"

namespace pool3::weights {

extern const Maker keras_file;

/// The folded tensors. Throws FormatError.
[[nodiscard]] std::map<std::string, Tensor> read_keras_h5(std::string_view bytes);

}  // namespace pool3::weights
