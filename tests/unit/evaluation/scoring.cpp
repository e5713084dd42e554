#include "pool3/evaluation/scoring.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace pool3 {
namespace {

// sklearn.metrics of scikit-learn 1.2.1 on these labels: accuracy_score, balanced_accuracy_score, f1_score(macro),
// log_loss with these probabilities of the true class.
TEST(Scoring, AsScikitLearn) {
  const std::vector<std::int32_t> truth = {0, 0, 0, 1, 1, 2, 2, 2, 2, 0}, predicted = {0, 1, 0, 1, 3, 2, 0, 2, 2, 0};
  const std::vector<double> p = {.5, .25, .75, .5, .125, .9, .05, .6, .4, .3};
  ScoreCounts counts(6);  // classes 4 and 5 don't occur
  for (std::size_t i = 0; i < truth.size(); ++i) counts.add(truth[i], predicted[i], p[i]);
  EXPECT_EQ(counts.rows(), 10);
  EXPECT_DOUBLE_EQ(counts.score(Scoring::accuracy), 0.7);
  EXPECT_NEAR(counts.score(Scoring::balanced_accuracy), 2.0 / 3.0, 1e-15);
  EXPECT_NEAR(counts.score(Scoring::macro_f1), 0.526785714285714, 1e-14);
  EXPECT_NEAR(counts.score(Scoring::log_loss), 1.0871894285549295, 1e-9);
}

TEST(Scoring, ImpossibleRowsHaveAFiniteLoss) {
  ScoreCounts counts(2);
  counts.add(0, 1, 0.0);
  EXPECT_NEAR(counts.score(Scoring::log_loss), -std::log(1e-15), 1e-9);
}

TEST(Scoring, NamesAreThoseOfTheHelp) {
  for (const Scoring s : {Scoring::accuracy, Scoring::balanced_accuracy, Scoring::macro_f1, Scoring::log_loss})
    EXPECT_EQ(parse_scoring(to_string(s)), s);
  EXPECT_THROW((void)parse_scoring("f1"), Error);
  EXPECT_THROW((void)parse_choice("worst"), Error);
}

TEST(Choice, BestOrSimplest) {
  const std::vector<Candidate> points = {{.60, .02}, {.66, .05}, {.67, .015}, {.67, .001}, {.5, .5}};
  EXPECT_EQ(choose(points, Scoring::accuracy, Choice::best), 2);
  EXPECT_EQ(choose(points, Scoring::accuracy, Choice::simplest), 1);
  EXPECT_EQ(choose(points, Scoring::log_loss, Choice::best), 4);
  EXPECT_EQ(choose(points, Scoring::log_loss, Choice::simplest), 0);
  const std::vector<Candidate> broken = {{std::nan(""), 0}, {.1, .0}};
  EXPECT_EQ(choose(broken, Scoring::accuracy, Choice::best), 1);
  EXPECT_EQ(choose(broken, Scoring::log_loss, Choice::simplest), 1);
}

TEST(Choice, StandardErrorOfTheMean) {
  EXPECT_NEAR(standard_error(std::vector<double>{1, 2, 3, 4}), std::sqrt(5.0 / 3.0 / 4.0), 1e-15);
  EXPECT_EQ(standard_error(std::vector<double>{1}), 0);
}

}  // namespace
}  // namespace pool3
