#pragma once
// Where weights are when --weights does not say.

#include <string>

namespace pool3::jobs {

/// `given`, or the first that exists of: $POOL3_WEIGHTS, weights/inception_v3.safetensors in this folder, beside
/// the build tree, and in PREFIX/share/pool3. Throws Error that says how to get them.
[[nodiscard]] std::string find_weights(const std::string& given);

}  // namespace pool3::jobs
