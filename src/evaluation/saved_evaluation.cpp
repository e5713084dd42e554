// An evaluation that was written as JSON.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "pool3/error.hpp"
#include "pool3/error/names.hpp"
#include "pool3/evaluation/measures.hpp"

namespace pool3 {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t most_rows = std::int64_t{1} << 40;  // of an evaluation: far more than any catalogue has

bool is_share(double value) { return value >= 0 && value <= 1; }

/// Counts of rows, and shares of them. Throws Error for others.
void check(const SavedEvaluation& saved) {
  const bool shares = is_share(saved.measures.top5_accuracy) && is_share(saved.measures.coverage) &&
                      is_share(saved.measures.covered) && is_share(saved.measures.accuracy_interval.low) &&
                      is_share(saved.measures.accuracy_interval.high);
  const bool bins = std::ranges::all_of(saved.measures.reliability, [&](const ReliabilityBin& bin) {
    return bin.rows >= 0 && bin.rows <= saved.evaluation.macro.support && is_share(bin.accuracy) &&
           is_share(bin.confidence) && is_share(bin.low) && is_share(bin.high);
  });
  if (!shares || !bins) throw Error({.cause = "it has numbers that can't be", .advice = "make it with pool3 evaluate"});
}

/// The cells of a confusion matrix. Throws Error where they can't be.
std::vector<std::int64_t> counts_of(const Json& matrix, std::size_t classes) {
  std::vector<std::int64_t> counts;
  std::int64_t sum = 0;
  bool sound = true;
  for (const Json& line : matrix)
    for (const Json& cell : line) {
      const auto rows = cell.is_number_integer() ? cell.get<std::int64_t>() : -1;
      sound = sound && rows >= 0 && rows <= most_rows - sum;
      if (sound) sum += rows;
      counts.push_back(rows);
    }
  if (!sound || counts.size() != classes * classes)
    throw Error({.cause = "its confusion matrix does not fit its classes, or has counts that can't be"});
  return counts;
}

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
  std::vector<std::string> classes;
  for (const Json& name : j.at("classes")) classes.push_back(text_of_utf8(name.get<std::string>()));
  SavedEvaluation saved{evaluate_counts(classes, counts_of(j.at("confusion_matrix"), classes.size())), measures_of(j),
                        j.value("rows_are", "")};
  check(saved);
  return saved;
}

}  // namespace

SavedEvaluation evaluation_of_json(const std::string& json) {
  if (const std::string excess = excess_of_json(json); !excess.empty()) throw Error({.cause = excess});
  try {
    const Json parsed = Json::parse(json);
    if (!parsed.is_object() || parsed.value("format", "") != "pool3 evaluation")
      throw Error({.cause = "it is no evaluation", .advice = "give a file that pool3 evaluate has made"});
    return saved_of(parsed);
  } catch (const Json::exception&) {
    throw Error({.cause = "it is damaged, or no evaluation", .advice = "give a file that pool3 evaluate has made"});
  }
}

}  // namespace pool3
