#include "pool3/evaluation.hpp"

#include <fmt/format.h>

#include <Eigen/Core>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "evaluation/text_width.hpp"
#include "pool3/error.hpp"
#include "pool3/evaluation/measures.hpp"

namespace pool3 {
namespace {

using evaluation::length;
using evaluation::pad_left;

constexpr std::size_t most_confused_in_json = 50;

using Counts = Eigen::Matrix<std::int64_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// [K, K]: row true class, column predicted class.
Eigen::Map<const Counts> confusion_of(const Evaluation& e) {
  const auto n = static_cast<Eigen::Index>(e.classes.size());
  return {e.confusion.data(), n, n};
}

double ratio(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0.0;
}

/// True if class k is in truth or predictions.
bool occurs(const Eigen::Map<const Counts>& confusion, Eigen::Index k) {
  return confusion.row(k).sum() + confusion.col(k).sum() > 0;
}

ClassScores scores_of(const Eigen::Map<const Counts>& confusion, Eigen::Index k) {
  const std::int64_t hits = confusion(k, k), truth = confusion.row(k).sum(), predicted = confusion.col(k).sum();
  return {.precision = ratio(hits, predicted),
          .recall = ratio(hits, truth),
          .f1 = ratio(2 * hits, truth + predicted),
          .support = truth};
}

void add(ClassScores& sum, const ClassScores& s, double weight) {
  sum.precision += weight * s.precision;
  sum.recall += weight * s.recall;
  sum.f1 += weight * s.f1;
}

nlohmann::json json_of(const ClassScores& s) {
  return {{"precision", s.precision}, {"recall", s.recall}, {"f1", s.f1}, {"support", s.support}};
}

nlohmann::ordered_json json_of(const Measures& m) {
  nlohmann::ordered_json j;
  j["accuracy_interval"] = {m.accuracy_interval.low, m.accuracy_interval.high};
  j["top5_accuracy"] = m.top5_accuracy;
  if (m.sets) j["sets"] = {{"coverage", m.coverage}, {"covered", m.covered}, {"mean_size", m.mean_set_size}};
  if (!m.probabilities) return j;
  j["log_loss"] = m.log_loss;
  j["brier"] = m.brier;
  j["calibration_error"] = m.calibration_error;
  for (const ReliabilityBin& bin : m.reliability)
    j["reliability"].push_back({{"low", bin.low},
                                {"high", bin.high},
                                {"rows", bin.rows},
                                {"confidence", bin.confidence},
                                {"accuracy", bin.accuracy}});
  return j;
}

}  // namespace

Evaluation evaluate_predictions(const Communicator& comm, const std::vector<std::string>& classes,
                                std::span<const std::int32_t> truth, std::span<const std::int32_t> predicted) {
  const std::size_t n = classes.size();
  std::vector<std::int64_t> counts(n * n, 0);
  for (std::size_t i = 0; i < truth.size(); ++i)
    ++counts[static_cast<std::size_t>(truth[i]) * n + static_cast<std::size_t>(predicted[i])];
  comm.sum(std::span<std::int64_t>(counts));
  return evaluate_counts(classes, std::move(counts));
}

Evaluation evaluate_counts(const std::vector<std::string>& classes, std::vector<std::int64_t> counts) {
  Evaluation e{.classes = classes, .confusion = std::move(counts)};
  const auto confusion = confusion_of(e);
  const std::int64_t total = confusion.sum();
  double occurring = 0, with_truth = 0;
  for (Eigen::Index k = 0; k < confusion.rows(); ++k) {
    e.per_class.push_back(scores_of(confusion, k));
    occurring += occurs(confusion, k) ? 1 : 0;
    with_truth += e.per_class.back().support > 0 ? 1 : 0;
    e.balanced_accuracy += e.per_class.back().recall;
  }
  if (with_truth > 0) e.balanced_accuracy /= with_truth;
  e.accuracy = ratio(confusion.trace(), total);
  for (Eigen::Index k = 0; k < confusion.rows(); ++k) {
    const ClassScores& scores = e.per_class[static_cast<std::size_t>(k)];
    if (occurs(confusion, k)) add(e.macro, scores, 1.0 / occurring);
    add(e.weighted, scores, ratio(scores.support, total));
  }
  e.macro.support = e.weighted.support = total;
  return e;
}

std::string classification_report(const Evaluation& e) {
  std::size_t width = std::string_view("weighted avg").size();
  std::vector<std::string> names;
  for (const auto& name : e.classes) width = std::max(width, length(names.emplace_back(one_line(name))));
  std::string text = fmt::format("{:{}}  precision    recall  f1-score   support\n\n", "", width);
  const auto line = [&](const std::string& name, const ClassScores& s) {
    text += fmt::format("{}  {:9.2f} {:9.2f} {:9.2f} {:9}\n", pad_left(name, width), s.precision, s.recall, s.f1,
                        s.support);
  };
  const auto confusion = confusion_of(e);
  for (Eigen::Index k = 0; k < confusion.rows(); ++k)
    if (occurs(confusion, k)) line(names[static_cast<std::size_t>(k)], e.per_class[static_cast<std::size_t>(k)]);
  text += fmt::format("\n{}{:22}{:9.2f} {:9}\n", pad_left("accuracy", width), "", e.accuracy, e.macro.support);
  line("macro avg", e.macro);
  line("weighted avg", e.weighted);
  return text;
}

std::string to_json(const Evaluation& e, const Measures& measures, const std::string& rows) {
  nlohmann::ordered_json j;
  j["format"] = "pool3 evaluation";
  j["format_version"] = 1;
  j["accuracy"] = e.accuracy;
  j["rows"] = e.macro.support;
  j["rows_are"] = rows;
  j["balanced_accuracy"] = e.balanced_accuracy;
  j.update(json_of(measures));
  const auto name = [&](Eigen::Index k) { return utf8_text(e.classes[static_cast<std::size_t>(k)]); };
  j["classes"] = nlohmann::ordered_json::array();
  for (const std::string& each : e.classes) j["classes"].push_back(utf8_text(each));
  const auto confusion = confusion_of(e);
  for (Eigen::Index k = 0; k < confusion.rows(); ++k)
    j["confusion_matrix"].push_back(std::vector(confusion.row(k).begin(), confusion.row(k).end()));
  j["most_confused"] = nlohmann::ordered_json::array();
  for (const ConfusedPair& pair : most_confused(e, most_confused_in_json))
    j["most_confused"].push_back(
        {{"true", name(pair.truth)}, {"predicted", name(pair.predicted)}, {"rows", pair.rows}});
  for (std::size_t k = 0; k < e.classes.size(); ++k) j["per_class"][utf8_text(e.classes[k])] = json_of(e.per_class[k]);
  j["macro_avg"] = json_of(e.macro);
  j["weighted_avg"] = json_of(e.weighted);
  return j.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace pool3
