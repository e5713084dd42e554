#pragma once
// Files of torch.save: a zip archive, or before torch 1.6 a run of pickles.

#include <map>
#include <string>
#include <string_view>

#include "weights/makers/maker.hpp"

namespace pool3::weights {

/// A state_dict that torch.save wrote.
extern const Maker torch_file;
/// What torch.jit.save wrote: taken as it is.
extern const Maker torchscript_file;

/// True for a zip archive and for torch's old format.
[[nodiscard]] bool looks_like_torch_file(std::string_view bytes);

/// The folded tensors of the state_dict of torchvision's inception_v3. Throws FormatError.
[[nodiscard]] std::map<std::string, Tensor> read_torch_file(std::string_view bytes);

}  // namespace pool3::weights
