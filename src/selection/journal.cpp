#include <fcntl.h>
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
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
  Json point = {{"C", p.C}, {"mean", p.mean}, {"deviation", p.deviation}};
  for (const double a : p.fold_accuracy) point["fold_accuracy"].push_back(a < 0 ? Json() : Json(a));
  point["relative_gap"] = p.relative_gap;
  point["epochs"] = p.epochs;
  point["seconds"] = p.seconds;
  return point;
}

SearchPoint point_of(const Json& j) {
  SearchPoint p;
  p.C = j.at("C");
  p.mean = j.at("mean");
  p.deviation = j.at("deviation");
  for (const Json& a : j.at("fold_accuracy")) p.fold_accuracy.push_back(a.is_null() ? -1.0 : a.get<double>());
  p.relative_gap = j.at("relative_gap");
  p.epochs = j.at("epochs");
  p.seconds = j.at("seconds");
  return p;
}

Json table(const SearchResult& result, const SearchedBy& by) {
  Json j;
  j["format"] = "pool3 search";
  j["format_version"] = 1;
  j["kernel"] = "linear";
  j["folds"] = result.fold_rows.size();
  j["fold_rows"] = result.fold_rows;
  j["best"] = result.best;
  for (const SearchPoint& p : result.points) j["points"].push_back(json_of(p));
  j["features"] = json_of(by.features);
  j["config"] = Json::parse(by.config);
  return j;
}

/// How the search that left `there` differs from this one, or "". Other values of C may be tried.
std::string difference(const Json& there, const SearchedBy& by) {
  const Json mine = json_of(by.features);
  for (const auto& [name, value] : mine.items())
    if (there.at("features").at(name) != value) return fmt::format("the features' {}", name);
  const Json config = Json::parse(by.config);
  for (const auto& [name, value] : config.items()) {
    const std::string was = there.at("config").contains(name) ? there.at("config").at(name).dump() : "nothing";
    if (name != "C" && was != value.dump()) return fmt::format("--{}: {} here, {} there", name, value.dump(), was);
  }
  return {};
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

SearchJournal::Found SearchJournal::recall() const {
  std::string text;
  comm_.root_does([&] { text = contents(points_of(out_)); });
  comm_.broadcast(text);
  if (text.empty()) return {};
  SearchMemory memory;
  bool same_ranks = false;
  try {
    const Json there = Json::parse(text);
    const std::string found = difference(there, by_);
    if (!found.empty()) return {{}, fmt::format("{} is of another search ({}): starting anew", points_of(out_), found)};
    for (const Json& point : there.at("points")) memory.points.push_back(point_of(point));
    memory.fold_rows = there.at("fold_rows").get<std::vector<std::int64_t>>();
    same_ranks = there.at("ranks") == comm_.size();
  } catch (const nlohmann::json::exception&) {
    return {{}, fmt::format("{} is damaged: starting anew", points_of(out_))};
  }
  comm_.all_do([&] {
    if (same_ranks) memory.state = sound_state(contents(state_of(out_, memory.points.size(), comm_.rank())));
  });
  if (!comm_.all(!memory.state.empty())) memory.state.clear();
  return {std::move(memory), {}};
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
