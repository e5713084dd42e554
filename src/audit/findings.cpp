#include "audit/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "pool3/training.hpp"
#include "pool3/types.hpp"

namespace pool3::audit {
namespace {

constexpr double least_overlap = 0.05;
constexpr const char* across_classes = "across classes";
constexpr const char* across_split = "across the split";
constexpr const char* within_class = "within a class";

std::string where_of(const Catalogue& c, Row a, Row b) {
  const bool classes = c.labels[index(a)] != c.labels[index(b)];
  const bool both = c.labels[index(a)] >= 0 && c.labels[index(b)] >= 0;
  const bool split = both && c.held_out[index(a)] != c.held_out[index(b)];
  if (classes && split) return fmt::format("{}, {}", across_classes, across_split);
  return classes ? across_classes : split ? across_split : within_class;
}

std::string near_text(const std::string& other, const NearCopies& copies, std::size_t row) {
  const auto distance = static_cast<double>(copies.distance[row]);
  if (copies.by_picture[row])
    return fmt::format(
        "nearly the same picture as {}: laid on it, no part of it is lighter or darker by more than {:.1f} %", other,
        distance * 100);
  const std::string text = fmt::format("nearly the same as {}: a distance of {:.5f}", other, distance);
  return distance <= copies.limit ? fmt::format("{}, below {:.5f}", text, copies.limit)
                                  : text + ", and all others are more than three times as far from both";
}

/// What does the most harm comes first.
int harm_of(const std::string& where) {
  if (where.starts_with(across_classes)) return 0;
  return where == across_split ? 1 : 2;
}

}  // namespace

Catalogue::Catalogue(const FeatureReader& file, const Split& split)
    : reader(&file), labels(file.labels()), keys(file.keys()), status(file.status()) {
  held_out = rows_on_side(file, split, Side::test);
}

std::string Catalogue::path(Row row) const { return reader->paths({row, row + 1}).front(); }

std::string Catalogue::label(Row row) const {
  const std::int32_t k = labels[index(row)];
  return k < 0 ? std::string() : reader->classes()[index(k)];
}

Finding Catalogue::finding(Row row) const { return {.row = row, .path = path(row), .label = label(row)}; }

AuditList same_bytes(const Catalogue& c) {
  AuditList list{"same_bytes", {"row", "path", "label", "suggested", "other_row", "other_path", "score", "reason"}, {}};
  std::map<ImageKey, std::vector<Row>> by_key;
  for (std::size_t i = 0; i < c.keys.size(); ++i)
    if (c.status[i] == RowStatus::done && c.labels[i] >= 0) by_key[c.keys[i]].push_back(static_cast<Row>(i));
  for (const auto& [key, rows] : by_key) {
    std::map<std::int32_t, std::int64_t> votes;
    for (const Row row : rows) ++votes[c.labels[index(row)]];
    if (votes.size() < 2) continue;
    const auto most = std::ranges::max_element(votes, {}, [](const auto& v) { return v.second; });
    const bool decided = std::ranges::count_if(votes, [&](const auto& v) { return v.second == most->second; }) == 1;
    for (const Row row : rows) {
      const std::int32_t own = c.labels[index(row)];
      const Row other = *std::ranges::find_if(rows, [&](Row r) { return c.labels[index(r)] != own; });
      Finding f = c.finding(row);
      if (decided && most->first != own) f.suggested = c.reader->classes()[index(most->first)];
      f.other_row = other;
      f.other_path = c.path(other);
      f.score = 1 - static_cast<double>(votes[own]) / static_cast<double>(rows.size());
      f.reason = fmt::format("the same bytes as {}, which is labelled {}; {} of {} copies are labelled {}",
                             f.other_path, c.label(other), votes[own], rows.size(), f.label);
      list.findings.push_back(std::move(f));
    }
  }
  std::ranges::stable_sort(list.findings, [](const Finding& a, const Finding& b) {
    return std::tuple(-a.score, a.row) < std::tuple(-b.score, b.row);
  });
  return list;
}

AuditList wrong_labels(const Catalogue& c, const std::vector<Doubt>& doubts) {
  AuditList list{"wrong_labels", {"row", "path", "label", "suggested", "score", "reason"}, {}};
  for (const Doubt& d : doubts) {
    Finding f = c.finding(d.row);
    f.suggested = c.reader->classes()[index(d.suggested)];
    f.score = 1 - d.confidence;
    f.reason =
        fmt::format("held out, it is taken for {}; the probability of its label is {:.3f}", f.suggested, d.confidence);
    list.findings.push_back(std::move(f));
  }
  return list;
}

AuditList near_copies(const Catalogue& c, const NearCopies& copies) {
  AuditList list{"near_copies",
                 {"row", "path", "label", "other_row", "other_path", "other_label", "where", "score", "reason"},
                 {}};
  for (std::size_t i = 0; i < copies.representative.size(); ++i) {
    const Row row = static_cast<Row>(i), other = copies.representative[i];
    if (row == other) continue;
    const bool same = c.keys[i] == c.keys[index(other)];
    if (same && c.labels[i] != c.labels[index(other)]) continue;  // in same_bytes
    Finding f = c.finding(row);
    f.other_row = other;
    f.other_path = c.path(other);
    f.other_label = c.label(other);
    f.where = where_of(c, row, other);
    const double limit = copies.by_picture[i] ? near_picture_limit : copies.limit;
    f.score = limit / (limit + static_cast<double>(copies.distance[i]));
    f.reason = same ? fmt::format("the same bytes as {}", f.other_path) : near_text(f.other_path, copies, i);
    list.findings.push_back(std::move(f));
  }
  std::ranges::stable_sort(list.findings, [](const Finding& a, const Finding& b) {
    return std::tuple(harm_of(a.where), -a.score, a.row) < std::tuple(harm_of(b.where), -b.score, b.row);
  });
  return list;
}

AuditList outliers(const Catalogue& c, const Surroundings& around, double limit) {
  AuditList list{"outliers", {"row", "path", "label", "score", "reason"}, {}};
  for (std::size_t i = 0; i < around.place.size(); ++i) {
    if (around.place[i] < 0) continue;
    const double mean = around.mean_distance[index(around.place[i])];
    if (!(mean > limit)) continue;
    Finding f = c.finding(static_cast<Row>(i));
    f.score = mean;
    f.reason = fmt::format("the mean distance to its {} nearest pictures is {:.4f}, above {:.4f}", outlier_neighbours,
                           mean, limit);
    list.findings.push_back(std::move(f));
  }
  std::ranges::stable_sort(list.findings, std::ranges::greater(), &Finding::score);
  return list;
}

AuditList overlapping(const Catalogue& c, const Judgement& judgement) {
  AuditList list{"overlaps", {"label", "suggested", "rows", "score", "reason"}, {}};
  for (const Overlap& o : overlaps(judgement.joint, judgement.rows, least_overlap)) {
    Finding f{.label = c.reader->classes()[index(o.first)], .suggested = c.reader->classes()[index(o.second)]};
    f.rows = judgement.rows[index(o.first)] + judgement.rows[index(o.second)];
    f.score = o.share;
    f.reason = fmt::format("about {:.0f} of their {} pictures are taken for the other class", o.rows, f.rows);
    list.findings.push_back(std::move(f));
  }
  return list;
}

AuditList small_classes(const Catalogue& c, std::int64_t enough) {
  AuditList list{"small_classes", {"label", "rows", "score", "reason"}, {}};
  std::vector<std::int64_t> counts(c.reader->classes().size(), 0);
  for (std::size_t i = 0; i < c.labels.size(); ++i)
    if (c.labels[i] >= 0 && c.status[i] == RowStatus::done) ++counts[index(c.labels[i])];
  for (std::size_t k = 0; k < counts.size(); ++k) {
    if (counts[k] >= enough) continue;
    Finding f{.label = c.reader->classes()[k], .rows = counts[k]};
    f.score = 1 - static_cast<double>(counts[k]) / static_cast<double>(enough);
    f.reason = fmt::format("{} pictures; fewer than {} say little about a class", counts[k], enough);
    list.findings.push_back(std::move(f));
  }
  std::ranges::stable_sort(list.findings, std::ranges::greater(), &Finding::score);
  return list;
}

}  // namespace pool3::audit
