#include "pool3/partition/stratified.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "partition/random_state.hpp"
#include "pool3/types.hpp"

namespace pool3 {
namespace {

using partition::RandomState;

/// How many of `draws` rows each class gives: its share, rounded so that the sum is right. The random state breaks ties
/// (scikit-learn's _approximate_mode, step by step, since each step draws).
std::vector<std::int64_t> shares(const std::vector<std::int64_t>& counts, std::int64_t draws, RandomState& random) {
  const auto total = static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}));
  std::vector<std::int64_t> taken;
  std::vector<double> rest;
  for (const std::int64_t count : counts) {
    const double exact = static_cast<double>(count) / total * static_cast<double>(draws);
    taken.push_back(static_cast<std::int64_t>(std::floor(exact)));
    rest.push_back(exact - std::floor(exact));
  }
  std::int64_t missing = draws - std::accumulate(taken.begin(), taken.end(), std::int64_t{0});
  std::vector<double> values = rest;
  std::ranges::sort(values, std::greater());
  values.erase(std::unique(values.begin(), values.end()), values.end());  // clang 14 knows no ranges::unique
  for (const double value : values) {
    if (missing <= 0) break;
    std::vector<std::size_t> ties;
    for (std::size_t k = 0; k < rest.size(); ++k)
      if (rest[k] == value) ties.push_back(k);
    const std::int64_t now = std::min(missing, std::ssize(ties));
    const auto order = random.permutation(std::ssize(ties));
    for (std::int64_t i = 0; i < now; ++i) ++taken[ties[index(order[index(i)])]];
    missing -= now;
  }
  return taken;
}

/// Rows of each class that has as many as `least`, by rising label.
std::vector<std::vector<std::size_t>> rows_of_classes(std::span<const std::int32_t> labels, std::size_t least) {
  const std::int32_t last = labels.empty() ? -1 : std::ranges::max(labels);
  std::vector<std::vector<std::size_t>> rows(index(last + 1));
  for (std::size_t i = 0; i < labels.size(); ++i) rows[index(labels[i])].push_back(i);
  std::erase_if(rows, [&](const auto& of_class) { return of_class.size() < least; });
  return rows;
}

std::vector<std::int64_t> sizes(const std::vector<std::vector<std::size_t>>& rows) {
  std::vector<std::int64_t> counts;
  counts.reserve(rows.size());
  for (const auto& of_class : rows) counts.push_back(std::ssize(of_class));
  return counts;
}

}  // namespace

std::vector<std::uint8_t> stratified_test_rows(std::span<const std::int32_t> labels, double test_fraction,
                                               std::uint64_t seed) {
  std::vector<std::uint8_t> held_out(labels.size(), 0);
  const auto rows = rows_of_classes(labels, 2);
  const std::vector<std::int64_t> counts = sizes(rows);
  const std::int64_t all = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
  const auto test = static_cast<std::int64_t>(std::ceil(test_fraction * static_cast<double>(all)));
  if (all == 0 || test_fraction <= 0) return held_out;
  RandomState random(seed);
  const auto training = shares(counts, all - test, random);
  std::vector<std::int64_t> left;
  for (std::size_t k = 0; k < counts.size(); ++k) left.push_back(counts[k] - training[k]);
  const auto tested = shares(left, test, random);
  for (std::size_t k = 0; k < counts.size(); ++k) {
    const auto order = random.permutation(counts[k]);
    for (std::int64_t i = training[k]; i < training[k] + tested[k]; ++i) held_out[rows[k][index(order[index(i)])]] = 1;
  }
  return held_out;
}

std::vector<std::int32_t> stratified_folds(std::span<const std::int32_t> labels, int folds, std::uint64_t seed) {
  auto rows = rows_of_classes(labels, 1);
  std::ranges::sort(rows, {}, [](const auto& of_class) { return of_class.front(); });  // as they first appear
  std::vector<std::int32_t> fold_of_row(labels.size());
  RandomState random(seed);
  std::int64_t before = 0;  // rows of earlier classes: folds are dealt out in turn over all of them
  for (const auto& of_class : rows) {
    std::vector<std::int32_t> dealt;
    for (std::int64_t i = before; i < before + std::ssize(of_class); ++i)
      dealt.push_back(static_cast<std::int32_t>(i % folds));
    before += std::ssize(of_class);
    std::ranges::sort(dealt);
    random.shuffle(std::span(dealt));
    for (std::size_t i = 0; i < of_class.size(); ++i) fold_of_row[of_class[i]] = dealt[i];
  }
  return fold_of_row;
}

}  // namespace pool3
