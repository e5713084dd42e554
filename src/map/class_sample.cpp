#include "map/class_sample.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

namespace pool3::map {
namespace {

/// Rows of a class, in the order in which they are taken.
using Order = std::vector<std::pair<std::uint64_t, std::int64_t>>;

}  // namespace

std::uint64_t mixed(std::uint64_t seed, std::uint64_t number) {
  // SplitMix64 (Steele, Lea, Flood 2014).
  std::uint64_t z = seed * 0x9e3779b97f4a7c15U + (number + 1) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

std::vector<std::int64_t> sample_classes(std::span<const std::int32_t> labels, std::int64_t most, std::uint64_t seed) {
  std::vector<std::int64_t> taken;
  if (std::ssize(labels) <= most) {
    taken.resize(labels.size());
    std::iota(taken.begin(), taken.end(), std::int64_t{0});
    return taken;
  }
  std::map<std::int32_t, Order> classes;
  for (std::size_t i = 0; i < labels.size(); ++i)
    classes[labels[i]].emplace_back(mixed(seed, i), static_cast<std::int64_t>(i));
  std::vector<Order> by_size;
  by_size.reserve(classes.size());
  for (auto& [label, rows] : classes) by_size.push_back(std::move(rows));
  std::ranges::stable_sort(by_size, {}, &Order::size);
  std::int64_t left = most, classes_left = std::ssize(by_size);
  for (Order& rows : by_size) {
    const std::int64_t share = std::min(std::ssize(rows), left / classes_left);
    std::ranges::sort(rows);
    for (std::int64_t i = 0; i < share; ++i) taken.push_back(rows[static_cast<std::size_t>(i)].second);
    left -= share;
    --classes_left;
  }
  std::ranges::sort(taken);
  return taken;
}

}  // namespace pool3::map
