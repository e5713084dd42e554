#include "commands/search_journal.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <span>

#include "pool3/files.hpp"
#include "pool3/image.hpp"

namespace pool3::jobs {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t key_digits = 32;

Json json_of(const FeatureReader& reader) {
  const Provenance& p = reader.provenance();
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

Json table(const SearchResult& result, const FeatureReader& reader, const Context& context) {
  Json j;
  j["format"] = "pool3 search";
  j["format_version"] = 1;
  j["kernel"] = "linear";
  j["folds"] = result.fold_rows.size();
  j["fold_rows"] = result.fold_rows;
  j["best"] = result.best;
  for (const SearchPoint& p : result.points) j["points"].push_back(json_of(p));
  j["features"] = json_of(reader);
  j["config"] = Json::parse(context.config);
  return j;
}

/// How the search that left `there` differs from this one, or "". Other values of C may be tried.
std::string difference(const Json& there, const FeatureReader& reader, const Context& context) {
  const Json mine = json_of(reader);
  for (const auto& [name, value] : mine.items())
    if (there.at("features").at(name) != value) return "the features' " + name;
  const Json config = Json::parse(context.config);
  for (const auto& [name, value] : config.items()) {
    const std::string was = there.at("config").contains(name) ? there.at("config").at(name).dump() : "nothing";
    if (name != "C" && was != value.dump())
      return std::string("--").append(name) + ": " + value.dump() + " here, " + was + " there";
  }
  return {};
}

/// "" if there is none.
std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string key_of(std::string_view bytes) { return to_hex(content_key(std::as_bytes(std::span(bytes)))); }

/// The state in a file, or "".
std::string sound_state(const std::string& file) {
  if (file.size() < key_digits) return {};
  std::string state = file.substr(key_digits);
  return key_of(state) == file.substr(0, key_digits) ? state : "";
}

}  // namespace

std::string search_table(const SearchResult& result, const FeatureReader& reader, const Context& context) {
  return table(result, reader, context).dump(2) + "\n";
}

SearchJournal::SearchJournal(const Context& context, std::string out) : context_(context), out_(std::move(out)) {}

std::string SearchJournal::state_path(std::size_t points) const {
  return out_ + ".state-" + std::to_string(points) + "-" + std::to_string(context_.comm.rank());
}

SearchMemory SearchJournal::recall(const FeatureReader& reader) {
  const Communicator& comm = context_.comm;
  std::string text;
  if (comm.is_root()) text = contents(points_path());
  comm.broadcast(text);
  SearchMemory memory;
  if (text.empty()) return memory;
  bool same_ranks = false;
  try {
    const Json there = Json::parse(text);
    const std::string found = difference(there, reader, context_);
    if (found.empty()) {
      for (const Json& point : there.at("points")) memory.points.push_back(point_of(point));
      memory.fold_rows = there.at("fold_rows").get<std::vector<std::int64_t>>();
      same_ranks = there.at("ranks") == comm.size();
    } else {
      context_.log.line("search", points_path() + " is of another search (" + found + "): starting anew");
    }
  } catch (const nlohmann::json::exception&) {
    memory = {};
    context_.log.line("search", points_path() + " is damaged: starting anew");
  }
  if (same_ranks) memory.state = sound_state(contents(state_path(memory.points.size())));
  if (!comm.all(!memory.state.empty())) memory.state.clear();
  return memory;
}

void SearchJournal::keep(const SearchResult& so_far, const FeatureReader& reader, const std::string& state) {
  const Communicator& comm = context_.comm;
  comm.all_do([&] { write_whole_file({"search", state_path(so_far.points.size())}, key_of(state) + state); });
  comm.root_does([&] {
    Json j = table(so_far, reader, context_);
    j["ranks"] = comm.size();
    write_whole_file({"search", points_path()}, j.dump(2) + "\n");
    remove_states(so_far.points.size());
  });
}

void SearchJournal::remove() {
  context_.comm.root_does([&] {
    std::remove(points_path().c_str());
    remove_states(0);
  });
}

/// Those of other ranks and other numbers of points.
void SearchJournal::remove_states(std::size_t but_points) {
  namespace fs = std::filesystem;
  const fs::path out(out_);
  const std::string all = out.filename().string() + ".state-";
  const std::string kept = all + std::to_string(but_points) + "-";
  std::error_code error;
  std::vector<fs::path> old;
  for (const auto& entry : fs::directory_iterator(out.has_parent_path() ? out.parent_path() : ".", error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(all) && !name.starts_with(kept)) old.push_back(entry.path());
  }
  for (const fs::path& path : old) fs::remove(path, error);
}

}  // namespace pool3::jobs
