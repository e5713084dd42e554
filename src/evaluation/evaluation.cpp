#include "pool3/evaluation.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>

namespace pool3 {
namespace {

double ratio(double part, double whole) { return whole > 0 ? part / whole : 0.0; }

/// Scores of class k, and whether it occurs at all (in truth or predictions).
struct Counted {
  ClassScores scores;
  bool occurs = false;
};

Counted count_class(const Evaluation& e, std::size_t k) {
  const std::size_t n = e.classes.size();
  std::int64_t truth = 0, predicted = 0;
  for (std::size_t other = 0; other < n; ++other) {
    truth += e.confusion[k * n + other];
    predicted += e.confusion[other * n + k];
  }
  const auto hits = static_cast<double>(e.confusion[k * n + k]);
  ClassScores s;
  s.precision = ratio(hits, static_cast<double>(predicted));
  s.recall = ratio(hits, static_cast<double>(truth));
  s.f1 = ratio(2 * hits, static_cast<double>(truth + predicted));
  s.support = truth;
  return {s, truth + predicted > 0};
}

void add(ClassScores& sum, const ClassScores& s, double weight) {
  sum.precision += weight * s.precision;
  sum.recall += weight * s.recall;
  sum.f1 += weight * s.f1;
}

nlohmann::json json_of(const ClassScores& s) {
  return {{"precision", s.precision}, {"recall", s.recall}, {"f1", s.f1}, {"support", s.support}};
}

/// Characters of a UTF-8 text, as Python counts them.
std::size_t length(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string pad_left(const std::string& text, std::size_t width) {
  const std::size_t have = length(text);
  return std::string(width > have ? width - have : 0, ' ') + text;
}

std::string number(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%9.2f", value);
  return text.data();
}

}  // namespace

Evaluation evaluate_predictions(const Communicator& comm, const std::vector<std::string>& classes,
                                std::span<const std::int32_t> truth, std::span<const std::int32_t> predicted) {
  const std::size_t n = classes.size();
  Evaluation e{.classes = classes, .confusion = std::vector<std::int64_t>(n * n, 0)};
  for (std::size_t i = 0; i < truth.size(); ++i)
    ++e.confusion[static_cast<std::size_t>(truth[i]) * n + static_cast<std::size_t>(predicted[i])];
  comm.sum(std::span<std::int64_t>(e.confusion));

  const auto total = static_cast<double>(std::accumulate(e.confusion.begin(), e.confusion.end(), std::int64_t{0}));
  double hits = 0, occurring = 0;
  std::vector<Counted> counted;
  for (std::size_t k = 0; k < n; ++k) {
    counted.push_back(count_class(e, k));
    e.per_class.push_back(counted[k].scores);
    hits += static_cast<double>(e.confusion[k * n + k]);
    occurring += counted[k].occurs ? 1 : 0;
  }
  e.accuracy = ratio(hits, total);
  for (const Counted& c : counted) {
    if (c.occurs) add(e.macro, c.scores, 1.0 / occurring);
    add(e.weighted, c.scores, ratio(static_cast<double>(c.scores.support), total));
  }
  e.macro.support = e.weighted.support = static_cast<std::int64_t>(total);
  return e;
}

std::string classification_report(const Evaluation& e) {
  std::size_t width = std::string("weighted avg").size();
  for (const auto& name : e.classes) width = std::max(width, length(name));
  std::string text = std::string(width, ' ') + "  precision    recall  f1-score   support\n\n";
  const auto line = [&](const std::string& name, const ClassScores& s) {
    text += pad_left(name, width) + "  " + number(s.precision) + " " + number(s.recall) + " " + number(s.f1) + " " +
            pad_left(std::to_string(s.support), 9) + "\n";
  };
  const std::size_t n = e.classes.size();
  for (std::size_t k = 0; k < n; ++k)
    if (count_class(e, k).occurs) line(e.classes[k], e.per_class[k]);
  text += "\n" + pad_left("accuracy", width) + std::string(22, ' ') + number(e.accuracy) + " " +
          pad_left(std::to_string(e.macro.support), 9) + "\n";
  line("macro avg", e.macro);
  line("weighted avg", e.weighted);
  return text;
}

std::string to_json(const Evaluation& e) {
  const std::size_t n = e.classes.size();
  nlohmann::ordered_json j;
  j["format"] = "pool3 evaluation";
  j["format_version"] = 1;
  j["accuracy"] = e.accuracy;
  j["rows"] = e.macro.support;
  j["classes"] = e.classes;
  for (std::size_t k = 0; k < n; ++k)
    j["confusion_matrix"].push_back(
        std::vector<std::int64_t>(e.confusion.begin() + static_cast<std::ptrdiff_t>(k * n),
                                  e.confusion.begin() + static_cast<std::ptrdiff_t>((k + 1) * n)));
  for (std::size_t k = 0; k < n; ++k) j["per_class"][e.classes[k]] = json_of(e.per_class[k]);
  j["macro_avg"] = json_of(e.macro);
  j["weighted_avg"] = json_of(e.weighted);
  return j.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace pool3
