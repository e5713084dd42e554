#include "corpus/left_out.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "pool3/error.hpp"

namespace pool3::corpus {
namespace {

struct Counted {
  std::string name;
  std::int64_t count = 0;
};

/// The most frequent names, and how many others there are.
std::string names_text(std::vector<Counted> names, bool with_counts) {
  constexpr std::size_t most = 6;
  std::ranges::stable_sort(names, std::greater(), &Counted::count);
  std::vector<std::string> words;
  for (std::size_t i = 0; i < std::min(most, names.size()); ++i) {
    const std::string name = names[i].name.empty() ? "no ending" : one_line(names[i].name);
    words.push_back(with_counts ? fmt::format("{} {}", name, names[i].count) : name);
  }
  if (names.size() > most) words.push_back(fmt::format("{} others", names.size() - most));
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string counted(std::int64_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

}  // namespace

void LeftOut::add(Reason reason, std::string_view name, std::int64_t count) {
  counts_[static_cast<char>(reason) + std::string(name)] += count;
}

void LeftOut::add(const LeftOut& more) {
  for (const auto& [key, count] : more.counts_) counts_[key] += count;
}

void LeftOut::add_key(std::string_view key, std::int64_t count) { counts_[std::string(key)] += count; }

std::string LeftOut::text() const {
  const auto of = [&](Reason reason) {
    std::vector<Counted> names;
    for (const auto& [key, count] : counts_) {
      if (key[0] == static_cast<char>(reason)) names.push_back({key.substr(1), count});
    }
    return names;
  };
  const auto sum = [](const std::vector<Counted>& names) {
    std::int64_t count = 0;
    for (const Counted& name : names) count += name.count;
    return count;
  };
  std::vector<std::string> parts;
  if (const auto found = of(Reason::ending); !found.empty()) {
    parts.push_back(fmt::format("{} by name ({})",
                                counted(sum(found), "file that is no picture", "files that are no pictures"),
                                names_text(found, true)));
  }
  if (const auto found = of(Reason::hidden); !found.empty()) {
    parts.push_back(counted(sum(found), "hidden or system file", "hidden or system files"));
  }
  if (const auto found = of(Reason::folder); !found.empty()) {
    parts.push_back(fmt::format("{} ({})", counted(sum(found), "hidden or system folder", "hidden or system folders"),
                                names_text(found, false)));
  }
  if (const auto found = of(Reason::shard); !found.empty()) {
    parts.push_back(counted(sum(found), "tar file beside pictures", "tar files beside pictures"));
  }
  if (const auto found = of(Reason::no_file); !found.empty()) {
    parts.push_back(counted(sum(found), "that is no regular file", "that are no regular files"));
  }
  if (const auto found = of(Reason::gone); !found.empty()) {
    parts.push_back(counted(sum(found), "folder that went away meanwhile", "folders that went away meanwhile"));
  }
  return parts.empty() ? std::string() : fmt::format("left out: {}", fmt::join(parts, ", "));
}

}  // namespace pool3::corpus
