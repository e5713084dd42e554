#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "partition/random_state.hpp"
#include "pool3/partition/stratified.hpp"
#include "pool3/types.hpp"

namespace pool3 {
namespace {

struct ClassCount {
  std::size_t label = 0;
  double rows = 0;
};
/// Rows that stay together: those of a group, or one row.
struct Unit {
  std::vector<std::size_t> rows;
  std::vector<ClassCount> classes;  ///< that occur, by rising label
  double unevenness = 0;            ///< standard deviation of its rows over all classes
};

double deviation(const std::vector<ClassCount>& counts, std::size_t classes) {
  double sum = 0, squares = 0;
  for (const ClassCount& c : counts) sum += c.rows;
  const double mean = sum / static_cast<double>(classes);
  for (const ClassCount& c : counts) squares += (c.rows - mean) * (c.rows - mean);
  squares += mean * mean * static_cast<double>(classes - counts.size());
  return std::sqrt(squares / static_cast<double>(classes));
}

/// Groups by rising number, then the rows of their own.
std::vector<Unit> units_of(std::span<const std::int32_t> labels, std::span<const GroupId> groups, std::size_t classes) {
  std::vector<std::size_t> order(labels.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto after_groups = [&](std::size_t i) { return groups[i] == no_group; };
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
    if (after_groups(a) != after_groups(b)) return after_groups(b);
    return groups[a] < groups[b];
  });
  std::vector<Unit> units;
  for (std::size_t at = 0; at < order.size();) {
    Unit unit;
    std::map<std::int32_t, double> counts;
    const GroupId group = groups[order[at]];
    do {
      unit.rows.push_back(order[at]);
      ++counts[labels[order[at]]];
    } while (++at < order.size() && group != no_group && groups[order[at]] == group);
    for (const auto& [label, rows] : counts) unit.classes.push_back({index(label), rows});
    unit.unevenness = deviation(unit.classes, classes);
    units.push_back(std::move(unit));
  }
  return units;
}

/// Deals units out to parts, so that each class comes near to each part's share of it.
class Dealer {
 public:
  Dealer(std::vector<double> shares, const std::vector<double>& totals)
      : shares_(std::move(shares)),
        totals_(totals),
        counts_(shares_.size(), std::vector<double>(totals.size(), 0)),
        assigned_(totals.size(), 0),
        rows_(shares_.size(), 0) {}

  /// The part that the unit is given to: where classes are nearest to their shares then, of equals the emptiest, of
  /// those the first.
  std::size_t deal(const Unit& unit) {
    constexpr double equal = 1e-9;
    const std::vector<double> before = sums(unit);
    std::size_t best = 0;
    double least = 0;
    for (std::size_t part = 0; part < shares_.size(); ++part) {
      const double now = cost(unit, before, part);
      const bool emptier = rows_[part] / shares_[part] < rows_[best] / shares_[best];
      if (part == 0 || now < least - equal || (now <= least + equal && emptier)) {
        best = part;
        least = now;
      }
    }
    for (const ClassCount& c : unit.classes) {
      counts_[best][c.label] += c.rows;
      assigned_[c.label] += c.rows;
      rows_[best] += c.rows;
    }
    return best;
  }

 private:
  /// How far a class is from its share in this part, once the unit is dealt out and `got` rows of it are here; squared.
  [[nodiscard]] double off(const ClassCount& c, std::size_t part, double got) const {
    const double all = assigned_[c.label] + c.rows;
    const double off = (counts_[part][c.label] + got - shares_[part] * all) / totals_[c.label];
    return off * off;
  }
  /// For each class of the unit, the sum of these over all parts before any has got it.
  [[nodiscard]] std::vector<double> sums(const Unit& unit) const {
    std::vector<double> sums;
    for (const ClassCount& c : unit.classes) {
      double sum = 0;
      for (std::size_t part = 0; part < shares_.size(); ++part) sum += off(c, part, 0);
      sums.push_back(sum);
    }
    return sums;
  }
  /// How far the unit's classes are from their shares with it in `part`. The others stay where they are.
  [[nodiscard]] double cost(const Unit& unit, const std::vector<double>& sums, std::size_t part) const {
    double cost = 0;
    for (std::size_t i = 0; i < sums.size(); ++i) {
      const ClassCount& c = unit.classes[i];
      cost += std::sqrt(std::max(0.0, sums[i] - off(c, part, 0) + off(c, part, c.rows)));
    }
    return cost;
  }
  std::vector<double> shares_;
  const std::vector<double>& totals_;
  std::vector<std::vector<double>> counts_;  ///< [parts][classes]
  std::vector<double> assigned_, rows_;      ///< [classes], [parts]
};

/// The part of each row.
std::vector<std::size_t> deal(std::span<const std::int32_t> labels, std::span<const GroupId> groups,
                              std::vector<double> shares, std::uint64_t seed) {
  std::vector<std::size_t> part_of_row(labels.size(), 0);
  if (labels.empty()) return part_of_row;
  std::vector<double> totals(index(std::ranges::max(labels) + 1), 0);
  for (const std::int32_t label : labels) ++totals[index(label)];
  const auto classes = totals.size() - index(std::ranges::count(totals, 0.0));
  std::vector<Unit> units = units_of(labels, groups, classes);
  auto order = partition::RandomState(seed).permutation(std::ssize(units));
  std::ranges::stable_sort(order, std::greater(), [&](std::int64_t i) { return units[index(i)].unevenness; });
  Dealer dealer(std::move(shares), totals);
  for (const std::int64_t i : order) {
    const std::size_t part = dealer.deal(units[index(i)]);
    for (const std::size_t row : units[index(i)].rows) part_of_row[row] = part;
  }
  return part_of_row;
}

}  // namespace

ImageKey deciding_key(GroupId group, const ImageKey& own) {
  constexpr std::uint64_t of_groups = 0x67726f757073;  // no picture's key begins so, but by chance
  if (group == no_group) return own;
  return {.high = of_groups, .low = static_cast<std::uint64_t>(group)};
}

std::vector<std::uint8_t> stratified_group_test_rows(std::span<const std::int32_t> labels,
                                                     std::span<const GroupId> groups, double test_fraction,
                                                     std::uint64_t seed) {
  std::vector<std::uint8_t> held_out(labels.size(), 0);
  if (test_fraction <= 0) return held_out;
  const auto parts = deal(labels, groups, {1 - test_fraction, test_fraction}, seed);
  std::ranges::transform(parts, held_out.begin(), [](std::size_t part) { return part == 1 ? 1 : 0; });
  return held_out;
}

std::vector<std::int32_t> stratified_group_folds(std::span<const std::int32_t> labels, std::span<const GroupId> groups,
                                                 int folds, std::uint64_t seed) {
  const auto parts = deal(labels, groups, std::vector<double>(index(folds), 1.0 / folds), seed);
  std::vector<std::int32_t> fold_of_row(parts.begin(), parts.end());
  return fold_of_row;
}

}  // namespace pool3
