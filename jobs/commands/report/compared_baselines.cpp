#include "commands/report/compared_baselines.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "commands/model/baseline_table.hpp"
#include "pool3/error.hpp"

namespace pool3::jobs {
namespace {

constexpr const char* stage = "report";
constexpr const char* model_kind = "svm";

/// What the page itself knows of its model. REQUIRES: page.evaluation.
ComparedClassifier model_of(const CataloguePage& page) {
  ComparedClassifier model{.kind = model_kind,
                           .accuracy = page.evaluation->accuracy,
                           .balanced_accuracy = page.evaluation->balanced_accuracy,
                           .interval = page.measures.accuracy_interval};
  if (page.measures.probabilities) model.log_loss = page.measures.log_loss;
  return model;
}

ComparedClassifier compared(const BaselineEntry& e) {
  ComparedClassifier c{.kind = e.kind,
                       .accuracy = e.accuracy,
                       .balanced_accuracy = e.balanced_accuracy,
                       .interval = e.interval,
                       .log_loss = e.log_loss,
                       .model_bytes = e.model_bytes};
  if (e.kind != model_kind) c.seconds = e.seconds;  // of the model they are those of its answers alone
  if (e.paired) c.paired = {e.paired->only_first, e.paired->only_second, e.paired->p};
  return c;
}

/// The model first, as the page has it; then the others as they stand.
std::vector<ComparedClassifier> with_model(std::vector<ComparedClassifier> all, const CataloguePage& page) {
  if (!page.evaluation) return all;
  ComparedClassifier model = model_of(page);
  const auto known = std::ranges::find(all, model_kind, &ComparedClassifier::kind);
  if (known != all.end()) {
    if (known->accuracy == model.accuracy) model.model_bytes = known->model_bytes;  // else it is another model
    all.erase(known);
  }
  all.insert(all.begin(), std::move(model));
  return all;
}

}  // namespace

std::vector<ComparedClassifier> baselines_of_table(const std::string& path, const CataloguePage& page,
                                                   const std::string& catalogue_hash) {
  BaselineTable table;
  if (page.judged.empty()) {
    table = read_baselines(path);
    if (table.features.catalogue_hash != catalogue_hash)
      throw Error({.stage = stage,
                   .path = path,
                   .cause = "the baselines are of another feature file",
                   .advice = "make it of this one with pool3 baseline"});
  } else {
    ModelAnswers model{.catalogue_hash = catalogue_hash, .rows = {}, .truth = {}, .predicted = {}};
    for (const JudgedRow& row : page.judged) {
      model.rows.push_back(row.row);
      model.truth.push_back(row.truth);
      model.predicted.push_back(row.predicted);
    }
    table = read_baselines_beside(path, stage, model);
  }
  std::vector<ComparedClassifier> all;
  for (const BaselineEntry& e : table.entries) all.push_back(compared(e));
  return with_model(std::move(all), page);
}

std::vector<ComparedClassifier> baselines_of_evaluation(const std::string& json, const std::string& path,
                                                        const CataloguePage& page) {
  std::vector<ComparedClassifier> all;
  try {
    const auto parsed = nlohmann::json::parse(json);
    for (const auto& j : parsed.value("baselines", nlohmann::json::array())) {
      ComparedClassifier c{.kind = j.at("kind"),
                           .accuracy = j.at("accuracy"),
                           .balanced_accuracy = j.at("balanced_accuracy"),
                           .interval = {j.at("accuracy_interval").at(0), j.at("accuracy_interval").at(1)}};
      if (!j.at("log_loss").is_null()) c.log_loss = j.at("log_loss").get<double>();
      if (c.kind != model_kind) c.seconds = j.at("seconds").get<double>();
      c.model_bytes = j.at("model_bytes").get<double>();
      if (const auto p = j.find("paired"); p != j.end())
        c.paired = {p->at("only_svm_right"), p->at("only_this_right"), p->at("p")};
      all.push_back(std::move(c));
    }
  } catch (const nlohmann::json::exception&) {
    throw Error({.stage = stage,
                 .path = path,
                 .cause = "its baselines can't be read",
                 .advice = "make it anew with pool3 evaluate --baselines"});
  }
  return all.empty() ? all : with_model(std::move(all), page);
}

}  // namespace pool3::jobs
