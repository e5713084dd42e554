#pragma once
// Weights of Inception-v3: the files they come in, and what they are in memory. No MPI.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pool3/image.hpp"

namespace pool3 {

/// float32 tensor, row-major.
struct Tensor {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

/// What differs between the networks that are all called Inception-v3.
struct NetworkTraits {
  bool average_pool_counts_padding = false;  ///< torchvision: true; TensorFlow and Keras: false
  bool max_pool_in_7c = false;               ///< pool branch of Mixed_7c: max (tf2015) or average
  InputProfile profile = InputProfile::nsfwjs;
};

/// The codes that stand for the output of a convolution after ReLU: a value is its code times the step.
struct ChannelCodes {
  std::vector<float> steps;  ///< [channels], each above 0
  std::vector<float> means;  ///< [channels] of the values, over the pictures of the calibration
};

/// All 94 convolutions with their batch norm folded in: "NAME.weight" [out, in, kh, kw] and
/// "NAME.bias" [out], NAME as in torchvision's inception_v3, e.g. "Mixed_5b.branch5x5_1".
struct Weights {
  NetworkTraits traits;
  std::string source;  ///< where they came from, for people: "nsfwjs 4.3.0"
  std::string sha256;  ///< 64 hex digits: of the file that was read, or of a folder's weight bytes, unpacked and
                       ///< joined in the manifest's order
  std::map<std::string, Tensor> tensors;
  /// Of calibrated weights: the codes of each convolution that has_codes(). int8 needs them, other precisions leave
  /// them alone. Else empty. Files of early pool3 lack the fine ones: int8 then is what it was when they were made.
  std::map<std::string, ChannelCodes> codes = {};
  /// The bytes of a TorchScript archive, which is a network of its own; there are no tensors then, and of the traits
  /// only the profile counts, which the caller must know.
  std::string torchscript = {};
};

/// One of the 94 convolutions (each followed by ReLU).
struct ConvolutionShape {
  std::string name;  ///< torchvision's name
  int in_channels = 0, out_channels = 0;
  int kernel_height = 0, kernel_width = 0;
  int stride = 0, pad_height = 0, pad_width = 0;
};
/// The convolutions in the order in which torchvision's module defines them, which is also Keras's numbering.
[[nodiscard]] const std::vector<ConvolutionShape>& convolution_shapes();

/// Whether a convolution's output is in codes where weights are calibrated. It stays bfloat16 where they would go into
/// the features at once (the last block's outputs).
[[nodiscard]] bool has_codes(std::string_view convolution);
/// Whether these codes are of 11 bits, 0 to 2047, not of 8: the first two layers', whose errors all others inherit.
[[nodiscard]] bool has_fine_codes(std::string_view convolution);

/// Reads a weights file or folder, recognised by content: pool3's own safetensors; torchvision's or timm's
/// safetensors; torchvision's state_dict of torch.save; Keras's HDF5; TensorFlow's frozen GraphDef of 2015; or the
/// folder of a TensorFlow.js layers model (model.json with bins). A TorchScript archive is taken as it is.
/// Nothing in a file is run here. Throws Error (stage "read weights") for a missing, truncated, hostile or wrong file.
/// Not collective.
[[nodiscard]] Weights read_weights(const std::string& path);

/// Throws Error (stage "read weights", path `path`) unless `weights` hold exactly the tensors of an Inception-v3, with
/// their shapes, all finite, and sound codes for all layers or none. A TorchScript archive is not looked at.
void check_weights(const Weights& weights, const std::string& path);

/// Writes pool3's own format: safetensors with traits and source in its metadata, codes as "NAME.step" and "NAME.mean";
/// the same weights give the same bytes. The file appears whole or not at all. Throws Error.
void write_weights(const Weights& weights, const std::string& path);

/// SHA-256 of a file, 64 hex digits. Throws Error.
[[nodiscard]] std::string sha256_of_file(const std::string& path);

}  // namespace pool3
