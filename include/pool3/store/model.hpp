#pragma once
// The model file: a linear or kernel classifier and how it was made. See docs/format.md. Its scores: prediction.hpp.

#include <cstdint>
#include <string>
#include <vector>

#include "pool3/partition/split_sides.hpp"
#include "pool3/store/features.hpp"

namespace pool3 {

/// What a kernel classifier keeps. Column j has f_j(x) = sum_i dual_coef(j, i) exp(-gamma |x - s_i|^2) + intercept[j]
/// on raw features x: distances don't depend on centring, and the scale is folded into gamma.
struct SupportVectors {
  std::vector<float> x;              ///< [S, width] row-major, raw features, in the order of their classes
  bool as_halves = false;            ///< all are float16 numbers, and stored as these
  std::vector<std::int32_t> labels;  ///< [S], ascending
  /// One-vs-rest: [K, S]. One-vs-one: [K - 1, S] as LIBSVM has it: with i of class a and b > a, the column (a, b) has
  /// for i row b - 1, and for i of class b row a.
  std::vector<double> dual_coef;
  double gamma = 0;  ///< on raw features
  bool operator==(const SupportVectors&) const = default;
};

/// Where each row of the file is that a model was trained on. All are empty in older models.
struct SplitTable {
  std::vector<RowSide> sides;              ///< [rows of that file]
  std::vector<std::int16_t> folds;         ///< [rows of that file] those of the probabilities, -1: in none; or empty
  std::vector<std::int16_t> search_folds;  ///< the same of the search that chose C; or empty
  bool operator==(const SplitTable&) const = default;
};

/// A trained classifier. Linear: the score of class k is dot(coef[k], x) + intercept[k] on raw features x; the highest
/// wins, the first of equals. Standardisation is folded into coef and intercept. RBF: see SupportVectors; one-vs-one
/// has a column for each pair of classes, (0, 1), (0, 2), ..., (1, 2), ..., above 0 for the first of them.
struct Model {
  std::vector<std::string> classes;  ///< [K]
  Kernel kernel = Kernel::linear;
  Multiclass multiclass = Multiclass::one_vs_rest;  ///< one_vs_one only with the RBF kernel
  std::vector<double> coef;                         ///< [K, width] row-major; empty unless linear
  SupportVectors support;                           ///< empty if linear
  std::vector<double> intercept;                    ///< [columns()]
  std::vector<double> sigmoid_a;  ///< [columns()] Platt: P(k | x) ~ 1 / (1 + exp(a f + b)); empty if not calibrated
  std::vector<double> sigmoid_b;  ///< [columns()]
  double temperature = 0;         ///< P(k | x) = softmax(temperature * scores); 0: sigmoids, or not calibrated
  /// What prediction sets need, of rows that the folds of a training had not seen: probabilities of their true classes,
  /// rising, in even steps from the least to the most, at most 1,001. Empty in older models, and without probabilities.
  std::vector<double> held_out_truth;
  std::int64_t calibration_rows = 0;  ///< of which they are
  Provenance features;                ///< of the features it was trained on

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
  std::string split = "key";  ///< or "stratified" ...: which rows are held out, see SplitRule of training.hpp
  bool grouped = false;       ///< some rows were kept together
  SplitTable split_table;     ///< what write_model() writes; read_model() leaves it empty
  std::int64_t training_rows = 0;

  // The certificate.
  double objective = 0;             ///< primal, summed over classes
  double relative_gap = 0;          ///< duality gap / primal, both summed over classes
  std::vector<double> column_gaps;  ///< [columns()] relative gap of each
  std::int64_t epochs = 0;
  std::string config;  ///< resolved configuration, JSON

  /// Features of a row; 0 without classes.
  [[nodiscard]] std::int64_t width() const {
    if (kernel == Kernel::linear) return classes.empty() ? 0 : static_cast<std::int64_t>(coef.size() / classes.size());
    return support.labels.empty() ? 0 : static_cast<std::int64_t>(support.x.size() / support.labels.size());
  }
  /// Classes, or pairs of classes.
  [[nodiscard]] std::int64_t columns() const {
    const auto k = static_cast<std::int64_t>(classes.size());
    return multiclass == Multiclass::one_vs_one ? k * (k - 1) / 2 : k;
  }
};

/// How the features of `reader` differ from those that the model is for, in kind or width, or "".
[[nodiscard]] std::string input_difference(const FeatureReader& reader, const Model& model);
/// The same, in kind, width or classes.
[[nodiscard]] std::string features_difference(const FeatureReader& reader, const Model& model);

/// Writes a model file under a temporary name, syncs, renames. Call on one rank. Throws Error.
void write_model(const Model& model, const std::string& path);
/// Reads a model file and checks its checksums. Not collective. Throws Error.
[[nodiscard]] Model read_model(const std::string& path);
/// The table of its split. Not collective. Throws Error.
[[nodiscard]] SplitTable read_split_table(const std::string& path);

}  // namespace pool3
