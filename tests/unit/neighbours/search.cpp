// Neighbours beside those by definition, for all metrics, types of numbers, kinds of CPU, and ways to hand over rows.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "neighbours/dot_products.hpp"
#include "neighbours/exact_distance.hpp"
#include "support/naive_neighbours.hpp"

namespace pool3 {
namespace {

constexpr std::int64_t count = 613;
constexpr std::array metrics = {Metric::cosine, Metric::euclidean};

/// A width of Inception-v3, one that is no multiple of any vector, and one of a few margins.
class Neighbours : public testing::TestWithParam<std::int64_t> {};
INSTANTIATE_TEST_SUITE_P(Widths, Neighbours, testing::Values(2048, 77, 3));

void expect_nearest(const NeighbourTable& table, std::int64_t query, const std::vector<Neighbour>& all) {
  const auto found = table.of(query);
  ASSERT_EQ(found.size(), std::min(all.size(), static_cast<std::size_t>(table.top)));
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i].distance, all[i].distance, 2e-8) << query << ' ' << i;
    EXPECT_EQ(found[i].row, all[i].row) << "query " << query << ", " << i << "-th";
  }
}

TEST_P(Neighbours, AreThoseByDefinition) {
  const std::int64_t width = GetParam();
  const auto rows = test::clustered_rows(count, width, 1);
  const RowsView view{.width = width, .floats = rows};
  for (const Metric metric : metrics)
    for (const std::int64_t queries : {1, 3, 9, 300}) {
      const auto some = test::clustered_rows(queries, width, 2);
      const auto table = nearest(view, some, {.top = 10, .metric = metric});
      ASSERT_EQ(table.queries(), queries);
      for (std::int64_t q = 0; q < queries; q += 1 + queries / 20)
        expect_nearest(table, q, test::naive_nearest(metric, rows, some.data() + q * width, width));
    }
}

TEST_P(Neighbours, OfHalvesAreThoseOfTheirFloats) {
  const std::int64_t width = GetParam();
  const auto halves = test::halves_of(test::clustered_rows(count, width, 1));
  std::vector<float> floats(halves.size());
  neighbours::to_floats(halves.data(), std::ssize(halves), floats.data());
  const auto queries = test::clustered_rows(7, width, 2);
  for (const Metric metric : metrics)
    for (const std::size_t some : {std::size_t{2}, std::size_t{7}}) {
      const auto part = std::span(queries).first(some * static_cast<std::size_t>(width));
      const auto table = nearest({.width = width, .halves = halves}, part, {.metric = metric});
      EXPECT_EQ(table.entries, nearest({.width = width, .floats = floats}, part, {.metric = metric}).entries);
      expect_nearest(table, 1, test::naive_nearest(metric, floats, part.data() + width, width));
    }
}

TEST_P(Neighbours, DoNotDependOnBlocksAndThreads) {
  const std::int64_t width = GetParam();
  const auto rows = test::clustered_rows(count, width, 1), queries = test::clustered_rows(270, width, 2);
  const RowsView view{.width = width, .floats = rows};
  for (const Metric metric : metrics) {
    const auto expected = nearest(view, queries, {.metric = metric}).entries;
    EXPECT_EQ(nearest(view, queries, {.metric = metric, .threads = 3}).entries, expected);
    Search search(queries, width, {.metric = metric, .threads = 2});
    for (Row last = count; last > 0;) {  // from the last to the first
      const Row begin = std::max<Row>(0, last - 100);
      search.add(view.part({begin, last}), begin);
      last = begin;
    }
    EXPECT_EQ(search.results().entries, expected);
    for (const std::int64_t q : {0, 269}) {  // alone, through other kernels
      const auto alone = nearest(
          view, std::span(queries).subspan(static_cast<std::size_t>(q * width), static_cast<std::size_t>(width)),
          {.metric = metric});
      EXPECT_THAT(alone.of(0),
                  testing::ElementsAreArray(std::span(expected).subspan(static_cast<std::size_t>(q) * 12, 12)));
    }
  }
}

TEST_P(Neighbours, OfAllAreThoseByDefinition) {
  const std::int64_t width = GetParam();
  const auto rows = test::clustered_rows(count, width, 1);
  const auto halves = test::halves_of(rows);
  for (const Metric metric : metrics) {
    const auto table = nearest_of_all({.width = width, .floats = rows}, {.top = 15, .metric = metric});
    for (const Row q : {0, 3, 49, 50, 255, 256, 600, 612})
      expect_nearest(table, q, test::naive_nearest(metric, rows, rows.data() + q * width, width, q));
    EXPECT_EQ(nearest_of_all({.width = width, .floats = rows}, {.top = 15, .metric = metric, .threads = 3}).entries,
              table.entries);
    std::vector<float> floats(halves.size());
    neighbours::to_floats(halves.data(), std::ssize(halves), floats.data());
    EXPECT_EQ(nearest_of_all({.width = width, .halves = halves}, {.metric = metric}).entries,
              nearest_of_all({.width = width, .floats = floats}, {.metric = metric}).entries);
  }
}

TEST(Search, LeavesOutRowsOfNegativeNumbers) {
  const auto rows = test::clustered_rows(100, 8, 1);
  std::vector<Row> numbers(100);
  for (Row i = 0; i < 100; ++i) numbers[static_cast<std::size_t>(i)] = i % 2 == 0 ? 1000 + i : -1;
  const auto query = std::span(rows).first(8);
  Search search(query, 8, {.top = 80});
  search.add({.width = 8, .floats = rows}, numbers);
  const auto table = search.results();
  EXPECT_EQ(table.of(0).size(), 50U);
  for (const Neighbour& n : table.of(0)) EXPECT_TRUE(n.row >= 1000 && n.row % 2 == 0) << n.row;
}

TEST(Search, KnowsEqualRowsAndZeros) {
  const std::vector<float> rows = {0, 0, 0.1F, 0.2F, 0.2F, 0.4F, 0.1F, 0.2F}, query = {0.1F, 0.2F}, zero = {0, 0};
  const RowsView view{.width = 2, .floats = rows};
  const auto near = nearest(view, query, {.top = 4, .metric = Metric::euclidean});
  EXPECT_EQ(near.of(0)[0], (Neighbour{0, 1}));
  EXPECT_EQ(near.of(0)[1], (Neighbour{0, 3}));
  EXPECT_EQ(nearest(view, query, {.top = 9}).of(0)[0], (Neighbour{0, 1}));
  EXPECT_EQ(nearest(view, query, {.top = 9}).of(0).back(), (Neighbour{1, 0}));
  const auto of_zero = nearest(view, zero, {.top = 4});
  for (const Neighbour& n : of_zero.of(0)) EXPECT_EQ(n.distance, 1);
  EXPECT_TRUE(nearest({.width = 2}, query, {.top = 4}).of(0).empty());
  EXPECT_EQ(nearest_of_all({.width = 2, .floats = std::span(rows).first(2)}, {.top = 4}).of(0).size(), 0U);
}

/// Numbers whose float products overflow, vanish, or lose all digits.
TEST(Search, IsExactWhereFloatsAreNot) {
  std::mt19937 random(5);
  std::uniform_real_distribution<float> uniform(-1, 1);
  for (const float size : {1e30F, 1e-30F, 1.0F}) {
    std::vector<float> rows(64 * 40);
    for (float& value : rows) value = size * (size == 1.0F ? 1000 + 1e-3F * uniform(random) : uniform(random));
    for (const Metric metric : metrics)
      for (const std::size_t queries : {std::size_t{1}, std::size_t{6}}) {
        const auto table =
            nearest({.width = 64, .floats = rows}, std::span(rows).first(queries * 64), {.top = 5, .metric = metric});
        auto all = test::naive_nearest(metric, rows, rows.data(), 64);
        for (std::size_t i = 0; i < 5; ++i)
          EXPECT_NEAR(table.of(0)[i].distance, all[i].distance, 1e-9 * static_cast<double>(size) + 1e-15) << size;
      }
  }
}

TEST(DotKernels, AllAgreeWithDoubles) {
  for (const std::int64_t width : {1, 15, 16, 33, 2048}) {
    const auto rows = test::clustered_rows(5, width, 1), queries = test::clustered_rows(4, width, 2);
    const auto halves = test::halves_of(rows);
    std::vector<float> floats(halves.size());
    neighbours::to_floats(halves.data(), std::ssize(halves), floats.data());
    for (const auto& kernels : neighbours::dot_kernels())
      for (const std::int64_t some : {1, 2, 3, 4}) {
        std::vector<float> of_floats(20), of_halves(20), squares(5), squares_of_halves(5);
        kernels.of_floats({queries.data(), some, rows.data(), 5, width, of_floats.data(), 5, squares.data()});
        kernels.of_halves(
            {queries.data(), some, halves.data(), 5, width, of_halves.data(), 5, squares_of_halves.data()});
        const auto expect = [&](float got, const float* a, const float* b) {
          const double exact = neighbours::exact_dot(a, b, width);
          EXPECT_NEAR(got, exact, 1e-5 * exact + 1e-7) << kernels.name << ' ' << width;
        };
        for (std::int64_t r = 0; r < 5; ++r) {
          const auto at = static_cast<std::size_t>(r);
          expect(squares[at], rows.data() + r * width, rows.data() + r * width);
          expect(squares_of_halves[at], floats.data() + r * width, floats.data() + r * width);
          for (std::int64_t q = 0; q < some; ++q) {
            expect(of_floats[static_cast<std::size_t>(q * 5 + r)], queries.data() + q * width, rows.data() + r * width);
            expect(of_halves[static_cast<std::size_t>(q * 5 + r)], queries.data() + q * width,
                   floats.data() + r * width);
          }
        }
      }
  }
}

// Rows begin anywhere within a cache line; in memory of their own, so that a sanitizer sees what lies beyond.
TEST(DotKernels, TakeRowsThatBeginAnywhere) {
  for (const std::int64_t width : {3, 16, 77, 160})
    for (std::int64_t skipped = 0; skipped < 16; ++skipped) {
      std::vector<float> rows = test::clustered_rows(2, width, 1);
      const std::vector<float> query = test::clustered_rows(1, width, 2);
      rows.insert(rows.begin(), static_cast<std::size_t>(skipped), std::numeric_limits<float>::infinity());
      rows.shrink_to_fit();
      for (const auto& kernels : neighbours::dot_kernels()) {
        std::vector<float> products(2), squares(2);
        kernels.of_floats({query.data(), 1, rows.data() + skipped, 2, width, products.data(), 2, squares.data()});
        for (std::int64_t r = 0; r < 2; ++r) {
          const float* row = rows.data() + skipped + r * width;
          const double product = neighbours::exact_dot(query.data(), row, width),
                       square = neighbours::exact_dot(row, row, width);
          EXPECT_NEAR(products[static_cast<std::size_t>(r)], product, 1e-5 * product + 1e-7) << kernels.name << skipped;
          EXPECT_NEAR(squares[static_cast<std::size_t>(r)], square, 1e-5 * square + 1e-7) << kernels.name << skipped;
        }
      }
    }
}

}  // namespace
}  // namespace pool3
