#include "pool3/evaluation/scoring.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "pool3/error.hpp"

namespace pool3 {
namespace {

constexpr double least_probability = 1e-15;
constexpr double log_loss_unit = 0x1p-32;  // 67 million rows of the worst loss fit

enum Field : std::size_t { hits, truths, predictions, fields };

std::size_t at(std::int32_t k, Field field) { return 2 + static_cast<std::size_t>(k) * fields + field; }

double ratio(double part, double whole) { return whole > 0 ? part / whole : 0.0; }

template <std::size_t N>
std::size_t find_name(std::string_view flag, std::string_view name, const std::array<std::string_view, N>& names) {
  const auto* const found = std::ranges::find(names, name);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  std::string known;
  for (const std::string_view& n : names)
    known += fmt::format("{}{}", known.empty() ? "" : &n == &names.back() ? " or " : ", ", n);
  throw usage_error(fmt::format("{} must be {}", flag, known));
}

}  // namespace

Scoring parse_scoring(std::string_view name) {
  return static_cast<Scoring>(find_name("--scoring", name, scoring_names));
}

Choice parse_choice(std::string_view name) { return static_cast<Choice>(find_name("--choose", name, choice_names)); }

ScoreCounts::ScoreCounts(std::int32_t classes) : counts_(2 + static_cast<std::size_t>(classes) * fields, 0) {}

void ScoreCounts::add(std::int32_t truth, std::int32_t predicted, double probability) {
  ++counts_[0];
  counts_[1] += std::llround(-std::log(std::clamp(probability, least_probability, 1.0)) / log_loss_unit);
  counts_[at(truth, hits)] += truth == predicted ? 1 : 0;
  ++counts_[at(truth, truths)];
  ++counts_[at(predicted, predictions)];
}

void ScoreCounts::sum(const Communicator& comm) { comm.sum(std::span<std::int64_t>(counts_)); }

double ScoreCounts::score(Scoring scoring) const {
  const auto all = static_cast<double>(rows());
  if (scoring == Scoring::log_loss) return static_cast<double>(counts_[1]) * log_loss_unit / all;
  double hit = 0, recall = 0, f1 = 0, occurring = 0, present = 0;
  for (std::int32_t k = 0; at(k, hits) < counts_.size(); ++k) {
    const auto h = static_cast<double>(counts_[at(k, hits)]), t = static_cast<double>(counts_[at(k, truths)]),
               p = static_cast<double>(counts_[at(k, predictions)]);
    hit += h;
    recall += ratio(h, t);
    f1 += ratio(2 * h, t + p);
    occurring += t > 0 ? 1 : 0;
    present += t + p > 0 ? 1 : 0;
  }
  if (scoring == Scoring::balanced_accuracy) return recall / occurring;
  return scoring == Scoring::macro_f1 ? f1 / present : hit / all;
}

double standard_error(std::span<const double> scores) {
  const auto n = static_cast<double>(scores.size());
  if (n < 2) return 0;
  const double mean = std::accumulate(scores.begin(), scores.end(), 0.0) / n;
  double squares = 0;
  for (const double s : scores) squares += (s - mean) * (s - mean);
  return std::sqrt(squares / (n - 1) / n);
}

std::size_t choose(std::span<const Candidate> points, Scoring scoring, Choice choice) {
  const auto worth = [&](const Candidate& c) {
    if (std::isnan(c.mean)) return -HUGE_VAL;
    return more_is_better(scoring) ? c.mean : -c.mean;
  };
  const auto best = std::ranges::max_element(points, {}, worth);  // the first of equals
  const double enough = choice == Choice::best ? worth(*best) : worth(*best) - best->standard_error;
  return static_cast<std::size_t>(std::ranges::find_if(points, [&](const Candidate& c) { return worth(c) >= enough; }) -
                                  points.begin());
}

}  // namespace pool3
