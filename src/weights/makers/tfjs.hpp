#pragma once
// TensorFlow.js layers models: a folder with model.json and binary shards, or with UMD modules of the same.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "pool3/weights.hpp"

namespace pool3 {

/// A layers model, dequantised.
struct TfjsModel {
  std::map<std::string, Tensor> tensors;  ///< by the manifest's names: "conv2d_1/kernel"
  double epsilon = 1e-3;                  ///< of its batch norms, which all agree
  std::string source;                     ///< "nsfwjs 4.3.0" if a package file says so, else the folder's name
  std::string sha256;                     ///< of all weight bytes in the manifest's order
};

/// Reads a folder. Values that the model needs must be float32, whole or quantised to uint8, uint16 or float16.
/// Reads no file outside the folder but the package.json of the npm package that the folder belongs to. Throws
/// Error (stage "read weights").
[[nodiscard]] TfjsModel read_tfjs(const std::string& folder);

}  // namespace pool3
