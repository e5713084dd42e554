#include "setup/settings_agreement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <vector>

namespace pool3::jobs {
namespace {

constexpr std::size_t most_shown = 3;      ///< settings in one line
constexpr std::size_t longest_shown = 60;  ///< bytes of a value

std::string text_of(const Settings& settings) {
  return nlohmann::json(settings).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// True on every rank, or on none: all have this text. Costs one number, as it is asked by every job.
bool same_on_all(const Communicator& comm, const std::string& text) {
  constexpr std::size_t exact_in_double = (std::size_t{1} << 53U) - 1;
  const auto hash = static_cast<double>(std::hash<std::string>{}(text)&exact_in_double);
  std::array<double, 2> ends = {hash, -hash};
  comm.max(std::span<double>(ends));
  return ends[0] == -ends[1];
}

/// "rank 2", "ranks 0-2, 5"
std::string ranks_text(const std::vector<int>& ranks) {
  std::string text = ranks.size() == 1 ? "rank " : "ranks ";
  for (std::size_t i = 0; i < ranks.size();) {
    std::size_t last = i;
    while (last + 1 < ranks.size() && ranks[last + 1] == ranks[last] + 1) ++last;
    text += fmt::format("{}{}", i == 0 ? "" : ", ", ranks[i]);
    if (last > i) text += fmt::format("-{}", ranks[last]);
    i = last + 1;
  }
  return text;
}

std::string shown(const std::string& value) {
  if (value.empty()) return "nothing";
  return value.size() <= longest_shown ? value : value.substr(0, longest_shown) + "...";
}

/// What differs, in one line. `all` are the texts of the ranks.
std::string difference(const std::vector<std::string>& all) {
  std::vector<Settings> settings;
  std::set<std::string> names;
  for (const std::string& text : all) {
    settings.push_back(nlohmann::json::parse(text).get<Settings>());
    for (const auto& [name, value] : settings.back()) names.insert(name);
  }
  std::string line;
  std::size_t differ = 0;
  for (const std::string& name : names) {
    std::vector<std::string> values;
    values.reserve(settings.size());
    for (const Settings& its : settings) values.push_back(its.contains(name) ? its.at(name) : std::string());
    if (std::ranges::all_of(values, [&](const std::string& value) { return value == values[0]; })) continue;
    if (++differ <= most_shown) line += fmt::format("{}{} is {}", line.empty() ? "" : "; ", name, by_rank(values));
  }
  return differ > most_shown ? fmt::format("{}; and {} more differ", line, differ - most_shown) : line;
}

}  // namespace

std::string by_rank(const std::vector<std::string>& values) {
  std::vector<std::string> kinds;  // in the order of the first rank that has it
  for (const std::string& value : values)
    if (std::ranges::find(kinds, value) == kinds.end()) kinds.push_back(value);
  std::string text;
  for (const std::string& kind : kinds) {
    std::vector<int> ranks;
    for (std::size_t rank = 0; rank < values.size(); ++rank)
      if (values[rank] == kind) ranks.push_back(static_cast<int>(rank));
    text += fmt::format("{}{} on {}", text.empty() ? "" : ", ", shown(kind), ranks_text(ranks));
  }
  return text;
}

void agree_on(const Communicator& comm, const Settings& mine) {
  const std::string text = text_of(mine);
  if (same_on_all(comm, text)) return;
  const std::vector<std::string> all = comm.gather(text);
  comm.root_does([&] {
    const std::string line = difference(all);
    if (line.empty()) return;  // programs whose hashes differ
    throw usage_error("the ranks were not started alike: " + line,
                      "start all ranks with the same program and the same flags");
  });
}

}  // namespace pool3::jobs
