// What a model says of a row: the most probable class is the predicted one.

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "pool3/prediction.hpp"
#include "pool3/svm/calibration.hpp"

namespace pool3 {
namespace {

Model model_of(std::vector<double> a, std::vector<double> b) {
  return {.classes = {"x", "y", "z"}, .sigmoid_a = std::move(a), .sigmoid_b = std::move(b)};
}

TEST(Verdict, ByTemperatureIsTheHighestScore) {
  Model m = model_of({}, {});
  m.temperature = 2;
  const Verdict said = verdict(m, std::vector<double>{0.5, -1, 0.75});
  const double sum = std::exp(1) + std::exp(-2) + std::exp(1.5);
  EXPECT_NEAR(said.probabilities[2], std::exp(1.5) / sum, 1e-12);
  EXPECT_NEAR(said.probabilities[1], std::exp(-2) / sum, 1e-12);
  EXPECT_EQ(said.predicted, 2);
  EXPECT_EQ(said.ranking(), (std::vector<std::int32_t>{2, 0, 1}));
}

TEST(Verdict, BySigmoidsIsTheMostProbableClassEvenBelowTheHighestScore) {
  const Model m = model_of({-1, -4, -1}, {0, 0, 3});
  const Verdict said = verdict(m, std::vector<double>{0.5, 0.4, 0.6});
  const std::array<double, 3> p = {1 / (1 + std::exp(-.5)), 1 / (1 + std::exp(-1.6)), 1 / (1 + std::exp(2.4))};
  for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(said.probabilities[k], p.at(k) / (p[0] + p[1] + p[2]), 1e-12);
  EXPECT_EQ(said.predicted, 1);
  EXPECT_EQ(said.ranking(), (std::vector<std::int32_t>{1, 0, 2}));
}

TEST(Verdict, OlderSigmoidsThatFallWithTheScoreDoNotCount) {
  const Model m = model_of({-1, 0.22, -1}, {0, 0, 0});
  EXPECT_FALSE(has_probabilities(m));
  const Verdict said = verdict(m, std::vector<double>{0.1, 0.7, 0.6});
  EXPECT_TRUE(said.probabilities.empty());
  EXPECT_EQ(said.predicted, 1);
  EXPECT_EQ(said.ranking(), (std::vector<std::int32_t>{1, 2, 0}));
}

TEST(Verdict, OfEqualProbabilitiesTheScoresDecide) {
  const Verdict said = verdict(model_of({0, 0, 0}, {0, 0, 0}), std::vector<double>{0.1, 0.7, 0.6});
  EXPECT_EQ(said.probabilities, std::vector<double>(3, 1.0 / 3));
  EXPECT_EQ(said.predicted, 1);
  EXPECT_EQ(said.ranking(), (std::vector<std::int32_t>{1, 2, 0}));
}

TEST(Verdict, ASetIsThePredictedClassAndThoseFromTheThresholdOn) {
  const Verdict said{.scores = {1, 3, 2}, .probabilities = {0.125, 0.625, 0.25}, .predicted = 1};
  using Set = std::vector<std::int32_t>;
  EXPECT_EQ(prediction_set(said, 0), (Set{1, 2, 0}));
  EXPECT_EQ(prediction_set(said, 0.25), (Set{1, 2}));
  EXPECT_EQ(prediction_set(said, 0.26), (Set{1}));
  EXPECT_EQ(prediction_set(said, 0.99), (Set{1})) << "a set is never empty";
}

TEST(Verdict, OfPairsIsCoupled) {
  Model m = model_of({-1, -2, -3}, {0.1, 0, 0});
  m.kernel = Kernel::rbf;
  m.multiclass = Multiclass::one_vs_one;
  const std::vector<double> f = {0.5, -0.2, 1.5};
  std::vector<double> first;
  for (std::size_t j = 0; j < 3; ++j) first.push_back(1 / (1 + std::exp(m.sigmoid_a[j] * f[j] + m.sigmoid_b[j])));
  const Verdict said = verdict(m, f);
  EXPECT_EQ(said.probabilities, couple_pairs(first, 3));
  EXPECT_EQ(said.scores, class_scores(m, f));
  EXPECT_EQ(said.predicted, most_probable(said.probabilities, said.scores));
}

}  // namespace
}  // namespace pool3
