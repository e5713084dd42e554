#include "pool3/store/model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "pool3/error.hpp"
#include "pool3/training.hpp"
#include "training/support_vectors.hpp"

namespace pool3 {
namespace {

std::vector<double> relative_gaps(const Fit& fit) {
  std::vector<double> gaps;
  for (std::size_t j = 0; j < fit.gap.size(); ++j)
    gaps.push_back(fit.primal[j] > 0 ? fit.gap[j] / fit.primal[j] : fit.gap[j]);
  return gaps;
}

/// A model of NaN would be worse than none.
void check_finite(const Model& model) {
  const auto finite = [](const std::vector<double>& values) {
    return std::ranges::all_of(values, [](double v) { return std::isfinite(v); });
  };
  if (std::isfinite(model.objective) && finite(model.coef) && finite(model.intercept) && finite(model.column_gaps))
    return;
  throw Error({.cause = fmt::format("no answer in the numbers of this machine at C = {}", model.C),
               .advice = "lower --C, or leave out --no-centering"},
              true);
}

/// A column that has seen no row of its class says about -1 of all rows, and would win where others say less. Its score
/// becomes one that nothing is below. Votes of pairs never go so far.
void rule_out_unseen(Model& model, const std::vector<std::int64_t>& class_rows) {
  constexpr double never = -1e6;
  if (model.multiclass == Multiclass::one_vs_one) return;
  for (std::size_t k = 0; k < class_rows.size(); ++k) {
    if (class_rows[k] > 0) continue;
    model.intercept[k] = never;
    if (model.sigmoid_a.empty()) continue;
    model.sigmoid_a[k] = -1;
    model.sigmoid_b[k] = 0;
  }
}

}  // namespace

Model make_model(const Communicator& comm, const FeatureReader& reader, const TrainingSet& set,
                 const TrainingOptions& options, const ClassFit& solved, const Calibration& calibration,
                 const std::string& config) {
  const Fit& fit = solved.fit;
  Model model{.classes = reader.classes(),
              .kernel = options.kernel.kernel,
              .multiclass = options.kernel.multiclass,
              .coef = solved.classifier.coef,
              .intercept = solved.classifier.intercept,
              .sigmoid_a = calibration.sigmoids.a,
              .sigmoid_b = calibration.sigmoids.b,
              .temperature = calibration.temperature,
              .held_out_truth = calibration.coverage.truth,
              .calibration_rows = calibration.coverage.rows,
              .features = reader.provenance(),
              .loss = options.solver.loss == Loss::l1 ? "l1" : "l2",
              .class_weight = options.balanced ? "balanced" : "none",
              .C = options.C,
              .bias = options.solver.bias,
              .tolerance = options.solver.tolerance,
              .centering = options.centering,
              .center_scale = set.standardisation.scale,
              .seed = options.split.seed,
              .test_fraction = options.split.test_fraction,
              .split = std::string(to_string(options.split.rule)),
              .grouped = !options.split.groups_of_rows.empty(),
              .training_rows = set.rows(),
              .objective = fit.objective(),
              .relative_gap = fit.relative_gap(),
              .column_gaps = relative_gaps(fit),
              .epochs = fit.epochs,
              .config = config};
  check_finite(model);
  comm.root_does([&] {
    model.split_table =
        split_table(reader, options.split, options.probability_folds, options.search_folds, options.row_weights);
  });
  if (model.kernel == Kernel::rbf) model.intercept = set.map ? fit.intercept : solved.kernel->intercepts();
  rule_out_unseen(model, set.class_rows);
  if (model.kernel == Kernel::linear) return model;
  comm.root_does([&] {
    if (set.map)
      training::add_landmarks(model, reader, set, fit);
    else
      training::add_support_vectors(model, reader, set, *solved.kernel);
  });
  return model;
}

std::string certificate_json(const Model& model, const ClassFit& fit, int ranks) {
  nlohmann::ordered_json j;
  j["rows"] = model.training_rows;
  j["C"] = model.C;
  j["objective"] = model.objective;
  j["relative_gap"] = model.relative_gap;
  j["tolerance"] = model.tolerance;
  if (fit.landmarks > 0) j["landmarks"] = fit.landmarks;
  j["converged"] = fit.fit.converged;
  j["passes"] = fit.fit.epochs;
  j["seconds"] = fit.fit.seconds;
  j["ranks"] = ranks;
  j["bytes_sent"] = fit.fit.bytes_sent;
  j["communication_calls"] = fit.spent.calls;
  j["communication_seconds"] = fit.spent.seconds;
  for (std::size_t k = 0; k < model.classes.size(); ++k)
    j["classes"].push_back({{"name", utf8_text(model.classes[k])}, {"relative_gap", model.column_gaps[k]}});
  return j.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace pool3
