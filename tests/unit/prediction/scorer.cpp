// Decision values and class scores against the formulas, summed up one by one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "pool3/error.hpp"
#include "pool3/prediction.hpp"

namespace pool3 {
namespace {

constexpr std::int64_t width = 7;

std::vector<float> random_rows(std::int64_t rows, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(3.0F, 1.0F);
  std::vector<float> x(static_cast<std::size_t>(rows * width));
  for (float& v : x) v = normal(random);
  return x;
}

Model kernel_model(Multiclass multiclass) {
  Model m;
  m.classes = {"a", "b", "c", "d"};
  m.kernel = Kernel::rbf;
  m.multiclass = multiclass;
  m.support.gamma = 0.07;
  for (const auto& [label, count] : {std::pair{0, 30}, {1, 1}, {2, 0}, {3, 12}})
    m.support.labels.insert(m.support.labels.end(), static_cast<std::size_t>(count), label);
  m.support.x = random_rows(43, 1);
  std::mt19937 random(2);
  std::normal_distribution<double> normal;
  m.support.dual_coef.resize(43U * (multiclass == Multiclass::one_vs_one ? 3 : 4));
  for (double& v : m.support.dual_coef) v = normal(random);
  m.intercept.resize(static_cast<std::size_t>(m.columns()));
  for (double& v : m.intercept) v = normal(random);
  return m;
}

double kernel(const Model& m, std::size_t i, const float* x) {
  double sum = 0;
  for (std::size_t j = 0; j < width; ++j) {
    const double d = static_cast<double>(m.support.x[i * width + j]) - static_cast<double>(x[j]);
    sum += d * d;
  }
  return std::exp(-m.support.gamma * sum);
}

TEST(Scorer, one_vs_rest_is_the_sum_over_support_vectors) {
  const Model m = kernel_model(Multiclass::one_vs_rest);
  const auto x = random_rows(130, 3);
  const auto f = Scorer(m).decision_values(x);
  ASSERT_EQ(f.size(), 130 * 4);
  for (std::size_t r = 0; r < 130; ++r)
    for (std::size_t k = 0; k < 4; ++k) {
      double sum = m.intercept[k];
      for (std::size_t i = 0; i < 43; ++i) sum += m.support.dual_coef[k * 43 + i] * kernel(m, i, &x[r * width]);
      EXPECT_NEAR(f[r * 4 + k], sum, 1e-5);
    }
  EXPECT_EQ(class_scores(m, f), f);
}

TEST(Scorer, one_vs_one_reads_the_layout_of_libsvm) {
  const Model m = kernel_model(Multiclass::one_vs_one);
  const auto x = random_rows(20, 3);
  const auto f = Scorer(m).decision_values(x);
  ASSERT_EQ(f.size(), 20 * 6);
  for (std::size_t r = 0; r < 20; ++r) {
    std::size_t column = 0;
    for (std::size_t a = 0; a < 4; ++a)
      for (std::size_t b = a + 1; b < 4; ++b, ++column) {
        double sum = m.intercept[column];
        for (std::size_t i = 0; i < 43; ++i) {
          const auto label = static_cast<std::size_t>(m.support.labels[i]);
          if (label == a) sum += m.support.dual_coef[(b - 1) * 43 + i] * kernel(m, i, &x[r * width]);
          if (label == b) sum += m.support.dual_coef[a * 43 + i] * kernel(m, i, &x[r * width]);
        }
        EXPECT_NEAR(f[r * 6 + column], sum, 1e-5);
      }
  }
}

TEST(Scorer, features_may_be_of_any_size) {
  const Model usual = kernel_model(Multiclass::one_vs_rest);
  const auto x = random_rows(20, 3);
  const auto expected = Scorer(usual).decision_values(x);
  for (const float size : {1e-40F, 1e-30F, 1e-15F, 1e15F, 1e30F, 3e37F}) {
    Model m = usual;
    auto rows = x;
    for (float& v : m.support.x) v *= size;
    for (float& v : rows) v *= size;
    m.support.gamma /= static_cast<double>(size) * static_cast<double>(size);
    const auto f = Scorer(m).decision_values(rows);
    // Numbers of 1e-40 have few digits in float.
    for (std::size_t i = 0; i < f.size(); ++i) EXPECT_NEAR(f[i], expected[i], size < 1e-38F ? 1e-3 : 1e-5) << size;
  }
}

TEST(Scorer, what_is_far_from_all_support_vectors_has_the_intercept) {
  for (const double gamma : {0.07, 1e-6, 1e9, 1e60, 1e300}) {
    Model m = kernel_model(Multiclass::one_vs_rest);
    m.support.gamma = gamma;
    for (const float v : {1e19F, -1e30F, 3e38F}) {
      const auto f = Scorer(m).decision_values(std::vector<float>(width, v));
      EXPECT_EQ(f, m.intercept) << gamma << " " << v;
    }
  }
}

TEST(Scorer, a_row_has_the_same_values_in_any_company) {
  for (const Multiclass multiclass : {Multiclass::one_vs_rest, Multiclass::one_vs_one}) {
    const Model m = kernel_model(multiclass);
    const auto x = random_rows(100, 4);
    const auto all = Scorer(m).decision_values(x);
    const auto columns = static_cast<std::size_t>(m.columns());
    for (std::size_t r = 0; r < 100; ++r) {
      const auto alone = Scorer(m).decision_values(std::span(x).subspan(r * width, width));
      EXPECT_TRUE(std::equal(alone.begin(), alone.end(), all.begin() + static_cast<std::ptrdiff_t>(r * columns)));
    }
  }
}

TEST(Scorer, linear_models_have_their_dot_products) {
  Model m;
  m.classes = {"a", "b"};
  m.coef = {1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0};
  m.intercept = {0.5, -1};
  const auto x = random_rows(3, 5);
  const auto f = Scorer(m).decision_values(x);
  for (std::size_t r = 0; r < 3; ++r) {
    EXPECT_DOUBLE_EQ(f[r * 2], static_cast<double>(x[r * width]) + 0.5);
    EXPECT_DOUBLE_EQ(f[r * 2 + 1], 2 * static_cast<double>(x[r * width + 1]) - 1);
  }
}

TEST(Scorer, scores_that_are_not_finite_are_refused) {
  Model m;
  m.classes = {"a", "b"};
  m.coef = std::vector<double>(2 * width, 1e308);
  m.intercept = {0, 0};
  const std::vector<float> x(width, 10.0F);
  EXPECT_THROW(static_cast<void>(Scorer(m).decision_values(x)), Error);
}

// scikit-learn 1.2.1: _ovr_decision_function(f < 0, -f, 3) for f = [[1, -2, 0.5], [-1, 2, -0.5]].
TEST(Scorer, votes_and_less_than_half_a_vote_of_values) {
  const Model m = [] {
    Model three;
    three.classes = {"a", "b", "c"};
    three.kernel = Kernel::rbf;
    three.multiclass = Multiclass::one_vs_one;
    return three;
  }();
  const auto scores = class_scores(m, {1, -2, 0.5, -1, 2, -0.5});
  const std::vector<double> expected = {1 - 1.0 / 6, 1 - 0.5 / 4.5, 1 + 1.5 / 7.5,
                                        1 + 1.0 / 6, 1 + 0.5 / 4.5, 1 - 1.5 / 7.5};
  for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(scores[i], expected[i], 1e-12);
}

}  // namespace
}  // namespace pool3
