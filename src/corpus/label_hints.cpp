#include "corpus/label_hints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "corpus/labels.hpp"
#include "pool3/error.hpp"
#include "pool3/partition.hpp"

namespace pool3::corpus {
namespace {

/// A table that lies among the pictures.
std::string hint_of_table(const ListedSources& sources) {
  for (const std::string_view ending : {".csv", ".tsv", ".jsonl"})
    if (sources.left_out.counts().contains(static_cast<char>(Reason::ending) + std::string(ending)))
      return fmt::format(
          "no picture has a label, and a {} file is beside them: if it names them, give that file as "
          "--corpus in place of the folder",
          ending);
  return {};
}

/// The labels that a rule gives to some thousand pictures, evenly taken; empty if one has none, or they are too many
/// for classes.
std::set<std::string> classes_by(const std::string& rule, const StringTable& paths) {
  constexpr std::int64_t most_looked_at = 10'000, least_of_class = 3;
  const std::int64_t count = std::min(paths.size(), most_looked_at);
  const Labeller label(parse_label_rule(rule));
  std::set<std::string> classes;
  for (std::int64_t i = 0; i < count; ++i) {
    std::string name = label(paths[even_share(paths.size(), count, i).begin], "");
    if (name.empty()) return {};
    classes.insert(std::move(name));
    if (least_of_class * std::ssize(classes) > count) return {};
  }
  return classes;
}

/// As in baby_shoe_12.jpg and cat.17.jpg.
std::string hint_of_names(const StringTable& paths) {
  for (const char* rule : {"filename", "regex:([^/]*[^/0-9._ -])[._ -]*[0-9]+[.][^./]*$"}) {
    const auto classes = classes_by(rule, paths);
    if (classes.size() < 2) continue;
    return fmt::format(
        "folders don't tell the pictures apart, but their names may: --labels '{}' makes {} classes of "
        "them, such as {}",
        rule, classes.size(), one_line(*classes.begin()));
  }
  return {};
}

/// As in a/abbey/1.jpg, where classes lie in folders of their first letters.
std::string hint_of_letters(const ListedSources& sources) {
  const auto& names = sources.draft.names.all();
  const bool letters = std::ranges::all_of(
      names, [](const std::string& name) { return name.size() == 1 && (name[0] < '0' || name[0] > '9'); });
  const std::string below = "/" + names[static_cast<std::size_t>(sources.draft.labels[0])] + "/";
  const std::string first = fmt::format("/{}", sources.draft.paths[0]);
  const std::size_t at = first.find(below);
  if (names.size() < 2 || !letters || at == std::string::npos) return {};
  if (first.find('/', at + below.size()) == std::string::npos) return {};
  return "the labels are single letters, as of folders that hold those of the classes: --labels "
         "'regex:(?:^|/)[^/]/(.+)/[^/]*$' takes the folders below them";
}

}  // namespace

std::string label_hint(const ListedSources& sources, const LabelRule& rule) {
  const std::vector<std::int32_t>& labels = sources.draft.labels;
  const bool by_folder = rule.kind == LabelRule::Kind::automatic || rule.kind == LabelRule::Kind::directory;
  if (!by_folder || labels.empty()) return {};
  if (labels[0] >= 0)
    if (std::string hint = hint_of_letters(sources); !hint.empty()) return hint;
  if (std::ranges::any_of(labels, [&](std::int32_t label) { return label != labels[0]; })) return {};
  std::string hint = labels[0] < 0 ? hint_of_table(sources) : "";
  return hint.empty() ? hint_of_names(sources.draft.paths) : hint;
}

}  // namespace pool3::corpus
