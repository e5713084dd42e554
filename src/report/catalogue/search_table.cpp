#include "report/catalogue/search_table.hpp"

#include <cmath>
#include <limits>
#include <numeric>

#include "pool3/error.hpp"
#include "pool3/evaluation/scoring.hpp"

namespace pool3::report {
namespace {

using Json = nlohmann::ordered_json;

/// Scores of the folds that have rows.
std::vector<double> fold_scores(const Json& point) {
  std::vector<double> scores;
  for (const Json& score : point.contains("fold_scores") ? point.at("fold_scores") : point.at("fold_accuracy"))
    if (!score.is_null()) scores.push_back(score.get<double>());
  return scores;
}

double mean_of(const std::vector<double>& values) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double deviation_of(const std::vector<double>& values) {
  const double mean = mean_of(values);
  double sum = 0;
  for (const double v : values) sum += (v - mean) * (v - mean);
  return values.empty() ? 0 : std::sqrt(sum / static_cast<double>(values.size()));
}

Json page_of(const Json& table) {
  Json out;
  const auto scoring = parse_scoring(table.value("scoring", "accuracy"));
  out["scoring"] = to_string(scoring);
  out["more_is_better"] = more_is_better(scoring);
  out["folds"] = table.at("folds");
  out["points"] = Json::array();
  std::vector<Candidate> candidates;
  std::size_t taken = table.value("best", std::size_t{0});  // among all points; then among those that are shown
  for (const Json& p : table.at("points")) {
    if (p.value("dropped", false)) {  // by halving: its numbers are those of a sample
      taken -= taken > candidates.size() ? 1 : 0;
      continue;
    }
    const std::vector<double> scores = fold_scores(p);
    candidates.push_back({mean_of(scores), standard_error(scores)});
    Json point = {{"kernel", p.value("kernel", "linear")}, {"C", p.at("C")}};
    if (p.contains("gamma")) point["gamma"] = p.at("gamma");
    point["mean"] = candidates.back().mean;
    point["deviation"] = deviation_of(scores);
    point["error"] = candidates.back().standard_error;
    point["seconds"] = p.value("seconds", 0.0);
    point["folds"] = scores;
    out["points"].push_back(std::move(point));
  }
  if (candidates.empty()) return {};
  out["best"] = choose(candidates, scoring, Choice::best);
  out["simplest"] = choose(candidates, scoring, Choice::simplest);
  out["taken"] = table.contains("best") && taken < candidates.size() ? Json(taken) : out["best"];
  return out;
}

}  // namespace

Json search_for_page(const std::string& table) {
  if (const std::string excess = excess_of_json(table); !excess.empty()) throw Error({.cause = excess});
  try {
    const Json parsed = Json::parse(table);
    if (parsed.value("format", "") != "pool3 search") throw Error({.cause = "it is no table of a search"});
    return page_of(parsed);
  } catch (const Json::exception&) {
    throw Error(
        {.cause = "it is damaged, or no table of a search", .advice = "give a file that pool3 search has made"});
  }
}

}  // namespace pool3::report
