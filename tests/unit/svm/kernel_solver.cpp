// Columns over a kernel matrix against textbook solvers in double, and against themselves.

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "pool3/svm/kernel_machine.hpp"
#include "support/error_of.hpp"
#include "support/reference_svm.hpp"

namespace pool3 {
namespace {

Problem clusters(std::int64_t rows, std::int64_t dim, std::int32_t classes, float offset = 0, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Problem p{.rows = rows, .dim = dim, .classes = classes};
  std::vector<float> centres(static_cast<std::size_t>(classes * dim));
  for (float& c : centres) c = 0.5F * normal(random);
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto label = static_cast<std::int32_t>(i % classes);
    p.labels.push_back(label);
    p.folds.push_back(static_cast<std::int32_t>(i / classes % 3));
    p.origin.push_back(i);
    for (std::int64_t j = 0; j < dim; ++j)
      p.x.push_back(offset + centres[static_cast<std::size_t>(label * dim + j)] + normal(random));
  }
  return p;
}

/// Without the rows of a fold.
Problem without_fold(const Problem& all, std::int32_t fold) {
  Problem p{.rows = 0, .dim = all.dim, .classes = all.classes};
  for (std::size_t i = 0; i < all.labels.size(); ++i) {
    if (all.folds[i] == fold) continue;
    ++p.rows;
    p.labels.push_back(all.labels[i]);
    p.origin.push_back(all.origin[i]);
    const auto from = all.x.begin() + static_cast<std::ptrdiff_t>(i) * all.dim;
    p.x.insert(p.x.end(), from, from + all.dim);
  }
  return p;
}

test::ReferenceFit reference(const Problem& p, std::int32_t k, double C, Loss loss, double bias) {
  std::vector<double> x(p.x.begin(), p.x.end());
  std::vector<int> y;
  for (const std::int32_t label : p.labels) y.push_back(label == k ? 1 : -1);
  return test::solve_reference(x, y, static_cast<std::size_t>(p.dim), C, loss == Loss::l2, bias);
}

class KernelSolverLosses : public testing::TestWithParam<Loss> {};

TEST_P(KernelSolverLosses, linear_columns_have_the_optimum_of_scalar_descent) {
  const Communicator comm = Communicator::world();
  for (const float offset : {0.0F, 5.0F}) {
    const Problem p = clusters(90, 25, 3, offset);
    const SharedRows rows(comm, p, false, 1);
    const double tolerance = GetParam() == Loss::l2 ? 1e-8 : 1e-5;  // more rows are free than there are features
    KernelSolver solver(comm, rows, {.loss = GetParam(), .tolerance = tolerance}, 0);
    for (const double C : {0.01, 1.0}) {
      KernelFit fit = solver.solve(C);
      const LinearClassifier c = solver.linear_classifier(fit);
      EXPECT_TRUE(fit.converged);
      for (std::int32_t k = 0; k < 3; ++k) {
        const auto ref = reference(p, k, C, GetParam(), 1.0);
        EXPECT_NEAR(fit.primal[static_cast<std::size_t>(k)], ref.objective, 2 * tolerance * ref.objective + 1e-6);
        EXPECT_NEAR(c.intercept[static_cast<std::size_t>(k)], ref.w[25], 5e-3);
      }
    }
  }
}

TEST_P(KernelSolverLosses, centred_columns_are_those_of_the_row_solver) {
  const Communicator comm = Communicator::world();
  Problem p = clusters(300, 40, 4, 2.0F);
  const SharedRows rows(comm, p, true, 1);
  KernelSolver kernel(comm, rows, {.loss = GetParam(), .tolerance = 1e-6}, 0);
  KernelFit fit = kernel.solve(3);
  const LinearClassifier mine = kernel.linear_classifier(fit);
  const Standardisation s = standardise(comm, p);
  Solver solver(comm, p, {{0}, {1}, {2}, {3}}, {.loss = GetParam(), .tolerance = 1e-6});
  const LinearClassifier theirs = unfold(solver.solve(3), s, 4);
  EXPECT_TRUE(fit.converged);
  for (std::size_t i = 0; i < mine.coef.size(); ++i) EXPECT_NEAR(mine.coef[i], theirs.coef[i], 2e-3);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(mine.intercept[i], theirs.intercept[i], 2e-2);
}

TEST_P(KernelSolverLosses, a_fold_is_a_fit_without_its_rows) {
  const Communicator comm = Communicator::world();
  for (const Multiclass multiclass : {Multiclass::one_vs_rest, Multiclass::one_vs_one}) {
    const Problem p = clusters(150, 10, 3);
    KernelOptions options{
        .kernel = Kernel::rbf, .gamma = 0.1, .multiclass = multiclass, .loss = GetParam(), .tolerance = 1e-9};
    const SharedRows rows(comm, p, false, 1);
    KernelSolver solver(comm, rows, options, 3);
    for (const double C : {1.0, 10.0}) {
      (void)solver.solve(C);
      const KernelFit folds = solver.solve_folds();
      EXPECT_TRUE(folds.converged);
      for (std::int32_t fold = 0; fold < 3; ++fold) {
        const Problem part = without_fold(p, fold);
        const SharedRows part_rows(comm, part, false, 1);
        KernelSolver alone(comm, part_rows, options, 0);
        const KernelFit fit = alone.solve(C);
        for (std::size_t j = 0; j < 3; ++j)
          EXPECT_NEAR(folds.primal[j * 3 + static_cast<std::size_t>(fold)], fit.primal[j], 1e-6 * fit.primal[j]);
      }
    }
  }
}

// Scores of the rows of a fold come from support vectors of other rows alone: summed up here from the definition.
TEST_P(KernelSolverLosses, held_out_scores_are_those_of_a_fit_that_never_saw_the_row) {
  const Communicator comm = Communicator::world();
  const Problem p = clusters(120, 8, 3);
  KernelOptions options{.kernel = Kernel::rbf, .gamma = 0.2, .loss = GetParam(), .tolerance = 1e-9};
  const SharedRows rows(comm, p, false, 1);
  KernelSolver solver(comm, rows, options, 3);
  (void)solver.solve(2);
  (void)solver.solve_folds();
  const Problem part = without_fold(p, 1);
  const SharedRows part_rows(comm, part, false, 1);
  KernelSolver alone(comm, part_rows, options, 0);
  (void)alone.solve(2);
  const auto duals = alone.duals();
  for (std::int64_t i = 0; i < 120; ++i) {
    const auto row = static_cast<std::size_t>(rows.origin()[static_cast<std::size_t>(i)]);
    if (p.folds[row] != 1) continue;
    for (std::size_t k = 0; k < 3; ++k) {
      double f = alone.intercepts()[k];
      for (std::int64_t s = 0; s < part.rows; ++s) {
        const auto other = static_cast<std::size_t>(part_rows.origin()[static_cast<std::size_t>(s)]);
        double distance = 0;
        for (std::size_t d = 0; d < 8; ++d)
          distance += std::pow(static_cast<double>(p.x[row * 8 + d]) - static_cast<double>(p.x[other * 8 + d]), 2);
        f += duals[k * static_cast<std::size_t>(part.rows) + static_cast<std::size_t>(s)] * std::exp(-0.2 * distance);
      }
      EXPECT_NEAR(static_cast<double>(solver.held_out()[k * 120 + static_cast<std::size_t>(i)]), f, 2e-4);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Both, KernelSolverLosses, testing::Values(Loss::l1, Loss::l2));

TEST(KernelSolver, a_saturated_hinge_is_not_solved_again) {
  const Communicator comm = Communicator::world();
  const Problem p = clusters(90, 12, 3);
  const SharedRows rows(comm, p, true, 1);
  KernelSolver solver(comm, rows, {.kernel = Kernel::rbf, .gamma = 2, .loss = Loss::l1, .tolerance = 1e-6}, 3);
  const KernelFit first = solver.solve(100);
  (void)solver.solve_folds();
  const std::vector<float> scores(solver.held_out().begin(), solver.held_out().end());
  const KernelFit second = solver.solve(1000);
  const KernelFit folds = solver.solve_folds();
  EXPECT_EQ(second.skipped, 3);
  EXPECT_EQ(folds.skipped, 9);
  EXPECT_EQ(second.primal, first.primal);
  EXPECT_TRUE(std::equal(scores.begin(), scores.end(), solver.held_out().begin()));
}

// A wide kernel: all rows are nearly alike, and nearly all dual variables are at C.
TEST(KernelSolver, a_hinge_over_rows_that_are_alike_reaches_the_tolerance) {
  const Communicator comm = Communicator::world();
  const Problem p = clusters(3000, 30, 3);
  const SharedRows rows(comm, p, true, 1);
  KernelSolver solver(comm, rows, {.kernel = Kernel::rbf, .gamma = 0.02, .loss = Loss::l1, .tolerance = 1e-3}, 0);
  const KernelFit fit = solver.solve(1);
  EXPECT_TRUE(fit.converged) << fit.relative_gap();
  EXPECT_LT(fit.products, 40);
}

TEST(KernelSolver, a_hinge_over_a_singular_kernel_reaches_the_tolerance) {
  const Communicator comm = Communicator::world();
  for (const std::int64_t dim : {1, 3}) {
    Problem p = clusters(400, dim, 2);
    std::copy_n(p.x.begin(), 200 * dim, p.x.begin() + 200 * dim);  // copies, with both labels
    for (std::size_t i = 200; i < 400; i += 5) p.labels[i] = 1 - p.labels[i];
    const SharedRows rows(comm, p, true, 1);
    KernelSolver solver(comm, rows, {.loss = Loss::l1, .tolerance = 1e-3}, 0);
    const KernelFit fit = solver.solve(1000);
    EXPECT_TRUE(fit.converged) << dim << " features, gap " << fit.relative_gap();
    EXPECT_LT(fit.products, 60);
  }
}

TEST(KernelSolver, hard_input_ends_with_an_answer) {
  const Communicator comm = Communicator::world();
  Problem p = clusters(60, 5, 3);
  for (std::size_t i = 0; i < 100; ++i) p.x[i] = p.x[i + 100];  // copies with other labels
  p.labels.assign(60, 0);
  p.labels[7] = 1;  // a class of one row; class 2 has none
  const SharedRows rows(comm, p, true, 1);
  for (const Multiclass multiclass : {Multiclass::one_vs_rest, Multiclass::one_vs_one})
    for (const Loss loss : {Loss::l1, Loss::l2})
      for (const double C : {1e-6, 1e9}) {
        KernelSolver solver(comm, rows, {.kernel = Kernel::rbf, .gamma = 0.5, .multiclass = multiclass, .loss = loss},
                            3);
        const KernelFit fit = solver.solve(C);
        const KernelFit folds = solver.solve_folds();
        for (const double v : fit.primal) EXPECT_TRUE(std::isfinite(v));
        for (const float f : solver.held_out()) EXPECT_TRUE(std::isfinite(f));
        (void)folds;
      }
}

TEST(KernelSolver, refuses_a_C_that_is_none) {
  const Communicator comm = Communicator::world();
  const Problem p = clusters(30, 4, 2);
  const SharedRows rows(comm, p, true, 1);
  KernelSolver solver(comm, rows, {}, 0);
  for (const double C : {0.0, -1.0, std::nan("")}) EXPECT_THROW((void)solver.solve(C), Error);
}

}  // namespace
}  // namespace pool3
