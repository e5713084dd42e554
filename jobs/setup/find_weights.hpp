#pragma once
// Where weights are when --weights does not say, and whether they are those of a model.

#include <string>

#include "pool3/network.hpp"
#include "pool3/store/features.hpp"
#include "pool3/store/model.hpp"

namespace pool3::jobs {

/// `given`, or the first that exists of: $POOL3_WEIGHTS, weights/inception_v3.safetensors in this folder, beside
/// the build tree, and in PREFIX/share/pool3. Throws Error that says how to get them.
[[nodiscard]] std::string find_weights(const std::string& given);

/// The weights at find_weights(given), with the profile of the model's features. Throws Error of this stage if the
/// model was trained on features of other weights.
[[nodiscard]] Weights weights_of_model(const Model& model, const std::string& model_path, const std::string& given,
                                       const std::string& stage);

/// The same for the rows of a feature file.
[[nodiscard]] Weights weights_of_features(const Provenance& features, const std::string& features_path,
                                          const std::string& given, const std::string& stage);

}  // namespace pool3::jobs
