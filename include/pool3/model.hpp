#pragma once
// The model file: a linear one-vs-rest classifier and how it was made. See docs/format.md.

#include <cstdint>
#include <string>
#include <vector>

#include "pool3/features.hpp"

namespace pool3 {

/// A trained classifier: score of class k is dot(coef[k], x) + intercept[k] on raw features x; the highest wins,
/// the first of equals. Standardisation is folded into coef and intercept.
struct Model {
  std::vector<std::string> classes;  ///< [K]
  std::vector<double> coef;          ///< [K, width] row-major
  std::vector<double> intercept;     ///< [K]
  std::vector<double> sigmoid_a;     ///< [K] Platt: P(k | x) ~ 1 / (1 + exp(a score + b)); empty if not calibrated
  std::vector<double> sigmoid_b;     ///< [K]
  Provenance features;               ///< of the features it was trained on

  // How it was trained.
  std::string loss;          ///< "l2" (squared hinge) or "l1" (hinge)
  std::string class_weight;  ///< "none" or "balanced"
  double C = 1;
  double bias = 1;
  double tolerance = 0;
  bool centering = true;
  double center_scale = 1;  ///< features were divided by this after centring
  std::uint64_t seed = 42;  ///< of the split
  double test_fraction = 0.2;
  std::string split = "key";  ///< or "stratified": which rows are held out, see SplitRule of training.hpp
  std::int64_t training_rows = 0;

  // The certificate.
  double objective = 0;             ///< primal, summed over classes
  double relative_gap = 0;          ///< duality gap / primal, both summed over classes
  std::vector<double> column_gaps;  ///< [K] relative gap of each class
  std::int64_t epochs = 0;
  std::string config;  ///< resolved configuration, JSON

  /// Features of a row; 0 without classes.
  [[nodiscard]] std::int64_t width() const {
    return classes.empty() ? 0 : static_cast<std::int64_t>(coef.size() / classes.size());
  }
};

/// How the features of `reader` differ from those that the model is for, in kind, width or classes, or "".
[[nodiscard]] std::string features_difference(const FeatureReader& reader, const Model& model);

/// Writes a model file under a temporary name, syncs, renames. Call on one rank. Throws Error.
void write_model(const Model& model, const std::string& path);
/// Reads a model file and checks its checksums. Not collective. Throws Error.
[[nodiscard]] Model read_model(const std::string& path);

}  // namespace pool3
