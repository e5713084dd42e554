#pragma once
// The check that every way in shares.

#include <string>

#include "pool3/weights.hpp"

namespace pool3 {

/// Throws Error (stage "read weights", path `path`) unless `weights` hold exactly the tensors of an Inception-v3,
/// with their shapes, all finite.
void check_weights(const Weights& weights, const std::string& path);

}  // namespace pool3
