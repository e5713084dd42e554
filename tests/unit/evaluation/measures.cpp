#include "pool3/evaluation/measures.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

namespace pool3 {
namespace {

const std::vector<std::vector<double>> p = {{.7, .2, .1}, {.1, .1, .8},   {.4, .35, .25}, {.2, .5, .3},
                                            {0, 1, 0},    {.05, .05, .9}, {.6, .3, .1},   {.3, .4, .3}};
const std::vector<std::int32_t> truth = {0, 2, 1, 1, 0, 2, 1, 0};

std::vector<RowResult> results() {
  std::vector<RowResult> rows;
  for (std::size_t i = 0; i < p.size(); ++i) {
    std::vector<std::int32_t> ranking = {0, 1, 2};
    std::ranges::stable_sort(ranking, std::greater(),
                             [&](std::int32_t k) { return p[i][static_cast<std::size_t>(k)]; });
    rows.push_back(row_result(static_cast<std::int64_t>(i), truth[i], ranking[0], ranking, p[i]));
  }
  return rows;
}

// sklearn.metrics.log_loss(eps=1e-15), and calibration_curve(correct, confidence, n_bins=15) with its bins' sizes.
TEST(Measures, AreScikitLearns) {
  const Communicator comm = Communicator::world();
  const Measures m = measure(comm, results(), true);
  EXPECT_NEAR(m.log_loss, 4.921858789941494, 1e-12);
  EXPECT_NEAR(m.brier, 0.605, 1e-12);
  EXPECT_NEAR(m.calibration_error, 0.4375, 1e-12);
  std::vector<std::int64_t> rows;
  std::vector<double> accuracy, confidence;
  for (const ReliabilityBin& bin : m.reliability) {
    rows.push_back(bin.rows);
    if (bin.rows == 0) continue;
    accuracy.push_back(bin.accuracy);
    confidence.push_back(bin.confidence);
  }
  EXPECT_EQ(rows, (std::vector<std::int64_t>{0, 0, 0, 0, 0, 2, 0, 1, 1, 0, 1, 1, 0, 1, 1}));
  EXPECT_EQ(accuracy, (std::vector<double>{0, 1, 0, 1, 1, 1, 0}));
  for (std::size_t i = 0; i < 7; ++i) EXPECT_NEAR(confidence[i], 0.4 + 0.1 * static_cast<double>(i), 1e-12);
  EXPECT_EQ(m.top5_accuracy, 1);
}

TEST(Measures, DoNotDependOnTheOrderOfRows) {
  const Communicator comm = Communicator::world();
  auto rows = results();
  const Measures once = measure(comm, rows, true);
  std::ranges::reverse(rows);
  const Measures again = measure(comm, rows, true);
  EXPECT_EQ(once.log_loss, again.log_loss);
  EXPECT_EQ(once.calibration_error, again.calibration_error);
}

TEST(Measures, TopFive) {
  const Communicator comm = Communicator::world();
  std::vector<std::int32_t> ranking(8);
  std::iota(ranking.begin(), ranking.end(), 0);
  std::vector<RowResult> rows;
  rows.reserve(ranking.size());
  for (std::int32_t k = 0; k < 8; ++k) rows.push_back(row_result(k, k, 0, ranking, {}));
  const Measures m = measure(comm, rows, false);
  EXPECT_EQ(m.top5_accuracy, 5.0 / 8);
  EXPECT_FALSE(m.probabilities);
}

// scipy.stats.binom.ppf([.025, .975], rows, hits / rows) / rows: what a bootstrap of 0 and 1 comes to.
TEST(Measures, BootstrapInterval) {
  const auto is = [](std::int64_t hits, std::int64_t rows, double low, double high) {
    const Interval found = bootstrap_interval(hits, rows);
    EXPECT_NEAR(found.low, low, 1e-12) << hits;
    EXPECT_NEAR(found.high, high, 1e-12) << hits;
  };
  is(5, 8, 0.25, 0.875);
  is(1100, 1514, 0.7040951122853368, 0.7490092470277411);
  is(1, 1000, 0.0, 0.003);
  // scipy.stats.beta.ppf(0.975, 1, rows), beta.ppf(0.025, rows, 1): a dozen right ones are no proof of 100 %.
  is(0, 5, 0, 0.5218237501049814);
  is(5, 5, 0.4781762498950185, 1);
  is(24, 24, 0.8575264022774743, 1);
}

TEST(Confusion, TableCsvAndPairs) {
  const Communicator comm = Communicator::world();
  const Evaluation e =
      evaluate_predictions(comm, {"ant", "b, or \"c\"", "caf\xc3\xa9"}, std::vector<std::int32_t>{0, 0, 0, 1, 2, 2, 2},
                           std::vector<std::int32_t>{0, 1, 1, 1, 0, 2, 2});
  EXPECT_NEAR(e.balanced_accuracy, (1.0 / 3 + 1 + 2.0 / 3) / 3, 1e-12);
  EXPECT_EQ(confusion_table(e, 80),
            "            0 1 2\n"
            "      ant 0 1 2 .\n"
            "b, or \"c\" 1 . 1 .\n"
            "     caf\xc3\xa9 2 1 . 2\n");
  EXPECT_EQ(confusion_table(e, 16), "");
  EXPECT_EQ(confusion_csv(e),
            "true \\ predicted,ant,\"b, or \"\"c\"\"\",caf\xc3\xa9\n"
            "ant,1,2,0\n"
            "\"b, or \"\"c\"\"\",0,1,0\n"
            "caf\xc3\xa9,1,0,2\n");
  EXPECT_EQ(csv_field("a\rb"), "\"a\rb\"");
  EXPECT_EQ(csv_field("a\nb"), "\"a\nb\"");
  const auto pairs = most_confused(e, 1);
  ASSERT_EQ(pairs.size(), 1);
  EXPECT_EQ(std::tie(pairs[0].truth, pairs[0].predicted, pairs[0].rows), std::tuple(0, 1, 2));
  const auto j = nlohmann::json::parse(to_json(e, measure(comm, results(), true), "all"));
  EXPECT_EQ(j["most_confused"].size(), 2);
  EXPECT_EQ(j["most_confused"][0]["predicted"], "b, or \"c\"");
  EXPECT_EQ(j["reliability"].size(), reliability_bins);
  EXPECT_EQ(j["rows_are"], "all");
  EXPECT_EQ(j["accuracy_interval"].size(), 2);
}

/// The same by definition, from 0 on.
Interval interval_by_sum(std::int64_t hits, std::int64_t rows) {
  const auto n = static_cast<double>(rows), p_hit = static_cast<double>(hits) / n;
  Interval found{-1, 0};
  double below = 0;
  for (double h = 0; below < 0.975 && h <= n; ++h) {
    below += std::exp(std::lgamma(n + 1) - std::lgamma(h + 1) - std::lgamma(n - h + 1) + h * std::log(p_hit) +
                      (n - h) * std::log1p(-p_hit));
    if (found.low < 0 && below >= 0.025) found.low = h / n;
    found.high = h / n;
  }
  return found;
}

TEST(BootstrapInterval, IsThatOfTheBinomial) {
  for (const auto& [hits, rows] :
       {std::pair{1, 3}, {1, 1000}, {999, 1000}, {500, 1000}, {7000, 10'000}, {9'999, 10'000}}) {
    const Interval wanted = interval_by_sum(hits, rows), got = bootstrap_interval(hits, rows);
    EXPECT_EQ(got.low, wanted.low) << hits << " of " << rows;
    EXPECT_EQ(got.high, wanted.high) << hits << " of " << rows;
  }
}

TEST(BootstrapInterval, OfVeryManyRowsTakesNoLonger) {  // as many seconds as there are millions of rows, once
  const std::int64_t rows = std::int64_t{1} << 34;
  const Interval got = bootstrap_interval(rows / 2, rows);
  const double deviation = 0.5 / std::sqrt(static_cast<double>(rows));
  EXPECT_NEAR(got.low, 0.5 - 1.959964 * deviation, 0.01 * deviation);
  EXPECT_NEAR(got.high, 0.5 + 1.959964 * deviation, 0.01 * deviation);
}

}  // namespace
}  // namespace pool3
