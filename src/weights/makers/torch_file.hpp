#pragma once
// Files of torch.save: a zip archive, or before torch 1.6 a run of pickles.

#include <map>
#include <string>
#include <string_view>

#include "pool3/weights.hpp"

namespace pool3 {

/// True for a zip archive and for torch's old format.
[[nodiscard]] bool looks_like_torch_file(std::string_view bytes);

/// True for a zip archive of torch.jit.save, which holds code. Throws FormatError for a damaged archive.
[[nodiscard]] bool is_torchscript(std::string_view bytes);

/// The folded tensors of the state_dict of torchvision's inception_v3. Throws FormatError.
[[nodiscard]] std::map<std::string, Tensor> read_torch_file(std::string_view bytes);

}  // namespace pool3
