#pragma once
// TensorFlow's frozen Inception-v3 of December 2015, "classify_image_graph_def.pb".

#include <map>
#include <string>
#include <string_view>

#include "weights/layer_rules.hpp"
#include "weights/makers/maker.hpp"

namespace pool3::weights {

extern const Maker graphdef_file;

struct GraphWeights {
  NetworkTraits traits;
  std::map<std::string, Tensor> tensors;
};

/// True if `bytes` begin with a node of a GraphDef.
[[nodiscard]] bool looks_like_graphdef(std::string_view bytes);

/// Throws FormatError unless the bytes are a GraphDef that holds that network.
[[nodiscard]] GraphWeights read_graphdef(std::string_view bytes);

/// What the graph calls a convolution of torchvision's name: "Mixed_7b.branch3x3dbl_3b" is
/// "mixed_9/tower_1/mixed/conv_1".
[[nodiscard]] std::string graphdef_name(const std::string& torchvision_name);

}  // namespace pool3::weights
