#include "report/catalogue/class_order.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace pool3::report {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAreArray;

std::int64_t place_of(const std::vector<std::int32_t>& order, std::int32_t k) {
  return std::ranges::find(order, k) - order.begin();
}

TEST(ConfusionOrder, KeepsTheOrderOfClassesThatAreNeverConfused) {
  const std::vector<std::int64_t> confusion = {5, 0, 0, 0, 5, 0, 0, 0, 5};
  EXPECT_THAT(order_by_confusion(confusion, 3), ElementsAre(0, 1, 2));
  EXPECT_THAT(order_by_confusion({}, 0), ElementsAre());
  EXPECT_THAT(order_by_confusion(std::vector<std::int64_t>{3}, 1), ElementsAre(0));
}

TEST(ConfusionOrder, PutsClassesThatAreTakenForEachOtherSideBySide) {
  // Pairs (0, 5), (1, 4), (2, 3), of which each class is taken for the other.
  constexpr std::size_t n = 6;
  std::vector<std::int64_t> confusion(n * n, 0);
  for (std::size_t k = 0; k < n; ++k) {
    confusion[k * n + k] = 10;
    confusion[k * n + (n - 1 - k)] = 4;
  }
  const auto order = order_by_confusion(confusion, n);
  for (std::int32_t k = 0; k < 3; ++k) EXPECT_EQ(std::abs(place_of(order, k) - place_of(order, 5 - k)), 1) << k;
}

TEST(ConfusionOrder, CountsSharesOfAClassAndNotRows) {
  // 0 is large: 9 of its 1000 rows are taken for 1. All of 2 is taken for 3, and 3 has no rows.
  const std::vector<std::int64_t> confusion = {991, 9, 0, 0, 0, 10, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0};
  const auto order = order_by_confusion(confusion, 4);
  EXPECT_EQ(std::abs(place_of(order, 2) - place_of(order, 3)), 1);
}

TEST(ConfusionOrder, IsAPermutationThatBringsErrorsToTheDiagonal) {
  // Blocks of four classes, shuffled by 7 k mod 40, that are confused among themselves alone.
  constexpr std::size_t n = 40;
  std::vector<std::int64_t> confusion(n * n, 0);
  const auto shuffled = [](std::size_t k) { return 7 * k % n; };
  for (std::size_t a = 0; a < n; ++a)
    for (std::size_t b = a / 4 * 4; b < a / 4 * 4 + 4; ++b)
      confusion[shuffled(a) * n + shuffled(b)] = a == b ? 20 : 1 + static_cast<std::int64_t>((a + b) % 3);
  const auto order = order_by_confusion(confusion, n);
  std::vector<std::int32_t> all(n);
  for (std::size_t k = 0; k < n; ++k) all[k] = static_cast<std::int32_t>(k);
  EXPECT_THAT(order, UnorderedElementsAreArray(all));
  for (std::size_t a = 0; a < n; ++a)
    for (std::size_t b = a / 4 * 4; b < a / 4 * 4 + 4; ++b)
      EXPECT_LT(std::abs(place_of(order, static_cast<std::int32_t>(shuffled(a))) -
                         place_of(order, static_cast<std::int32_t>(shuffled(b)))),
                4);
}

}  // namespace
}  // namespace pool3::report
