// An evaluation that was written as JSON.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "pool3/error.hpp"
#include "pool3/measures.hpp"

namespace pool3 {
namespace {

using Json = nlohmann::ordered_json;

Measures measures_of(const Json& j) {
  Measures m{.top5_accuracy = j.value("top5_accuracy", 0.0)};
  if (const auto found = j.find("accuracy_interval"); found != j.end())
    m.accuracy_interval = {found->at(0).get<double>(), found->at(1).get<double>()};
  m.probabilities = j.contains("log_loss");
  m.log_loss = j.value("log_loss", 0.0);
  m.brier = j.value("brier", 0.0);
  m.calibration_error = j.value("calibration_error", 0.0);
  if (const auto sets = j.find("sets"); sets != j.end()) {
    m.sets = true;
    m.coverage = sets->value("coverage", 0.0);
    m.covered = sets->value("covered", 0.0);
    m.mean_set_size = sets->value("mean_size", 0.0);
  }
  for (const Json& bin : j.value("reliability", Json::array()))
    m.reliability.push_back({.low = bin.at("low"),
                             .high = bin.at("high"),
                             .rows = bin.at("rows"),
                             .confidence = bin.at("confidence"),
                             .accuracy = bin.at("accuracy")});
  return m;
}

SavedEvaluation saved_of(const Json& j) {
  const auto classes = j.at("classes").get<std::vector<std::string>>();
  std::vector<std::int64_t> counts;
  for (const Json& line : j.at("confusion_matrix"))
    for (const Json& rows : line) counts.push_back(rows.get<std::int64_t>());
  const auto none_is_negative = std::ranges::none_of(counts, [](std::int64_t n) { return n < 0; });
  if (counts.size() != classes.size() * classes.size() || !none_is_negative)
    throw Error({.cause = "its confusion matrix does not fit its classes"});
  return {evaluate_counts(classes, std::move(counts)), measures_of(j), j.value("rows_are", "")};
}

}  // namespace

SavedEvaluation evaluation_of_json(const std::string& json) {
  try {
    const Json parsed = Json::parse(json);
    if (!parsed.is_object() || parsed.value("format", "") != "pool3 evaluation")
      throw Error({.cause = "it is no evaluation", .advice = "give a file that pool3 evaluate has made"});
    return saved_of(parsed);
  } catch (const Json::exception& e) {
    throw Error({.cause = std::string("the evaluation can't be read: ") + e.what()});
  }
}

}  // namespace pool3
