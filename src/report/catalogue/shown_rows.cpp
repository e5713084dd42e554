// Which rows a page shows.

#include <algorithm>
#include <cmath>
#include <map>

#include "pool3/report/catalogue_page.hpp"

namespace pool3 {
namespace {

/// The surest first, then by row.
bool surer(const JudgedRow& a, const JudgedRow& b) {
  const double of_a = std::isnan(a.confidence) ? 0 : a.confidence, of_b = std::isnan(b.confidence) ? 0 : b.confidence;
  return of_a != of_b ? of_a > of_b : a.row < b.row;
}

class Chosen {
 public:
  explicit Chosen(std::int64_t most) : most_(most) {}
  void add(Row row) {
    if (std::ssize(rows_) < most_) rows_.push_back(row);
  }
  [[nodiscard]] std::vector<Row> rows() {
    std::ranges::sort(rows_);
    const auto repeats = std::ranges::unique(rows_);
    rows_.erase(repeats.begin(), repeats.end());
    return std::move(rows_);
  }

 private:
  std::int64_t most_;
  std::vector<Row> rows_;
};

/// The first `most` of each kind, in this order.
template <typename Rows, typename Kind, typename Take>
void take_of_each(const Rows& rows, std::int64_t most, const Kind& kind, const Take& take) {
  std::map<decltype(kind(rows.front())), std::int64_t> taken;
  for (const auto& row : rows)
    if (taken[kind(row)]++ < most) take(row);
}

}  // namespace

std::vector<Row> rows_to_show(std::span<const std::int32_t> labels, std::span<const Row> usable,
                              std::span<const JudgedRow> judged, const RowBudget& budget) {
  if (std::ssize(usable) <= budget.all_up_to) return {usable.begin(), usable.end()};
  std::vector<JudgedRow> right, wrong;
  for (const JudgedRow& row : judged) (row.truth == row.predicted ? right : wrong).push_back(row);
  std::ranges::sort(right, surer);
  std::ranges::sort(wrong, surer);
  Chosen chosen(budget.most);
  const auto classes = labels.empty() ? 1 : std::max<std::int64_t>(1, *std::ranges::max_element(labels) + 1);
  const std::int64_t examples = std::clamp<std::int64_t>(budget.most / 3 / classes, 1, budget.examples);
  const auto add = [&](const JudgedRow& row) { chosen.add(row.row); };
  take_of_each(
      right, examples, [](const JudgedRow& r) { return std::pair(r.truth, 0); }, add);
  const auto label_of = [&](Row row) { return std::pair(labels[static_cast<std::size_t>(row)], 0); };
  take_of_each(usable, std::max<std::int64_t>(1, examples / 2), label_of, [&](Row row) { chosen.add(row); });
  take_of_each(
      wrong, budget.of_a_pair, [](const JudgedRow& r) { return std::pair(r.truth, r.predicted); }, add);
  for (const JudgedRow& row : wrong) add(row);
  return chosen.rows();
}

}  // namespace pool3
