#pragma once
// How a picture becomes the network's input, as nodes: the same arithmetic as to_input() has.

#include <string>

#include "pool3/image.hpp"

namespace pool3::exchange::onnx {

/// From `picture`, uint8 [N, height, width, channels], to `input`, float [N, 3, 299, 299]. Channels beyond three are
/// left out.
[[nodiscard]] std::string resize_nodes(InputProfile profile);

}  // namespace pool3::exchange::onnx
