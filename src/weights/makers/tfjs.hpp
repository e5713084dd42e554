#pragma once
// TensorFlow.js layers models: a folder with model.json and binary shards.

#include <map>
#include <string>

#include "pool3/weights.hpp"

namespace pool3::weights {

/// A layers model, dequantised.
struct TfjsModel {
  std::map<std::string, Tensor> tensors;  ///< by the manifest's names: "conv2d_1/kernel"
  double epsilon = 1e-3;                  ///< of its batch norms, which all agree
  std::string source;                     ///< "nsfwjs 4.3.0" if a package.json says so, else the folder's name
  std::string sha256;                     ///< of all weight bytes in the manifest's order
};

/// Reads a folder, and no file outside it. Values that the model needs must be float32, whole or quantised to uint8,
/// uint16 or float16. Throws Error (stage "read weights").
[[nodiscard]] TfjsModel read_tfjs(const std::string& folder);

/// The weights of an Inception-v3 in such a folder, with source and SHA-256. Throws Error, or FormatError where it is
/// another network.
[[nodiscard]] Weights read_tfjs_weights(const std::string& folder);

}  // namespace pool3::weights
