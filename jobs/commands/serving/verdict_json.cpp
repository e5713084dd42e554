#include "commands/serving/verdict_json.hpp"

#include <algorithm>

#include "commands/matching/file_search.hpp"

namespace pool3::jobs {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::size_t classes_shown = 10;

Json class_json(const Model& model, const Verdict& said, std::int32_t k) {
  const auto at = static_cast<std::size_t>(k);
  Json json = {{"class", utf8_text(model.classes[at])}};
  json["probability"] = said.probabilities.empty() ? Json() : Json(said.probabilities[at]);
  json["score"] = said.scores[at];
  return json;
}

}  // namespace

Json row_json(const Snapshot& snapshot, Row row) {
  const std::int32_t label = snapshot.labels[static_cast<std::size_t>(row)];
  Json json = {{"row", row}, {"path", utf8_text(snapshot.paths[static_cast<std::size_t>(row)])}};
  json["label"] = label < 0 ? Json() : Json(utf8_text(snapshot.reader.classes()[static_cast<std::size_t>(label)]));
  return json;
}

Json describe(const Snapshot& snapshot, std::span<const float> features, std::span<const Neighbour> found, Row own,
              std::int64_t top) {
  const Verdict said = verdict(snapshot.model, snapshot.scorer->decision_values(features));
  Json json = own < 0 ? Json::object() : row_json(snapshot, own);
  json.update(class_json(snapshot.model, said, said.predicted));
  json["top"] = Json::array();
  const auto order = said.ranking();
  for (std::size_t i = 0; i < std::min(order.size(), classes_shown); ++i)
    json["top"].push_back(class_json(snapshot.model, said, order[i]));
  if (snapshot.set_threshold) {
    json["set"] = Json::array();
    for (const std::int32_t k : prediction_set(said, *snapshot.set_threshold))
      json["set"].push_back(utf8_text(snapshot.model.classes[static_cast<std::size_t>(k)]));
  }
  const auto answers = answers_of(found, snapshot.rows, own, top);
  json["nearest_distance"] = answers.empty() ? Json() : Json(answers.front().distance);
  json["usual_distance"] = snapshot.usual_distance;
  json["unlike"] = !answers.empty() && answers.front().distance > snapshot.usual_distance;
  json["neighbours"] = Json::array();
  for (const Answer& answer : answers) {
    Json one = row_json(snapshot, answer.row);
    one["distance"] = answer.distance;
    one["copies"] = answer.copies;
    one["thumbnail"] = "/thumbnails/" + std::to_string(answer.row);
    json["neighbours"].push_back(std::move(one));
  }
  return json;
}

}  // namespace pool3::jobs
