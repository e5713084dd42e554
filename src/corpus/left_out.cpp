#include "corpus/left_out.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "corpus/unread_pictures.hpp"
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

/// Of a key: a reason's character and a name.
bool is_unread_picture(std::string_view key) {
  return key.starts_with(static_cast<char>(Reason::ending)) && is_unread_picture_name(key.substr(1));
}

}  // namespace

void LeftOut::add(Reason reason, std::string_view name, std::int64_t count) {
  counts_[static_cast<char>(reason) + std::string(name)] += count;
}

void LeftOut::add(const LeftOut& more) {
  for (const auto& [key, count] : more.counts_) counts_[key] += count;
}

void LeftOut::add_key(std::string_view key, std::int64_t count) { counts_[std::string(key)] += count; }

std::vector<std::string> LeftOut::unread_pictures() const {
  std::vector<std::string> lines;
  for (const UnreadKind& kind : unread_kinds) {
    std::vector<Counted> endings;
    std::int64_t count = 0;
    for (const auto& [key, files] : counts_) {
      if (key[0] != static_cast<char>(Reason::ending) || unread_kind(std::string_view(key).substr(1)) != &kind)
        continue;
      endings.push_back({key.substr(1), files});
      count += files;
    }
    if (count == 0) continue;
    lines.push_back(
        fmt::format("left out: {} picture{} in a format that is not read, {} ({}); to make one of it that is: {}",
                    count, count == 1 ? "" : "s", kind.name, names_text(endings, true), kind.converter));
  }
  return lines;
}

std::string LeftOut::text() const {
  const auto of = [&](Reason reason) {
    std::vector<Counted> names;
    for (const auto& [key, count] : counts_) {
      if (key[0] == static_cast<char>(reason) && !is_unread_picture(key)) names.push_back({key.substr(1), count});
    }
    return names;
  };
  std::vector<std::string> parts;
  const auto add = [&](const std::vector<Counted>& found, const char* one, const char* many, const std::string& names) {
    if (found.empty()) return;
    std::int64_t count = 0;
    for (const Counted& name : found) count += name.count;
    parts.push_back(fmt::format("{} {}{}", count, count == 1 ? one : many, names));
  };
  const auto endings = of(Reason::ending), folders = of(Reason::folder);
  const auto in_brackets = [](const std::string& names) { return fmt::format(" ({})", names); };
  add(endings, "file that is no picture by name", "files that are no pictures by name",
      in_brackets(names_text(endings, true)));
  add(of(Reason::hidden), "hidden or system file", "hidden or system files", "");
  add(folders, "hidden or system folder", "hidden or system folders", in_brackets(names_text(folders, false)));
  add(of(Reason::shard), "tar file beside pictures", "tar files beside pictures", "");
  add(of(Reason::no_file), "that is no regular file", "that are no regular files", "");
  add(of(Reason::repeat), "that comes again in its tar file, where the last one counts",
      "that come again in their tar files, where the last ones count", "");
  add(of(Reason::name), "whose name is longer than the system allows", "whose names are longer than the system allows",
      "");
  add(of(Reason::gone), "folder that went away meanwhile", "folders that went away meanwhile", "");
  return parts.empty() ? std::string() : fmt::format("left out: {}", fmt::join(parts, ", "));
}

}  // namespace pool3::corpus
