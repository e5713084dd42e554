#include "svm/newton/conjugate_gradients.hpp"

#include <gtest/gtest.h>

#include "svm/newton/factorised_step.hpp"
#include "unit/svm/noise.hpp"

namespace pool3 {
namespace {

using svm::Matrix;

constexpr std::int64_t rows = 400, dim = 60, width = 3;
constexpr double bias = 0.5;

/// Rows whose features are of falling size, as real ones are.
Problem badly_conditioned() {
  Problem problem = test::noise_problem(rows, dim, 1);
  for (std::size_t i = 0; i < problem.x.size(); ++i) problem.x[i] *= std::pow(10.0F, -static_cast<float>(i % dim) / 20);
  return problem;
}

/// Second derivatives of which so many in a hundred are not 0.
template <typename Real>
Matrix<Real> curvature(int percent) {
  Matrix<Real> h = test::noise<Real>(rows, width, 2).cwiseAbs();
  for (Eigen::Index i = 0; i < h.size(); ++i)
    if ((i * 37) % 100 >= percent) h.data()[i] = 0;
  return h;
}

/// (I + sum h x x^T) d of each column.
Matrix<double> product(const Problem& problem, const Matrix<double>& h, const Matrix<double>& d) {
  const Matrix<double> x = test::rows_with_bias(problem, bias);
  return d + x.transpose() * (x * d).cwiseProduct(h);
}

template <typename Real>
void expect_solution(int percent, bool with_basis, double forcing) {
  const Communicator comm = Communicator::world();
  const Problem problem = badly_conditioned();
  const svm::Objective objective{comm, problem, bias, {}};
  const svm::Eigenbasis basis = with_basis ? svm::compute_eigenbasis(objective) : svm::no_eigenbasis(objective);
  const Matrix<Real> h = curvature<Real>(percent), right = test::noise<Real>(dim + 1, width, 3);
  svm::ConjugateGradients<Real> solver(objective, basis, h, right, {.forcing = forcing});
  int passes = 0;
  for (; passes < 300 && !solver.done(); ++passes) solver.pass();
  EXPECT_TRUE(solver.done()) << percent << ' ' << with_basis;
  const Matrix<double>& expected = right.template cast<double>();
  const Matrix<double> found = solver.direction().template cast<double>();
  const Matrix<double> residual = product(problem, h.template cast<double>(), found) - expected;
  for (Eigen::Index c = 0; c < width; ++c)
    EXPECT_LT(residual.col(c).norm(), 1.1 * forcing * expected.col(c).norm()) << percent << ' ' << c;
}

TEST(ConjugateGradients, SolveToTheForcing) {
  for (const int percent : {10, 100})
    for (const bool with_basis : {true, false}) {
      expect_solution<float>(percent, with_basis, 1e-2);
      expect_solution<double>(percent, with_basis, 1e-8);
    }
}

// A column whose residual is small enough already takes no pass, however far it is from the forcing.
TEST(ConjugateGradients, EndWhereNobodyLooks) {
  const Communicator comm = Communicator::world();
  const Problem problem = badly_conditioned();
  const svm::Objective objective{comm, problem, bias, {}};
  const svm::Eigenbasis basis = svm::no_eigenbasis(objective);
  const Matrix<double> h = curvature<double>(10), right = test::noise<double>(dim + 1, width, 3);
  svm::Sums enough(width);
  for (Eigen::Index c = 0; c < width; ++c) enough[c] = right.col(c).squaredNorm() * (c == 1 ? 0.25 : 1e-6);
  svm::ConjugateGradients<double> solver(objective, basis, h, right, {.forcing = 1e-9, .enough = enough});
  for (int passes = 0; passes < 300 && !solver.done(); ++passes) solver.pass();
  const Matrix<double> residual = product(problem, h, solver.direction()) - right;
  for (Eigen::Index c = 0; c < width; ++c) {
    EXPECT_LE(residual.col(c).squaredNorm(), 1.01 * enough[c]) << c;
    EXPECT_GT(residual.col(c).squaredNorm(), 1e-6 * enough[c]) << c;
  }
}

TEST(ConjugateGradients, NoColumnsAreDone) {
  const Communicator comm = Communicator::world();
  const Problem problem = badly_conditioned();
  const svm::Objective objective{comm, problem, bias, {}};
  const svm::Eigenbasis basis = svm::no_eigenbasis(objective);
  const svm::ConjugateGradients<float> solver(objective, basis, Matrix<float>(rows, 0), Matrix<float>(dim + 1, 0), {});
  EXPECT_TRUE(solver.done());
}

// Eigenpairs of the moments, from fewer rows than features, and from more.
TEST(Eigenbasis, DiagonalisesTheMoments) {
  const Communicator comm = Communicator::world();
  for (const std::int64_t n : {25, 300}) {
    const Problem problem = test::noise_problem(n, 40, 7);
    const svm::Objective objective{comm, problem, bias, {}};
    const svm::Eigenbasis basis = svm::compute_eigenbasis(objective);
    const Matrix<double> x = test::rows_with_bias(problem, bias).leftCols(40), q = basis.vectors.cast<double>();
    Matrix<double> inside = q * (x.transpose() * x) * q.transpose();
    for (Eigen::Index k = 0; k < q.rows(); ++k) {
      EXPECT_NEAR(inside(k, k), basis.values[k], 1e-3 * basis.values[0]);
      EXPECT_LE(basis.values[k], basis.values[std::max<Eigen::Index>(k - 1, 0)]);
      inside(k, k) = 0;
    }
    EXPECT_LT(inside.cwiseAbs().maxCoeff(), 1e-3 * basis.values[0]);
    EXPECT_LT((q * q.transpose() - Matrix<double>::Identity(q.rows(), q.rows())).cwiseAbs().maxCoeff(), 1e-3);
  }
}

// Where all rows count alike and nothing is negligible, the preconditioner is the inverse of H without its coupling to
// the bias.
TEST(Preconditioner, InvertsEvenCurvature) {
  const Communicator comm = Communicator::world();
  const Problem problem = test::noise_problem(rows, dim, 8);
  const svm::Objective objective{comm, problem, bias, {}};
  const svm::Eigenbasis basis = svm::compute_eigenbasis(objective);
  const svm::Sums c{{0.5, 2.0}};
  const svm::Preconditioner inverse(basis, bias * bias * rows, c);
  const Matrix<double> d = test::noise<double>(dim + 1, 2, 9);
  const Matrix<double> x = test::rows_with_bias(problem, bias).leftCols(dim);
  Matrix<double> right(dim + 1, 2);
  for (Eigen::Index k = 0; k < 2; ++k) {
    right.col(k).head(dim) = d.col(k).head(dim) + c[k] * (x.transpose() * (x * d.col(k).head(dim)));
    right(dim, k) = d(dim, k) * (1 + c[k] * bias * bias * rows);
  }
  // In float, as a sum of terms that are 500 times as large.
  EXPECT_LT((inverse.apply(right) - d).cwiseAbs().maxCoeff(), 1e-2);
}

// Features of very different scale, and h from 0 to 1e9, or 0 throughout.
TEST(FactorisedStep, SolvesWhatIsBadlyScaled) {
  const Communicator comm = Communicator::world();
  Problem problem = test::noise_problem(200, 20, 1);
  for (std::size_t i = 0; i < problem.x.size(); ++i) problem.x[i] *= std::pow(10.0F, static_cast<float>(i % 20) / 4);
  const svm::Objective objective{comm, problem, bias, {}};
  Matrix<double> h = 1e9 * test::noise<double>(200, 2, 2).cwiseMax(0.0);
  h.col(1).setZero();
  const Matrix<double> d = test::noise<double>(21, 2, 3);
  const Matrix<double> found = svm::factorised_step(objective, h, product(problem, h, d));
  EXPECT_LT((found - d).cwiseAbs().maxCoeff(), 1e-6);
}

}  // namespace
}  // namespace pool3
