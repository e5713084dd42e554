#include <algorithm>
#include <numeric>

#include "pool3/prediction.hpp"
#include "pool3/svm/calibration.hpp"

namespace pool3 {
bool has_probabilities(const Model& model) {
  if (model.temperature > 0) return true;
  return !model.sigmoid_a.empty() && std::ranges::all_of(model.sigmoid_a, [](double a) { return a <= 0; });
}

std::vector<std::int32_t> Verdict::ranking() const {
  std::vector<std::int32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  const auto at = [](const std::vector<double>& values, std::int32_t k) { return values[static_cast<std::size_t>(k)]; };
  std::ranges::stable_sort(order, [&](std::int32_t a, std::int32_t b) {
    if (!probabilities.empty() && at(probabilities, a) != at(probabilities, b))
      return at(probabilities, a) > at(probabilities, b);
    return at(scores, a) > at(scores, b);
  });
  return order;
}

Verdict verdict(const Model& model, std::span<const double> decision_values) {
  Verdict said;
  said.scores = class_scores(model, {decision_values.begin(), decision_values.end()});
  if (has_probabilities(model)) {
    if (model.temperature > 0) {
      said.probabilities = softmax(said.scores, model.temperature);
    } else if (model.multiclass == Multiclass::one_vs_one) {
      said.probabilities = pair_probabilities(decision_values, model.sigmoid_a, model.sigmoid_b,
                                              static_cast<std::int32_t>(model.classes.size()));
    } else {
      said.probabilities = normalised_sigmoids(said.scores, model.sigmoid_a, model.sigmoid_b);
    }
  }
  said.predicted = most_probable(said.probabilities.empty() ? said.scores : said.probabilities, said.scores);
  return said;
}

bool has_sets(const Model& model) { return has_probabilities(model) && model.calibration_rows > 0; }

double set_threshold(const Model& model, double coverage) {
  return Coverage{model.held_out_truth, model.calibration_rows}.threshold(coverage);
}

std::vector<std::int32_t> prediction_set(const Verdict& said, double threshold) {
  std::vector<std::int32_t> set = said.ranking();
  const auto end = std::find_if(set.begin() + 1, set.end(), [&](std::int32_t k) {
    return said.probabilities[static_cast<std::size_t>(k)] < threshold;
  });
  set.erase(end, set.end());
  return set;
}

}  // namespace pool3
