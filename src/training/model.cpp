#include "pool3/model.hpp"

#include <nlohmann/json.hpp>

#include "pool3/training.hpp"

namespace pool3 {
namespace {

std::vector<double> relative_gaps(const Fit& fit) {
  std::vector<double> gaps;
  for (std::size_t j = 0; j < fit.gap.size(); ++j)
    gaps.push_back(fit.primal[j] > 0 ? fit.gap[j] / fit.primal[j] : fit.gap[j]);
  return gaps;
}

}  // namespace

Model make_model(const FeatureReader& reader, const TrainingSet& set, const TrainingOptions& options, const Fit& fit,
                 const Calibration& calibration, const std::string& config) {
  LinearClassifier classifier = unfold(fit, set.standardisation, set.problem.classes);
  return {.classes = reader.classes(),
          .coef = std::move(classifier.coef),
          .intercept = std::move(classifier.intercept),
          .sigmoid_a = calibration.sigmoids.a,
          .sigmoid_b = calibration.sigmoids.b,
          .temperature = calibration.temperature,
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
          .training_rows = set.rows(),
          .objective = fit.objective(),
          .relative_gap = fit.relative_gap(),
          .column_gaps = relative_gaps(fit),
          .epochs = fit.epochs,
          .config = config};
}

std::string certificate_json(const Model& model, const ClassFit& fit, int ranks) {
  nlohmann::ordered_json j;
  j["rows"] = model.training_rows;
  j["C"] = model.C;
  j["objective"] = model.objective;
  j["relative_gap"] = model.relative_gap;
  j["tolerance"] = model.tolerance;
  j["converged"] = fit.fit.converged;
  j["passes"] = fit.fit.epochs;
  j["seconds"] = fit.fit.seconds;
  j["ranks"] = ranks;
  j["bytes_sent"] = fit.fit.bytes_sent;
  j["communication_calls"] = fit.spent.calls;
  j["communication_seconds"] = fit.spent.seconds;
  for (std::size_t k = 0; k < model.classes.size(); ++k)
    j["classes"].push_back({{"name", model.classes[k]}, {"relative_gap", model.column_gaps[k]}});
  return j.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace pool3
