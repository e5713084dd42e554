#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <string_view>

#include "pool3/files.hpp"
#include "pool3/image.hpp"
#include "pool3/selection.hpp"

namespace pool3 {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* stage = "search";
constexpr std::size_t key_digits = 32;

Json json_of(const Provenance& p) {
  return {{"catalogue_hash", p.catalogue_hash}, {"weights_sha256", p.weights_sha256}, {"precision", p.precision}};
}

Json json_of(const SearchPoint& p) {
  Json point;
  point["kernel"] = p.kernel == Kernel::rbf ? "rbf" : "linear";
  if (p.kernel == Kernel::rbf) point["gamma"] = p.gamma;
  point["C"] = p.C;
  point["mean"] = p.mean;
  point["deviation"] = p.deviation;
  for (const double a : p.fold_accuracy) point["fold_accuracy"].push_back(a < 0 ? Json() : Json(a));
  point["score"] = p.score;
  for (const double a : p.fold_scores) point["fold_scores"].push_back(std::isfinite(a) ? Json(a) : Json());
  point["relative_gap"] = p.relative_gap;
  point["epochs"] = p.epochs;
  point["seconds"] = p.seconds;
  if (p.dropped) point["dropped"] = true;
  return point;
}

SearchPoint point_of(const Json& j) {
  SearchPoint p;
  p.kernel = j.value("kernel", "linear") == "rbf" ? Kernel::rbf : Kernel::linear;
  if (p.kernel == Kernel::rbf) p.gamma = j.at("gamma");
  p.C = j.at("C");
  p.mean = j.at("mean");
  p.deviation = j.at("deviation");
  for (const Json& a : j.at("fold_accuracy")) p.fold_accuracy.push_back(a.is_null() ? -1.0 : a.get<double>());
  p.score = j.value("score", p.mean);
  for (const Json& a : j.value("fold_scores", Json::array()))
    p.fold_scores.push_back(a.is_null() ? std::numeric_limits<double>::quiet_NaN() : a.get<double>());
  p.relative_gap = j.at("relative_gap");
  p.epochs = j.at("epochs");
  p.seconds = j.at("seconds");
  return p;
}

/// "linear", "rbf" or "linear, rbf".
std::string kernels_of(const SearchResult& result) {
  std::string names;
  for (const auto& [kernel, name] : {std::pair(Kernel::linear, "linear"), {Kernel::rbf, "rbf"}})
    if (std::ranges::count(result.points, kernel, &SearchPoint::kernel) > 0)
      names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
  return names;
}

Json table(const SearchResult& result, const SearchedBy& by) {
  Json j;
  j["format"] = "pool3 search";
  j["format_version"] = 1;
  j["kernel"] = kernels_of(result);
  j["scoring"] = to_string(result.scoring);
  j["folds"] = result.fold_rows.size();
  j["fold_rows"] = result.fold_rows;
  j["best"] = result.best;
  if (result.sample_rows > 0) j["sample_rows"] = result.sample_rows;
  for (const SearchPoint& p : result.points) j["points"].push_back(json_of(p));
  if (by.landmarks > 0) j["landmarks"] = by.landmarks;
  j["features"] = json_of(by.features);
  j["config"] = Json::parse(by.config);
  return j;
}

/// How the search that left `there` differs from this one, or "". Other values of C may be tried, and more of them.
std::string difference(const Json& there, const SearchedBy& by) {
  const Json mine = json_of(by.features);
  for (const auto& [name, value] : mine.items())
    if (there.at("features").at(name) != value) return fmt::format("the features' {}", name);
  const auto landmarks = there.value("landmarks", std::int64_t{0});
  if (landmarks != by.landmarks) return fmt::format("{} landmarks here, {} there", by.landmarks, landmarks);
  const Json config = Json::parse(by.config);
  for (const auto& [name, value] : config.items()) {
    const std::string was = there.at("config").contains(name) ? there.at("config").at(name).dump() : "nothing";
    if (name != "C" && name != "gamma" && name != "extend" && was != value.dump())
      return fmt::format("--{}: {} here, {} there", name, value.dump(), was);
  }
  return {};
}

/// Accuracies are shares of the folds' rows, and the mean is theirs.
bool is_sound(const SearchPoint& p, const std::vector<std::int64_t>& fold_rows) {
  constexpr double rounding = 1e-6;
  double sum = 0;
  std::int64_t folds = 0;
  if (p.fold_accuracy.size() != fold_rows.size()) return false;
  for (std::size_t i = 0; i < fold_rows.size(); ++i) {
    const double accuracy = p.fold_accuracy[i];
    const double hits = accuracy * static_cast<double>(fold_rows[i]);
    if (fold_rows[i] == 0 ? accuracy != -1 : !(accuracy >= 0 && accuracy <= 1)) return false;
    if (fold_rows[i] == 0) continue;
    if (std::abs(hits - std::round(hits)) > rounding) return false;
    sum += accuracy;
    ++folds;
  }
  const double mean = folds > 0 ? sum / static_cast<double>(folds) : 0;
  return p.C > 0 && std::abs(p.mean - mean) < rounding && p.deviation >= 0 && p.deviation <= 1 && p.relative_gap >= 0 &&
         p.epochs >= 0 && p.seconds >= 0;
}

/// True if the scores of `p` can be by `scoring`. Older journals have none, and went by the accuracy.
bool are_sound_scores(const SearchPoint& p, std::string_view scoring, const std::vector<std::int64_t>& fold_rows) {
  constexpr double rounding = 1e-6;
  const bool by_accuracy = scoring == to_string(Scoring::accuracy);
  if (p.fold_scores.empty()) return by_accuracy && std::abs(p.score - p.mean) < rounding;
  if (p.fold_scores.size() != fold_rows.size()) return false;
  double sum = 0;
  std::int64_t folds = 0;
  for (std::size_t i = 0; i < fold_rows.size(); ++i) {
    const double score = p.fold_scores[i];
    if (std::isfinite(score) != (fold_rows[i] > 0)) return false;
    if (fold_rows[i] == 0) continue;
    if (score < 0 || (score > 1 && scoring != to_string(Scoring::log_loss))) return false;
    if (by_accuracy && score != p.fold_accuracy[i]) return false;
    sum += score;
    ++folds;
  }
  return std::abs(p.score - (folds > 0 ? sum / static_cast<double>(folds) : 0)) < rounding;
}

/// Nothing for numbers that no search gives.
std::optional<SearchMemory> memory_of(const Json& there) {
  const auto scoring = there.value("scoring", std::string(to_string(Scoring::accuracy)));
  SearchMemory memory;
  for (const Json& point : there.at("points"))
    if (!point.value("dropped", false)) memory.points.push_back(point_of(point));  // the sample is soon looked at again
  memory.fold_rows = there.at("fold_rows").get<std::vector<std::int64_t>>();
  const bool sound = std::ranges::all_of(memory.fold_rows, [](std::int64_t rows) { return rows >= 0; }) &&
                     std::ranges::all_of(memory.points, [&](const auto& p) {
                       return is_sound(p, memory.fold_rows) && are_sound_scores(p, scoring, memory.fold_rows);
                     });
  return sound ? std::optional(std::move(memory)) : std::nullopt;
}

/// "" if there is none. Throws Error for what is not this user's own (see open_own()).
std::string contents(const std::string& path) {
  const Descriptor file = try_open_own({stage, path}, O_RDONLY);
  if (!file.is_open()) return {};
  std::string bytes(static_cast<std::size_t>(file.size()), '\0');
  bytes.resize(file.read(0, std::as_writable_bytes(std::span(bytes))));
  return bytes;
}

std::string key_of(std::string_view bytes) { return to_hex(content_key(std::as_bytes(std::span(bytes)))); }

/// The state in a file, or "".
std::string sound_state(const std::string& file) {
  if (file.size() < key_digits) return {};
  std::string state = file.substr(key_digits);
  return key_of(state) == file.substr(0, key_digits) ? state : "";
}

/// Removes what the solvers' states after other than so many points are kept in, of all ranks, and what killed writers
/// of states have left. A search that is at work on the same table keeps what it is writing.
void remove_states(const std::string& out, std::size_t but_points) {
  namespace fs = std::filesystem;
  const std::string all = fs::path(out).filename().string() + ".state-";
  const std::string kept = fmt::format("{}{}-", all, but_points);
  std::error_code error;
  std::set<std::string> states;
  for (const auto& entry : fs::directory_iterator(folder_of(out), error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(all)) states.insert(name.substr(0, name.find('.', all.size())));  // without ".HOST...tmp"
  }
  for (const std::string& name : states) {
    const std::string path = (fs::path(out).parent_path() / name).string();
    if (!name.starts_with(kept)) std::remove(path.c_str());
    sweep_temporaries({stage, path});
  }
}

std::string points_of(const std::string& out) { return out + ".points"; }
std::string state_of(const std::string& out, std::size_t points, int rank) {
  return fmt::format("{}.state-{}-{}", out, points, rank);
}

}  // namespace

std::string search_table(const SearchResult& result, const SearchedBy& by) { return table(result, by).dump(2) + "\n"; }

SearchJournal::SearchJournal(const Communicator& comm, std::string out, SearchedBy by)
    : comm_(comm), out_(std::move(out)), by_(std::move(by)) {}

SearchJournal::Found SearchJournal::recall(bool or_table) const {
  std::string text;
  comm_.root_does([&] {
    text = contents(points_of(out_));
    if (text.empty() && or_table) text = contents(out_);
  });
  comm_.broadcast(text);
  if (text.empty()) return {};
  std::optional<SearchMemory> memory;
  bool same_ranks = false;
  try {
    const Json there = Json::parse(excess_of_json(text).empty() ? text : std::string());
    const std::string found = difference(there, by_);
    if (!found.empty()) return {{}, fmt::format("{} is of another search ({}): starting anew", points_of(out_), found)};
    memory = memory_of(there);
    same_ranks = there.value("ranks", 0) == comm_.size();
  } catch (const nlohmann::json::exception&) {
    memory.reset();
  }
  if (!memory) return {{}, fmt::format("{} is damaged: starting anew", points_of(out_))};
  comm_.all_do([&] {
    if (same_ranks) memory->state = sound_state(contents(state_of(out_, memory->points.size(), comm_.rank())));
  });
  if (!comm_.all(!memory->state.empty())) memory->state.clear();
  return {std::move(*memory), {}};
}

void SearchJournal::keep(const SearchResult& so_far, const std::string& state) const {
  comm_.all_do([&] {
    const std::string key = key_of(state);
    const std::array<std::string_view, 2> parts = {key, state};
    write_whole_file({stage, state_of(out_, so_far.points.size(), comm_.rank())}, parts);
  });
  comm_.root_does([&] {
    Json j = table(so_far, by_);
    j["ranks"] = comm_.size();
    write_whole_file({stage, points_of(out_)}, j.dump(2) + "\n");
    remove_states(out_, so_far.points.size());
  });
}

void SearchJournal::remove(const Communicator& comm, const std::string& out) {
  comm.root_does([&] {
    std::remove(points_of(out).c_str());
    sweep_temporaries({stage, points_of(out)});
    remove_states(out, 0);
  });
}

}  // namespace pool3
