#include "corpus/classes.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "corpus/class_notes.hpp"
#include "corpus/error_stage.hpp"
#include "corpus/file_names.hpp"
#include "corpus/tables/table.hpp"
#include "pool3/error.hpp"

namespace pool3::corpus {
namespace {

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

std::vector<std::int64_t> counts_of(const ManifestDraft& draft) {
  std::vector<std::int64_t> counts(draft.names.all().size(), 0);
  for (const std::int32_t label : draft.labels) {
    if (label >= 0) ++counts[index(label)];
  }
  return counts;
}

/// The classes that stay, and the new number of each old one (-1: left out).
struct Choice {
  std::vector<std::string> classes;
  std::vector<std::int32_t> numbers;
};

Choice choose(const ManifestDraft& draft, const CorpusOptions& options) {
  const std::vector<std::string>& names = draft.names.all();
  Choice choice;
  if (!options.classes.empty()) {
    choice.classes = read_classes(options.classes);
  } else {
    const std::vector<std::int64_t> counts = counts_of(draft);
    for (std::size_t k = 0; k < names.size(); ++k) {
      if (counts[k] > 0 && counts[k] >= options.min_per_class) choice.classes.push_back(names[k]);
    }
    std::ranges::sort(choice.classes);
  }
  std::unordered_map<std::string_view, std::int32_t> numbers;
  for (const std::string& name : choice.classes) numbers.emplace(name, static_cast<std::int32_t>(numbers.size()));
  for (const std::string& name : names) {
    const auto found = numbers.find(name);
    choice.numbers.push_back(found == numbers.end() ? -1 : found->second);
  }
  return choice;
}

/// Gives the rows their new numbers and drops those of other classes. Returns how many were dropped.
std::int64_t apply(const Choice& choice, ManifestDraft& draft) {
  std::vector<std::int64_t> rows;
  for (std::int64_t row = 0; row < draft.size(); ++row) {
    std::int32_t& label = draft.labels[index(row)];
    const bool labelled = label >= 0;
    if (labelled) label = choice.numbers[index(label)];
    if (!labelled || label >= 0) rows.push_back(row);
  }
  const std::int64_t dropped = draft.size() - static_cast<std::int64_t>(rows.size());
  if (dropped > 0) draft.keep(rows);
  return dropped;
}

/// Keeps those rows of each class whose paths have the smallest hashes: a sample that does not depend on the order and
/// changes little as the catalogue grows. Returns how many were dropped.
std::int64_t limit(ManifestDraft& draft, std::size_t classes, std::int64_t most) {
  std::vector<std::vector<std::pair<std::uint64_t, std::int64_t>>> kept(classes);  // heaps, the largest in front
  std::vector<std::int64_t> rows;
  for (std::int64_t row = 0; row < draft.size(); ++row) {
    const std::int32_t label = draft.labels[index(row)];
    if (label < 0) {
      rows.push_back(row);
      continue;
    }
    auto& heap = kept[index(label)];
    const std::string_view path = draft.paths[row];
    heap.emplace_back(XXH3_64bits(path.data(), path.size()), row);
    std::ranges::push_heap(heap);
    if (static_cast<std::int64_t>(heap.size()) > most) {
      std::ranges::pop_heap(heap);
      heap.pop_back();
    }
  }
  for (const auto& heap : kept) {
    for (const auto& [hash, row] : heap) rows.push_back(row);
  }
  std::ranges::sort(rows);
  const std::int64_t dropped = draft.size() - static_cast<std::int64_t>(rows.size());
  if (dropped > 0) draft.keep(rows);
  return dropped;
}

}  // namespace

std::vector<std::string> read_classes(const std::string& path) {
  TextInput input(path);
  std::vector<std::string> classes;
  std::unordered_map<std::string, std::int64_t> lines;
  read_lines(input, [&](std::string_view whole, std::int64_t line) {
    const std::string_view text = trimmed_view(whole);
    if (text.empty()) return;
    const auto [first, is_new] = lines.try_emplace(std::string(text), line);
    if (!is_new) {
      throw Error({.stage = stage,
                   .path = path,
                   .cause = fmt::format("lines {} and {} name the same class: {}", first->second, line, text)});
    }
    classes.emplace_back(text);
  });
  if (classes.empty()) throw Error({.stage = stage, .path = path, .cause = "names no class"});
  return classes;
}

std::vector<std::string> choose_classes(ManifestDraft& draft, const CorpusOptions& options,
                                        std::vector<std::string>& notes) {
  Choice choice = choose(draft, options);
  const auto unlabelled = std::ranges::count(draft.labels, -1);
  if (options.labels.kind != LabelRule::Kind::none && unlabelled > 0) {
    notes.push_back(fmt::format("{} of {} pictures have no label; they get features and are left out of training",
                                unlabelled, draft.size()));
  }
  if (const std::int64_t dropped = apply(choice, draft); dropped > 0) {
    const std::string why = options.classes.empty() ? fmt::format("have fewer than {} pictures", options.min_per_class)
                                                    : fmt::format("{} does not name", options.classes);
    notes.push_back(fmt::format("left out {} pictures of classes that {}", dropped, why));
  }
  if (options.limit_per_class > 0) {
    const std::int64_t dropped = limit(draft, choice.classes.size(), options.limit_per_class);
    if (dropped > 0) {
      notes.push_back(fmt::format("left out {} pictures: {} of each class at most", dropped, options.limit_per_class));
    }
  }
  std::vector<std::int64_t> counts(choice.classes.size(), 0);
  for (const std::int32_t label : draft.labels) {
    if (label >= 0) ++counts[index(label)];
  }
  std::ranges::move(class_notes(choice.classes, counts, options.labels), std::back_inserter(notes));
  return std::move(choice.classes);
}

}  // namespace pool3::corpus
