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

void ManifestDraft::check_repeat(std::int64_t a, std::int64_t b, const std::string& corpus) const {
  const auto label = [&](std::int64_t row) { return labels[static_cast<std::size_t>(row)]; };
  if (label(a) == label(b)) return;
  const auto text = [&](std::int64_t row) {
    return label(row) < 0 ? "" : names.all()[static_cast<std::size_t>(label(row))];
  };
  const std::int64_t first = lines_[static_cast<std::size_t>(a)];
  const std::int64_t second = lines_[static_cast<std::size_t>(b)];
  std::string who = first > 0 && second > 0 ? fmt::format("lines {} and {} give", first, second) : "its parts give";
  throw Error({.stage = stage,
               .path = corpus,
               .cause = fmt::format(R"({} "{}" two labels: "{}" and "{}")", who, paths[a], text(a), text(b)),
               .advice = "a picture has one label; --labels none or directory does not look at a table's column"});
}

void ManifestDraft::sort_and_drop_repeats(const std::string& corpus) {
  if (!is_sorted()) {
    std::vector<std::int64_t> rows = sorted_rows();
    const auto is_repeat = [&](std::int64_t a, std::int64_t b) {
      if (paths[a] != paths[b]) return false;
      check_repeat(a, b, corpus);
      return true;
    };
    rows.erase(std::unique(rows.begin(), rows.end(), is_repeat), rows.end());
    keep(rows);
  }
  lines_ = {};
}

}  // namespace pool3::corpus
