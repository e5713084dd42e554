#include "setup/row_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <unordered_map>

#include "pool3/error.hpp"

namespace pool3::jobs {
namespace {

constexpr std::int64_t rows_at_once = 65536;

std::string normal(const std::string& folder, const std::string& path) {
  return std::filesystem::path(full_path(folder, path)).lexically_normal().string();
}

/// True for what holds one value a row and no paths.
bool is_array_name(const std::string& path) {
  const auto ends = [&](const char* ending) { return path.ends_with(ending); };
  return ends(".npy") || ends(".npz") || ends(".h5") || ends(".hdf5") || ends(".gz") || ends(".xz") || ends(".bz2") ||
         ends(".zst");
}

}  // namespace

RowTable::RowTable(const std::string& source, std::string stage, std::span<const std::string_view> usual)
    : stage_(std::move(stage)), name_(parse_table_name(source)) {
  if (!is_array_name(name_.path)) paths_ = read_path_values(name_.path, name_.dataset, usual);
  if (!paths_) values_ = read_column(name_);
}

RowTable::Found RowTable::by_order(const FeatureReader& reader, const std::vector<std::string>& values) const {
  if (std::ssize(values) != reader.rows())
    throw Error(
        {.stage = stage_,
         .path = name(),
         .cause = fmt::format("{} {} for the {} rows of the feature file", values.size(), stage_, reader.rows()),
         .advice = "give one for each row, in their order, or a table with a column of paths"});
  Found found;
  found.values.assign(values.begin(), values.end());
  return found;
}

RowTable::Found RowTable::of_rows(const FeatureReader& reader) const {
  if (!paths_) return by_order(reader, values_);
  std::unordered_map<std::string, std::size_t> places;  // both as written and whole
  const auto value = [&](std::size_t i) { return paths_->values.empty() ? std::string() : paths_->values[i]; };
  for (std::size_t i = 0; i < paths_->paths.size(); ++i) {
    const auto [place, is_new] = places.try_emplace(normal(paths_->folder, paths_->paths[i]), i);
    if (!is_new && value(place->second) != value(i))
      throw Error({.stage = stage_,
                   .path = name(),
                   .cause = fmt::format("{} is there with '{}' and with '{}'", one_line(paths_->paths[i]),
                                        one_line(value(place->second)), one_line(value(i)))});
    places.try_emplace(paths_->paths[i], i);
  }
  Found found;
  std::vector<bool> used(paths_->paths.size(), false);
  for (Row begin = 0; begin < reader.rows(); begin += rows_at_once)
    for (const std::string& path : reader.paths({begin, std::min(begin + rows_at_once, reader.rows())})) {
      auto place = places.find(normal(reader.root(), path));
      if (place == places.end()) place = places.find(path);
      if (place == places.end()) {
        found.values.emplace_back();
        ++found.missing;
        continue;
      }
      used[place->second] = true;
      found.values.emplace_back(value(place->second));
    }
  found.more = std::ranges::count(used, false);
  if (found.missing < reader.rows()) return found;
  const bool same_count = std::ssize(paths_->values) == reader.rows();
  if (reader.provenance().weights_sha256 == imported && same_count) return by_order(reader, paths_->values);
  throw Error({.stage = stage_,
               .path = name(),
               .cause = fmt::format("none of its {} paths is one of the feature file", used.size()),
               .advice = fmt::format("relative paths start from its own folder; the feature file has {}",
                                     one_line(normal(reader.root(), reader.paths({0, 1})[0])))});
}

const RowTable* row_table(const std::string& source, const std::string& stage,
                          std::span<const std::string_view> usual) {
  static std::map<std::string, RowTable> tables;
  if (source.empty()) return nullptr;
  const std::string key = stage + ":" + source;
  auto found = tables.find(key);
  if (found == tables.end()) found = tables.emplace(key, RowTable(source, stage, usual)).first;
  return &found->second;
}

}  // namespace pool3::jobs
