#pragma once
// torchvision's inception_v3: what its state_dict calls the layers, and its files of the safetensors container.

#include "weights/layer_rules.hpp"
#include "weights/makers/maker.hpp"

namespace pool3::weights {

/// torchvision's and timm's safetensors.
extern const Maker torchvision_safetensors;

/// Rules of torchvision's state_dict.
[[nodiscard]] LayerRules torchvision_rules();
inline constexpr const char* torchvision_first_tensor = "Conv2d_1a_3x3.conv.weight";

/// torchvision's traits: average pools count the padding.
[[nodiscard]] NetworkTraits torchvision_traits();

}  // namespace pool3::weights
