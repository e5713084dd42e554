#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "pool3/baselines.hpp"
#include "pool3/error.hpp"
#include "pool3/error/names.hpp"
#include "pool3/files.hpp"

namespace pool3 {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* stage = "baseline";
constexpr const char* model_kind = "svm";
constexpr std::int64_t most_bytes = std::int64_t{1} << 32;

Json json_of(const SoftmaxPoint& point) {
  Json folds = Json::array();
  for (const double a : point.fold_accuracy) folds.push_back(a < 0 ? Json() : Json(a));
  return {{"C", point.C}, {"mean", point.mean}, {"fold_accuracy", folds}};
}

Json json_of(const BaselineEntry& e) {
  Json j;
  j["kind"] = e.kind;
  j["settings"] = Json::parse(e.settings);
  j["accuracy"] = e.accuracy;
  j["accuracy_interval"] = {e.interval.low, e.interval.high};
  j["balanced_accuracy"] = e.balanced_accuracy;
  j["log_loss"] = e.log_loss ? Json(*e.log_loss) : Json();
  j["seconds"] = e.seconds;
  j["model_bytes"] = static_cast<std::int64_t>(e.model_bytes);
  if (e.C) j["C"] = *e.C;
  for (const SoftmaxPoint& point : e.search) j["search"].push_back(json_of(point));
  if (e.paired)
    j["paired"] = {
        {"only_svm_right", e.paired->only_first}, {"only_this_right", e.paired->only_second}, {"p", e.paired->p}};
  j["predicted"] = e.predicted;
  return j;
}

BaselineEntry entry_of(const Json& j) {
  BaselineEntry e{.kind = j.at("kind"), .settings = j.at("settings").dump()};
  e.accuracy = j.at("accuracy");
  e.interval = {j.at("accuracy_interval").at(0), j.at("accuracy_interval").at(1)};
  e.balanced_accuracy = j.at("balanced_accuracy");
  if (!j.at("log_loss").is_null()) e.log_loss = j.at("log_loss").get<double>();
  e.seconds = j.at("seconds");
  e.model_bytes = j.at("model_bytes");
  if (j.contains("C")) e.C = j.at("C").get<double>();
  for (const Json& p : j.value("search", Json::array())) {
    SoftmaxPoint& point =
        e.search.emplace_back(SoftmaxPoint{.C = p.at("C"), .fold_accuracy = {}, .mean = p.at("mean")});
    for (const Json& a : p.at("fold_accuracy")) point.fold_accuracy.push_back(a.is_null() ? -1.0 : a.get<double>());
  }
  if (j.contains("paired")) {
    const Json& p = j.at("paired");
    e.paired = PairedTest{p.at("only_svm_right"), p.at("only_this_right"), p.at("p")};
  }
  e.predicted = j.at("predicted").get<std::vector<std::int32_t>>();
  return e;
}

constexpr double most_model_bytes = 9e15;  // a whole number that JSON keeps

bool is_share(double value) { return value >= 0 && value <= 1; }

/// True for numbers that can be.
bool is_sound(const BaselineTable& t) {
  const auto is_class = [&](std::int32_t k) { return k >= 0 && static_cast<std::size_t>(k) < t.classes.size(); };
  if (t.training_rows < 0 || t.rows.size() != t.truth.size() || !std::ranges::is_sorted(t.rows) ||
      !std::ranges::all_of(t.truth, is_class))
    return false;
  return std::ranges::all_of(t.entries, [&](const BaselineEntry& e) {
    return e.predicted.size() == t.rows.size() && std::ranges::all_of(e.predicted, is_class) && is_share(e.accuracy) &&
           is_share(e.balanced_accuracy) && is_share(e.interval.low) && is_share(e.interval.high) && e.seconds >= 0 &&
           e.model_bytes >= 0 && e.model_bytes <= most_model_bytes && (!e.paired || is_share(e.paired->p));
  });
}

BaselineTable table_of(const Json& j) {
  BaselineTable t;
  const Json& of = j.at("features");
  t.features.catalogue_hash = of.at("catalogue_hash");
  t.features.weights_sha256 = of.at("weights_sha256");
  t.features.profile = text_of_utf8(of.at("profile").get<std::string>());
  t.features.precision = of.at("precision");
  const Json& split = j.at("split");
  t.split.rule = split.at("rule") == to_string(SplitRule::stratified) ? SplitRule::stratified : SplitRule::by_key;
  t.split.seed = split.at("seed");
  t.split.test_fraction = split.at("test_fraction");
  t.config = j.at("config").dump();
  for (const Json& name : j.at("classes")) t.classes.push_back(text_of_utf8(name.get<std::string>()));
  t.training_rows = j.at("training_rows");
  t.model = text_of_utf8(j.at("model").get<std::string>());
  t.rows = j.at("rows").get<std::vector<Row>>();
  t.truth = j.at("truth").get<std::vector<std::int32_t>>();
  for (const Json& e : j.at("baselines")) t.entries.push_back(entry_of(e));
  return t;
}

}  // namespace

Baseline parse_baseline(std::string_view name) {
  const auto* const found = std::ranges::find(baseline_names, name);
  if (found == baseline_names.end())
    throw usage_error(fmt::format("--kind '{}' is none of {}", one_line(name), fmt::join(baseline_names, ", ")));
  return static_cast<Baseline>(found - baseline_names.begin());
}

const BaselineEntry* BaselineTable::find(std::string_view kind) const {
  const auto found = std::ranges::find(entries, kind, &BaselineEntry::kind);
  return found == entries.end() ? nullptr : &*found;
}

void BaselineTable::put(BaselineEntry entry) {
  const auto found = std::ranges::find(entries, entry.kind, &BaselineEntry::kind);
  if (found == entries.end())
    entries.push_back(std::move(entry));
  else
    *found = std::move(entry);
}

void BaselineTable::compare() {
  for (BaselineEntry& e : entries) e.paired.reset();
  if (const BaselineEntry* svm = find(model_kind)) compare_with(svm->predicted);
}

void BaselineTable::compare_with(std::span<const std::int32_t> model_predicted) {
  for (BaselineEntry& e : entries)
    if (e.kind != model_kind) e.paired = mcnemar(truth, model_predicted, e.predicted);
}

std::string summary_json(const BaselineTable& table) {
  Json all = Json::array();
  for (const BaselineEntry& e : table.entries) {
    Json j = json_of(e);
    for (const char* name : {"settings", "search", "predicted"}) j.erase(name);
    all.push_back(std::move(j));
  }
  return all.dump();
}

std::string to_json(const BaselineTable& t) {
  Json j;
  j["format"] = "pool3 baselines";
  j["format_version"] = 1;
  j["features"] = {{"catalogue_hash", t.features.catalogue_hash},
                   {"weights_sha256", t.features.weights_sha256},
                   {"profile", utf8_text(t.features.profile)},
                   {"precision", t.features.precision}};
  j["split"] = {{"rule", to_string(t.split.rule)}, {"seed", t.split.seed}, {"test_fraction", t.split.test_fraction}};
  j["config"] = Json::parse(t.config);
  j["training_rows"] = t.training_rows;
  j["model"] = utf8_text(t.model);
  j["baselines"] = Json::array();
  for (const BaselineEntry& e : t.entries) j["baselines"].push_back(json_of(e));
  j["classes"] = Json::array();
  for (const std::string& name : t.classes) j["classes"].push_back(utf8_text(name));
  j["rows"] = t.rows;
  j["truth"] = t.truth;
  return j.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

BaselineTable read_baselines(const std::string& path) {
  const std::string text = read_source({stage, path}, most_bytes);
  const auto refuse = [&](const std::string& cause) {
    return Error({.stage = stage, .path = path, .cause = cause, .advice = "make it with pool3 baseline"});
  };
  if (const std::string excess = excess_of_json(text); !excess.empty()) throw refuse(excess);
  try {
    const Json j = Json::parse(text);
    if (!j.is_object() || j.value("format", "") != "pool3 baselines") throw refuse("is no table of baselines");
    if (j.at("format_version") != 1) throw refuse("is of a newer version");
    BaselineTable table = table_of(j);
    if (!is_sound(table)) throw refuse("has numbers that can't be");
    return table;
  } catch (const nlohmann::json::exception&) {
    throw refuse("is damaged, or no table of baselines");
  }
}

}  // namespace pool3
