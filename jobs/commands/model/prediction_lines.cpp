#include "commands/model/prediction_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "pool3/error.hpp"
#include "pool3/evaluation/measures.hpp"

namespace pool3::jobs {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& value) {
  return one_line_json(value.dump(-1, ' ', false, Json::error_handler_t::replace)) + "\n";
}

/// A field of a table, in one line.
std::string field(const std::string& text) { return csv_field(one_line(text)); }

}  // namespace

PredictionLines::PredictionLines(const Model& model, Format format, int top, double coverage, bool nearness)
    : model_(model), format_(format), top_(top), nearness_(nearness) {
  if (coverage > 0) threshold_ = set_threshold(model, coverage);
}

std::vector<std::string> PredictionLines::set_of(const Verdict& said) const {
  std::vector<std::string> names;
  for (const std::int32_t k : prediction_set(said, *threshold_))
    names.push_back(model_.classes[static_cast<std::size_t>(k)]);
  return names;
}

PredictionLines::Format PredictionLines::parse(const std::string& text) {
  if (text == "json") return Format::json;
  if (text == "csv") return Format::csv;
  throw usage_error("--format must be json or csv");
}

std::size_t PredictionLines::listed() const { return std::min(model_.classes.size(), static_cast<std::size_t>(top_)); }

std::string PredictionLines::header() const {
  if (format_ == Format::json) return {};
  std::string line = "path,class,probability,score";
  for (std::size_t i = 2; i <= listed(); ++i) line += fmt::format(",class_{0},probability_{0},score_{0}", i);
  if (threshold_) line += ",set";
  if (nearness_) line += ",nearest_distance,usual_distance,unlike";
  return line + ",stage,code,error\n";
}

std::string PredictionLines::line(const std::string& path, const Verdict& said,
                                  const std::optional<Nearness>& near) const {
  return format_ == Format::json ? json(path, said, near) : csv(path, said, near);
}

std::string PredictionLines::json(const std::string& path, const Verdict& said,
                                  const std::optional<Nearness>& near) const {
  const auto entry = [&](std::int32_t k) {
    const auto at = static_cast<std::size_t>(k);
    Json j = {{"class", utf8_text(model_.classes[at])}};
    j["probability"] = said.probabilities.empty() ? Json() : Json(said.probabilities[at]);
    j["score"] = said.scores[at];
    return j;
  };
  Json line = {{"path", utf8_text(path)}};
  line.update(entry(said.predicted));
  line["top"] = Json::array();
  const auto order = said.ranking();
  for (std::size_t i = 0; i < listed(); ++i) line["top"].push_back(entry(order[i]));
  if (near) {
    line["nearest_distance"] = near->distance;
    line["usual_distance"] = near->usual;
    line["unlike"] = near->is_unlike();
  }
  if (!threshold_) return text_of(line);
  line["set"] = Json::array();
  for (const std::string& name : set_of(said)) line["set"].push_back(utf8_text(name));
  return text_of(line);
}

std::string PredictionLines::csv(const std::string& path, const Verdict& said,
                                 const std::optional<Nearness>& near) const {
  std::string line = field(path);
  const auto order = said.ranking();
  for (std::size_t i = 0; i < listed(); ++i) {
    const auto at = static_cast<std::size_t>(order[i]);
    const std::string probability = said.probabilities.empty() ? "" : fmt::format("{}", said.probabilities[at]);
    line += fmt::format(",{},{},{}", field(model_.classes[at]), probability, said.scores[at]);
  }
  // Names in one field of JSON: a name may hold any separator.
  if (threshold_) {
    Json names = Json::array();
    for (const std::string& name : set_of(said)) names.push_back(utf8_text(name));
    line += "," + field(names.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  if (near) line += fmt::format(",{},{},{}", near->distance, near->usual, near->is_unlike());
  return line + ",,,\n";
}

std::string PredictionLines::line(const Failure& f) const {
  if (format_ == Format::json)
    return text_of({{"path", utf8_text(f.path)},
                    {"error", utf8_text(f.message)},
                    {"stage", stage_of(f.status)},
                    {"code", to_string(f.status)}});
  return fmt::format("{}{},{},{},{}\n", field(f.path),
                     std::string(3 * listed() + (threshold_ ? 1 : 0) + (nearness_ ? 3 : 0), ','), stage_of(f.status),
                     to_string(f.status), field(f.message));
}

}  // namespace pool3::jobs
