#include "audit/clusters.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "pool3/types.hpp"

namespace pool3::audit {
namespace {

void make_symmetric(NearRows& near) {
  const NearRows given = near;
  for (std::size_t i = 0; i < given.size(); ++i)
    for (const Neighbour& n : given[i]) near[index(n.row)].push_back({n.distance, static_cast<Row>(i)});
  for (auto& list : near) {
    std::ranges::sort(list);
    const auto same = std::ranges::unique(list);
    list.erase(same.begin(), same.end());
  }
}

}  // namespace

Clusters cluster(NearRows near) {
  make_symmetric(near);
  std::vector<std::int64_t> order(near.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::ranges::stable_sort(order, std::ranges::greater(), [&](std::int64_t i) { return near[index(i)].size(); });
  Clusters found{std::vector<std::int64_t>(near.size(), -1), std::vector<double>(near.size(), 0.0)};
  for (const std::int64_t i : order) {
    if (found.representative[index(i)] >= 0) continue;
    found.representative[index(i)] = i;
    for (const Neighbour& n : near[index(i)]) {
      if (found.representative[index(n.row)] >= 0) continue;
      found.representative[index(n.row)] = i;
      found.distance[index(n.row)] = n.distance;
    }
  }
  return found;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + (std::ssize(values) - 1) / 2;
  std::ranges::nth_element(values, middle);
  return *middle;
}

double upper_fence(std::vector<double> values, double reach) {
  std::ranges::sort(values);
  const auto quantile = [&](double share) {
    const double at = share * static_cast<double>(values.size() - 1);
    const auto low = static_cast<std::size_t>(at), high = std::min(low + 1, values.size() - 1);
    return std::lerp(values[low], values[high], at - static_cast<double>(low));
  };
  const double first = quantile(0.25), third = quantile(0.75);
  return third + reach * (third - first);
}

}  // namespace pool3::audit
