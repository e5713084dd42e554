#include "pool3/svm/calibration.hpp"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>
#include <numeric>
#include <random>

namespace pool3 {
namespace {

struct Drawn {
  std::vector<float> scores;  ///< [rows, classes]
  std::vector<std::int32_t> labels, folds;
};

/// Noise, with `strength` on the score of the true class.
Drawn draw(int rows, int classes, float strength, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Drawn all;
  for (int i = 0; i < rows; ++i) {
    all.labels.push_back(static_cast<std::int32_t>(random() % static_cast<unsigned>(classes)));
    all.folds.push_back(i % 5);
    for (int k = 0; k < classes; ++k) all.scores.push_back(normal(random) + (k == all.labels.back() ? strength : 0.0F));
  }
  return all;
}

double cross_entropy(const Drawn& d, double t, std::size_t classes) {
  const auto n = static_cast<double>(d.labels.size());
  double sum = 0;
  for (std::size_t i = 0; i < d.labels.size(); ++i) {
    const std::vector<double> f(&d.scores[i * classes], &d.scores[i * classes] + classes);
    const auto p = softmax(f, t);
    for (std::size_t k = 0; k < classes; ++k)
      sum -= std::log(p[k]) * (static_cast<std::int32_t>(k) == d.labels[i]
                                   ? 1 - 1 / (n + 2)
                                   : 1 / (n + 2) / static_cast<double>(classes - 1));
  }
  return sum;
}

TEST(Temperature, HasTheLowestCrossEntropy) {
  const Communicator comm = Communicator::world();
  for (const float strength : {0.5F, 2.0F, 6.0F}) {
    const Drawn d = draw(300, 4, strength, 3);
    const double t = fit_temperature(comm, d.scores, d.labels, 4);
    for (const double other : {0.98 * t, 1.02 * t}) EXPECT_LT(cross_entropy(d, t, 4), cross_entropy(d, other, 4));
  }
}

TEST(Temperature, IsFiniteAndAboveZeroWhateverTheScores) {
  const Communicator comm = Communicator::world();
  const std::vector<std::int32_t> labels = {0, 1, 0, 1};
  const std::vector<float> right = {1, 0, 0, 1, 1, 0, 0, 1}, wrong = {0, 1, 1, 0, 0, 1, 1, 0};
  const double sure = fit_temperature(comm, right, labels, 2), never = fit_temperature(comm, wrong, labels, 2);
  EXPECT_NEAR(sure, std::log(5.0), 1e-6);  // softmax of a difference of 1 is then 5/6, the target with 4 rows
  EXPECT_GT(never, 0);
  EXPECT_LT(never, 0.01);
  EXPECT_EQ(most_probable(softmax(std::vector<double>{0, 1}, never), std::vector<double>{0, 1}), 1);
}

TEST(Sigmoids, NeverRiseTheWrongWay) {
  const Communicator comm = Communicator::world();
  const std::vector<std::int32_t> labels = {0, 0, 0, 1, 1, 1, 1};
  const std::vector<float> scores = {-1, 1, -2, 2, -1, 1, 1,
                                     -1, 2, -2, 3, -3, 1, -1};  // each row's class has the lower
  const Sigmoids fit = fit_sigmoids(comm, scores, labels, 2);
  EXPECT_EQ(fit.a, (std::vector<double>{0, 0}));
  EXPECT_NEAR(1 / (1 + std::exp(fit.b[0])), 4.0 / 9, 1e-12);  // (3 + 1) / (7 + 2): what its share says
}

TEST(Sigmoids, OfPairsAreThoseOfTheirTwoClasses) {
  const Communicator comm = Communicator::world();
  const Drawn d = draw(200, 3, 1.0F, 9);
  std::vector<float> values;  // of pairs (0, 1), (0, 2), (1, 2)
  for (std::size_t i = 0; i < d.labels.size(); ++i)
    for (const auto& [a, b] : {std::pair(0, 1), {0, 2}, {1, 2}})
      values.push_back(d.scores[3 * i + static_cast<std::size_t>(a)] - d.scores[3 * i + static_cast<std::size_t>(b)]);
  const Sigmoids pairs = fit_pair_sigmoids(comm, values, d.labels, 3);
  std::vector<float> two;
  std::vector<std::int32_t> labels;
  for (std::size_t i = 0; i < d.labels.size(); ++i) {
    if (d.labels[i] == 1) continue;
    labels.push_back(d.labels[i] == 0 ? 0 : 1);
    two.insert(two.end(), {values[3 * i + 1], -values[3 * i + 1]});
  }
  const Sigmoids alone = fit_sigmoids(comm, two, labels, 2);
  ASSERT_EQ(pairs.a.size(), 3);
  EXPECT_NEAR(pairs.a[1], alone.a[0], 1e-9);
  EXPECT_NEAR(pairs.b[1], alone.b[0], 1e-9);
}

// The minimum of p' Q p over probabilities by its linear equations (Wu, Lin, Weng 2004, eq. 21).
TEST(Coupling, IsTheMinimumOfTheQuadraticForm) {
  constexpr int classes = 6;
  std::mt19937 random(4);
  std::uniform_real_distribution<double> uniform(0.05, 0.95);
  std::vector<double> first;
  Eigen::MatrixXd equations = Eigen::MatrixXd::Zero(classes + 1, classes + 1);
  for (int a = 0; a < classes; ++a)
    for (int b = a + 1; b < classes; ++b) {
      const double r = uniform(random);
      first.push_back(r);
      equations(a, a) += (1 - r) * (1 - r);
      equations(b, b) += r * r;
      equations(a, b) = equations(b, a) = -r * (1 - r);
    }
  equations.row(classes).head(classes).setOnes();
  equations.col(classes).head(classes).setOnes();
  const Eigen::VectorXd solved = equations.fullPivLu().solve(Eigen::VectorXd::Unit(classes + 1, classes));
  const auto p = couple_pairs(first, classes);
  for (int k = 0; k < classes; ++k) EXPECT_NEAR(p[static_cast<std::size_t>(k)], solved[k], 1e-7);
  EXPECT_NEAR(std::accumulate(p.begin(), p.end(), 0.0), 1, 1e-12);
}

TEST(Coupling, OfTwoClassesAndOfCertainOnes) {
  const auto two = couple_pairs(std::vector<double>{0.3}, 2);
  EXPECT_NEAR(two[0], 0.3, 1e-9);
  const auto sure = couple_pairs(std::vector<double>{0, 0, 1}, 3);  // the second class wins both
  EXPECT_NEAR(sure[1], 1, 1e-5);
}

TEST(Coverage, OfPairsIsOfTheCoupledProbabilities) {
  const Sigmoids of_pairs{{-1, -2, -0.5}, {0, 0.3, -0.1}};
  std::mt19937 random(5);
  std::vector<float> values;
  std::vector<std::int32_t> labels;
  std::vector<double> truth;
  for (int i = 0; i < 40; ++i) {
    std::vector<double> first;
    for (std::size_t j = 0; j < 3; ++j) {
      values.push_back(static_cast<float>(random()) * 0x1p-30F - 2);
      first.push_back(1 / (1 + std::exp(of_pairs.a[j] * static_cast<double>(values.back()) + of_pairs.b[j])));
    }
    labels.push_back(i % 3);
    truth.push_back(couple_pairs(first, 3)[static_cast<std::size_t>(i % 3)]);
  }
  std::ranges::sort(truth);
  const Coverage found = fit_pair_coverage(Communicator::world(), values, labels, 3, of_pairs);
  EXPECT_EQ(found.rows, 40);
  ASSERT_EQ(found.truth.size(), truth.size());
  for (std::size_t i = 0; i < truth.size(); ++i) {
    EXPECT_LE(found.truth[i], truth[i]);
    EXPECT_GT(found.truth[i], truth[i] * 0.999 - 1e-9);
  }
}

TEST(Calibration, TakesTheOneThatIsBetterOnOtherRows) {
  const Communicator comm = Communicator::world();
  const Drawn alike = draw(600, 4, 2.0F, 1);  // every class as sure as the others: one number says it all
  const Calibration one = calibrate(comm, alike.scores, alike.labels, alike.folds, 4);
  EXPECT_GT(one.temperature, 0);
  EXPECT_TRUE(one.sigmoids.a.empty());
  Drawn unlike = alike;
  for (std::size_t i = 0; i < unlike.scores.size(); ++i)
    unlike.scores[i] *= i % 4 == 0 ? 10.0F : i % 4 == 1 ? 0.1F : 1.0F;
  const Calibration many = calibrate(comm, unlike.scores, unlike.labels, unlike.folds, 4);
  EXPECT_EQ(many.temperature, 0);
  EXPECT_EQ(many.sigmoids.a.size(), 4);
}

TEST(Calibration, ATemperatureGoesWithTheSizeOfScores) {
  const Communicator comm = Communicator::world();
  const Drawn drawn = draw(600, 4, 2.0F, 1);
  const double usual = fit_temperature(comm, drawn.scores, drawn.labels, 4);
  for (const float size : {0x1p-30F, 0x1p-12F, 0x1p12F, 0x1p30F}) {
    std::vector<float> scores = drawn.scores;
    for (float& v : scores) v *= size;
    EXPECT_NEAR(fit_temperature(comm, scores, drawn.labels, 4) * static_cast<double>(size), usual, 1e-6 * usual);
  }
}

// Six rows, two classes: what used to give the predicted class the lower probability.
TEST(Calibration, OfSixRowsLeavesThePredictedClassTheMostProbable) {
  const Communicator comm = Communicator::world();
  const std::vector<float> scores = {-.2F, .2F, -.4F, .4F, .1F, -.1F, .3F, -.3F, .5F, -.5F, -.1F, .1F};
  const std::vector<std::int32_t> labels = {0, 0, 0, 1, 1, 1}, folds = {0, 1, 2, 3, 4, 0};
  const Calibration found = calibrate(comm, scores, labels, folds, 2);
  for (const double f : {-2.0, -0.1, 0.1, 2.0}) {
    const std::vector<double> row = {f, -f};
    const auto p = probabilities(found, row);
    EXPECT_GE(p[f > 0 ? 0 : 1], p[f > 0 ? 1 : 0]) << f;
    EXPECT_EQ(most_probable(p, row), f > 0 ? 0 : 1);
  }
}

TEST(MostProbable, TiesGoToTheHigherScoreThenToTheFirst) {
  EXPECT_EQ(most_probable(std::vector<double>{.2, .4, .4}, std::vector<double>{9, 1, 2}), 2);
  EXPECT_EQ(most_probable(std::vector<double>{.5, .5}, std::vector<double>{1, 1}), 0);
}

/// Scores of two classes whose probabilities under a temperature of 1 are p and 1 - p.
std::vector<float> scores_with(const std::vector<double>& of_first) {
  std::vector<float> scores;
  for (const double p : of_first) {
    scores.push_back(static_cast<float>(std::log(p / (1 - p))));
    scores.push_back(0);
  }
  return scores;
}

// 99 rows with 0.01, 0.02, ..., 0.99: floor(100 (1 - share)) of them may be left out, and the threshold is the next.
TEST(Coverage, TheThresholdIsTheOrderStatisticOfSplitConformal) {
  const Communicator comm = Communicator::world();
  std::vector<double> p;
  for (int i = 99; i >= 1; --i) p.push_back(i / 100.0);
  const std::vector<std::int32_t> labels(99, 0);
  const Coverage found = fit_coverage(comm, scores_with(p), labels, 2, {{}, 1, {}});
  EXPECT_EQ(found.rows, 99);
  ASSERT_EQ(found.truth.size(), 99);
  for (const auto& [share, threshold] : {std::pair(0.9, 0.10), {0.95, 0.05}, {0.5, 0.5}, {0.99, 0.01}}) {
    EXPECT_LE(found.threshold(share), threshold + 1e-7) << share;
    EXPECT_GT(found.threshold(share), threshold * 0.998 - 1e-4) << share;
  }
  EXPECT_EQ(found.threshold(0.995), 0) << "99 rows can't promise that: all classes";
}

TEST(Coverage, ManyRowsAreKeptInSteps) {
  const Communicator comm = Communicator::world();
  std::vector<double> p;
  p.reserve(20'000);
  for (int i = 0; i < 20'000; ++i) p.push_back((i * 7919 % 20'000 + 0.5) / 20'000);
  const std::vector<std::int32_t> labels(p.size(), 0);
  const Coverage found = fit_coverage(comm, scores_with(p), labels, 2, {{}, 1, {}});
  EXPECT_EQ(found.truth.size(), 1001);
  EXPECT_TRUE(std::ranges::is_sorted(found.truth));
  for (const double share : {0.8, 0.9, 0.95, 0.99}) {
    EXPECT_LE(found.threshold(share), 1 - share + 1e-4) << "never above: what was promised is kept";
    EXPECT_GT(found.threshold(share), 1 - share - 1.2e-3);
  }
}

}  // namespace
}  // namespace pool3
