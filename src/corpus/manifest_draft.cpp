#include "corpus/manifest_draft.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "corpus/error_stage.hpp"
#include "pool3/error.hpp"

namespace pool3::corpus {
namespace {

template <typename T>
void keep_rows(std::vector<T>& column, const std::vector<std::int64_t>& rows) {
  std::vector<T> kept;
  kept.reserve(rows.size());
  for (const std::int64_t row : rows) kept.push_back(column[static_cast<std::size_t>(row)]);
  column = std::move(kept);
}

}  // namespace

std::int32_t LabelNames::number(const std::string& name) {
  const auto [place, is_new] = numbers_.try_emplace(name, static_cast<std::int32_t>(names_.size()));
  if (is_new) names_.push_back(name);
  return place->second;
}

void ManifestDraft::add(const Entry& entry) {
  paths.push_back(entry.path);
  bytes.push_back(entry.bytes);
  labels.push_back(entry.label.empty() ? -1 : names.number(entry.label));
  lines_.push_back(entry.line);
  if (entry.weight == 1) return;
  weights_.resize(labels.size(), 1);
  weights_.back() = entry.weight;
}

void ManifestDraft::keep(const std::vector<std::int64_t>& rows) {
  paths.keep(rows);
  keep_rows(bytes, rows);
  keep_rows(labels, rows);
  if (!lines_.empty()) keep_rows(lines_, rows);
}

bool ManifestDraft::is_sorted() const {
  for (std::int64_t row = 1; row < size(); ++row) {
    if (paths[row - 1] >= paths[row]) return false;
  }
  return true;
}

std::vector<std::int64_t> ManifestDraft::sorted_rows() const {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(size()));
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  std::ranges::sort(rows, [this](std::int64_t a, std::int64_t b) {
    const int order = paths[a].compare(paths[b]);
    return order != 0 ? order < 0 : a < b;
  });
  return rows;
}

double ManifestDraft::weight(std::int64_t row) const {
  return row < std::ssize(weights_) ? weights_[static_cast<std::size_t>(row)] : 1;
}

/// REQUIRES: their labels differ.
void ManifestDraft::refuse(std::span<const std::int64_t> rows, const std::string& corpus) const {
  const std::int64_t a = rows[0];
  const std::int64_t b = *std::ranges::find_if(rows, [&](std::int64_t row) {
    return labels[static_cast<std::size_t>(row)] != labels[static_cast<std::size_t>(a)];
  });
  const auto text = [&](std::int64_t row) {
    const std::int32_t label = labels[static_cast<std::size_t>(row)];
    return label < 0 ? "" : names.all()[static_cast<std::size_t>(label)];
  };
  const std::int64_t first = lines_[static_cast<std::size_t>(a)];
  const std::int64_t second = lines_[static_cast<std::size_t>(b)];
  std::string who = first > 0 && second > 0 ? fmt::format("lines {} and {} give", first, second) : "its parts give";
  throw Error({.stage = stage,
               .path = corpus,
               .cause = fmt::format(R"({} "{}" two labels: "{}" and "{}")", who, paths[a], text(a), text(b)),
               .advice = "a picture has one label: --several-labels first takes that of its first row, highest:COLUMN "
                         "that of the row with the highest number there, none gives it none; --labels none or "
                         "directory does not look at a table's column"});
}

/// None is a label too, here. REQUIRES: `rows` is not empty.
bool ManifestDraft::has_several_labels(std::span<const std::int64_t> rows) const {
  const auto label = [&](std::int64_t row) { return labels[static_cast<std::size_t>(row)]; };
  return std::ranges::any_of(rows, [&](std::int64_t row) { return label(row) != label(rows[0]); });
}

/// `rows`: of one picture, as they were added.
std::int32_t ManifestDraft::chosen_label(std::span<const std::int64_t> rows, SeveralLabels::Kind rule) const {
  std::int32_t chosen = -1;
  double most = 0;
  for (const std::int64_t row : rows) {
    const std::int32_t label = labels[static_cast<std::size_t>(row)];
    if (label < 0 || weight(row) <= 0) continue;
    if (rule == SeveralLabels::Kind::none && chosen >= 0 && label != chosen) return -1;
    if (chosen >= 0 && (rule != SeveralLabels::Kind::highest || weight(row) <= most)) continue;
    chosen = label;
    most = weight(row);
  }
  return chosen;
}

std::int64_t ManifestDraft::sort_and_drop_repeats(const std::string& corpus, SeveralLabels::Kind rule) {
  std::int64_t several = 0;
  if (!is_sorted() || !weights_.empty()) {
    const std::vector<std::int64_t> rows = sorted_rows();
    std::vector<std::int64_t> kept;
    for (auto begin = rows.begin(); begin != rows.end();) {
      const auto end = std::find_if(begin, rows.end(), [&](std::int64_t row) { return paths[row] != paths[*begin]; });
      const std::span<const std::int64_t> same(begin, end);
      if (has_several_labels(same)) {
        if (rule == SeveralLabels::Kind::refuse) refuse(same, corpus);
        ++several;
      }
      labels[static_cast<std::size_t>(*begin)] = chosen_label(same, rule);
      kept.push_back(*begin);
      begin = end;
    }
    keep(kept);
  }
  lines_ = {};
  weights_ = {};
  return several;
}

}  // namespace pool3::corpus
