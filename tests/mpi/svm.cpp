#include "pool3/svm.hpp"

#include <gtest/gtest.h>

#include <Eigen/QR>
#include <cmath>
#include <random>

#include "pool3/mpi/traffic.hpp"
#include "pool3/numbers.hpp"
#include "pool3/partition.hpp"
#include "support/reference_svm.hpp"
#include "svm/algebra/subspace.hpp"
#include "svm/newton/newton.hpp"

namespace pool3 {
namespace {

TEST(LargestEigenpairs, AreThoseOfLapackOnEveryRank) {
  // Eigenvalues that fall as those of features do, in a basis that a fixed generator has drawn.
  constexpr std::int64_t dim = 300, count = 60;
  std::mt19937 random(7);
  Eigen::MatrixXd drawn(dim, dim);
  for (double& value : drawn.reshaped()) value = static_cast<double>(random()) * 0x1p-31 - 1;
  const Eigen::MatrixXd basis = Eigen::HouseholderQR<Eigen::MatrixXd>(drawn).householderQ();
  Eigen::VectorXd values(dim);
  for (std::int64_t k = 0; k < dim; ++k) values[k] = 50 * std::pow(0.93, static_cast<double>(k));
  const svm::Matrix<float> symmetric = (basis * values.asDiagonal() * basis.transpose()).cast<float>();
  const Communicator comm = Communicator::world();
  const svm::Eigenpairs pairs = svm::largest_eigenpairs(comm, symmetric, count);
  const svm::Eigenpairs all = svm::eigenvectors(symmetric);
  for (std::int64_t k = 0; k < count / 2; ++k) {
    EXPECT_NEAR(pairs.values[k], values[k], 1e-4 * values[0]) << k;
    EXPECT_NEAR(std::abs(pairs.vectors.row(k).dot(all.vectors.row(k))), 1, 1e-3) << k;
  }
  EXPECT_LT((pairs.vectors * pairs.vectors.transpose() - svm::Matrix<float>::Identity(count, count)).norm(), 1e-3);
  // The last ones are rough: between what they should be and nothing.
  EXPECT_GT(pairs.values[count - 1], 0.3 * values[count - 1]);
  EXPECT_LT(pairs.values[count - 1], 1.001 * values[count - 1]);
  const double sum = pairs.vectors.cast<double>().array().abs().sum();
  EXPECT_EQ(comm.max(sum), -comm.max(-sum)) << "the ranks agree";
}

TEST(LargestEigenpairs, OfAMatrixOfLowRank) {
  constexpr std::int64_t dim = 100, count = 40, rank = 10;
  std::mt19937 random(3);
  svm::Matrix<float> rows(rank, dim);
  for (float& value : rows.reshaped()) value = static_cast<float>(random()) * 0x1p-31F - 1;
  const svm::Matrix<float> symmetric = rows.transpose() * rows;
  const svm::Eigenpairs pairs = svm::largest_eigenpairs(Communicator::world(), symmetric, count);
  EXPECT_TRUE(pairs.vectors.allFinite());
  const double trace = static_cast<double>(symmetric.trace());
  EXPECT_NEAR(static_cast<double>(pairs.values.sum()), trace, 1e-3 * trace);
  EXPECT_LT(std::abs(pairs.values[rank]), 1e-4F * pairs.values[0]);
}

constexpr std::int64_t some_rows = 900;
constexpr std::int64_t dim = 24;

/// This rank's rows: every size-th block of 16, as the jobs deal them out. `hole`: the last rank holds nothing.
Problem my_share(const Communicator& comm, bool hole = false, std::int64_t rows = some_rows) {
  const auto data = test::make_clusters(rows, dim, 3, 21);
  const int holders = hole && comm.size() > 1 ? comm.size() - 1 : comm.size();
  Problem p{.dim = dim, .classes = 3};
  for (std::int64_t i = 0; i < rows; ++i) {
    if ((i / 16) % holders != comm.rank()) continue;
    p.x.insert(p.x.end(), data.x.begin() + i * dim, data.x.begin() + (i + 1) * dim);
    p.labels.push_back(data.labels[static_cast<std::size_t>(i)]);
  }
  p.rows = static_cast<std::int64_t>(p.labels.size());
  shuffle_rows(p, 1);
  return p;
}

const std::vector<Column> all_classes = {{0, -1}, {1, -1}, {2, -1}};

TEST(DistributedSolver, SameOptimumForAnyNumberOfRanks) {
  const Communicator comm = Communicator::world();
  const auto data = test::make_clusters(some_rows, dim, 3, 21);
  const std::vector<double> x(data.x.begin(), data.x.end());
  for (const Loss loss : {Loss::l1, Loss::l2}) {
    const Problem problem = my_share(comm);
    Solver solver(comm, problem, all_classes, {.loss = loss, .tolerance = 1e-4});
    const Fit fit = solver.solve(0.02);
    EXPECT_TRUE(fit.converged);
    for (std::size_t k = 0; k < 3; ++k) {
      std::vector<int> y;
      for (const auto label : data.labels) y.push_back(label == static_cast<int>(k) ? 1 : -1);
      const auto reference = test::solve_reference(x, y, dim, 0.02, loss == Loss::l2, 1);
      EXPECT_LE(reference.dual, fit.primal[k] * (1 + 1e-6));
      EXPECT_GE(reference.objective, (fit.primal[k] - fit.gap[k]) * (1 - 1e-6));
    }
  }
}

// So many rows that an eighth of them gives the start. Some ranks may hold none.
TEST(DistributedSolver, ManyRows) {
  const Communicator comm = Communicator::world();
  constexpr std::int64_t many = 4000;
  const auto data = test::make_clusters(many, dim, 3, 21);
  const std::vector<double> x(data.x.begin(), data.x.end());
  for (const bool hole : {false, true}) {
    const Problem problem = my_share(comm, hole, many);
    Solver solver(comm, problem, all_classes, {.tolerance = 1e-6});
    for (const double C : {0.02, 0.05, 0.01}) {
      const Fit fit = solver.solve(C);
      EXPECT_TRUE(fit.converged);
      EXPECT_LT(fit.epochs, 60);
      std::vector<int> y;
      for (const auto label : data.labels) y.push_back(label == 1 ? 1 : -1);
      if (hole || C > 0.02) continue;
      const auto reference = test::solve_reference(x, y, dim, C, true, 1);
      EXPECT_LE(reference.dual, fit.primal[1] * (1 + 1e-6));
      EXPECT_GE(reference.objective, (fit.primal[1] - fit.gap[1]) * (1 - 1e-6));
      EXPECT_LE(fit.primal[1], reference.objective * (1 + 2e-6));
    }
  }
}

// Coordinate descent crawls here; the Newton finish does the work.
TEST(DistributedSolver, LargeCNeedsFewPasses) {
  const Communicator comm = Communicator::world();
  const auto data = test::make_clusters(some_rows, dim, 3, 21);
  const std::vector<double> x(data.x.begin(), data.x.end());
  std::vector<int> y;
  for (const auto label : data.labels) y.push_back(label == 0 ? 1 : -1);
  for (const Loss loss : {Loss::l1, Loss::l2}) {
    const double C = loss == Loss::l1 ? 1 : 30;
    const Problem problem = my_share(comm);
    Solver solver(comm, problem, all_classes, {.loss = loss, .tolerance = 1e-5});
    const Fit fit = solver.solve(C);
    EXPECT_TRUE(fit.converged);
    EXPECT_LT(fit.epochs, loss == Loss::l1 ? 1500 : 200);
    const auto reference = test::solve_reference(x, y, dim, C, loss == Loss::l2, 1);
    EXPECT_NEAR(fit.primal[0], reference.objective, fit.gap[0] + 1e-4 * reference.objective);
  }
}

/// Primal objective of one class on all rows of `data`, from the answer's weights alone.
double objective_of(const Fit& fit, const test::ClusterData& data, std::int64_t columns, std::size_t k, double C,
                    Loss loss) {
  const auto m = static_cast<std::size_t>(fit.columns), d = static_cast<std::size_t>(columns);
  double sum = 0.5 * fit.intercept[k] * fit.intercept[k];
  for (std::size_t j = 0; j < d; ++j) sum += 0.5 * fit.w[j * m + k] * fit.w[j * m + k];
  for (std::size_t i = 0; i < data.labels.size(); ++i) {
    double f = fit.intercept[k];
    for (std::size_t j = 0; j < d; ++j) f += static_cast<double>(data.x[i * d + j]) * fit.w[j * m + k];
    const double xi = std::max(0.0, 1 - (data.labels[i] == static_cast<int>(k) ? f : -f));
    sum += loss == Loss::l2 ? C * xi * xi : C * xi;
  }
  return sum;
}

/// This rank's part of `data`.
Problem deal(const Communicator& comm, const test::ClusterData& data, std::int64_t columns) {
  Problem p{.dim = columns, .classes = 2};
  for (std::int64_t i = comm.rank(); i < std::ssize(data.labels); i += comm.size()) {
    p.x.insert(p.x.end(), data.x.begin() + i * columns, data.x.begin() + (i + 1) * columns);
    p.labels.push_back(data.labels[static_cast<std::size_t>(i)]);
  }
  p.rows = std::ssize(p.labels);
  return p;
}

struct TightCase {
  std::int64_t rows, columns;
  float common;         ///< added to every feature
  float C;              ///< as it is inside the solver
  bool same_reference;  ///< the textbook solver comes to its optimum too
};

// What float can't tell apart: a tight tolerance, and a common part that is large beside what differs. Few rows, and
// more than the Gram matrix takes.
TEST(DistributedSolver, TightToleranceOnHardProblems) {
  const Communicator comm = Communicator::world();
  for (const auto& [count, columns, common, cost, same] :
       {TightCase{90, 120, 3, 10, false}, TightCase{90, 120, 3, 100, false}, TightCase{200, 16, 0, 1, true},
        TightCase{2200, 10, 0, 0.02F, true}})
    for (const Loss loss : {Loss::l1, Loss::l2}) {
      const auto C = static_cast<double>(cost);
      auto data = test::make_clusters(count, columns, 2, 3);
      for (float& v : data.x) v += common;
      const Problem problem = deal(comm, data, columns);
      Solver solver(comm, problem, {{0, -1}, {1, -1}}, {.loss = loss, .tolerance = 1e-8, .max_epochs = 20000});
      const Fit fit = solver.solve(C);
      EXPECT_TRUE(fit.converged) << count << " rows, C " << C << ": gap " << fit.relative_gap();
      for (std::size_t k = 0; k < 2; ++k) {
        EXPECT_NEAR(objective_of(fit, data, columns, k, C, loss), fit.primal[k], 1e-9 * fit.primal[k]);
        if (!same) continue;
        std::vector<int> y;
        for (const auto label : data.labels) y.push_back(label == static_cast<int>(k) ? 1 : -1);
        const auto reference = test::solve_reference({data.x.begin(), data.x.end()}, y,
                                                     static_cast<std::size_t>(columns), C, loss == Loss::l2, 1, 3000);
        EXPECT_GE(reference.objective, (fit.primal[k] - fit.gap[k]) * (1 - 1e-9));
        EXPECT_LE(reference.dual, fit.primal[k] * (1 + 1e-9));
        EXPECT_NEAR(fit.primal[k], reference.objective, 1e-6 * reference.objective);
      }
    }
}

TEST(DistributedSolver, SameAnswerOnEveryRankAndAgain) {
  const Communicator comm = Communicator::world();
  const Problem problem = my_share(comm);
  Solver a(comm, problem, all_classes, {}), b(comm, problem, all_classes, {});
  const Fit first = a.solve(1), second = b.solve(1);
  EXPECT_EQ(first.w, second.w);
  std::vector<double> root(first.w.begin(), first.w.end());
  comm.broadcast(std::span<double>(root));
  EXPECT_EQ(root, std::vector<double>(first.w.begin(), first.w.end()));
}

// The formula of docs/solver.md.
TEST(DistributedSolver, BytesOfAnEpoch) {
  const Communicator comm = Communicator::world();
  const Problem problem = my_share(comm);
  const auto bytes = [&](std::int64_t epochs) {
    Solver solver(comm, problem, all_classes, {.tolerance = 1e-12, .max_epochs = epochs});
    const Fit fit = solver.solve(30);
    EXPECT_EQ(fit.epochs, epochs);
    return fit.bytes_sent;
  };
  const std::int64_t columns = 16;  // 3, padded
  const auto most_rows = static_cast<std::int64_t>(comm.max(static_cast<double>(problem.rows)));
  const std::int64_t rounds = std::min<std::int64_t>(block_count(most_rows, 128), 8);
  const std::int64_t epoch = rounds * (4 * (dim + 1) * columns + 16 * columns) + 16;
  EXPECT_EQ(bytes(3) - bytes(1), comm.size() == 1 ? 0 : 2 * epoch);
}

/// Of newton() from 0, with so many passes. Three columns of one class, so that none is done before the others.
Traffic traffic_of_passes(const Communicator& comm, const Problem& problem, std::int64_t passes) {
  svm::Objective objective{comm, problem, 1, {}};
  objective.columns.positive_class = {1, 1, 1};
  objective.columns.excluded_fold = {-1, -1, -1};
  objective.columns.positive_cost = {1, 1, 1};
  svm::Iterate<float> iterate = svm::zero_iterate<float>(objective);
  const svm::Eigenbasis flat = svm::no_eigenbasis(objective);
  const Traffic before = traffic();
  const auto result = svm::newton<float>(
      objective, iterate, {.eigenbasis = [&]() -> const svm::Eigenbasis& { return flat; }},
      {.tolerance = 1e-12, .max_passes = passes, .expired = [] { return false; }}, [](const auto&) {});
  EXPECT_EQ(result.passes, passes);
  return traffic().since(before);
}

// Also of docs/solver.md: one pass of conjugate gradients more in Newton's only step. The line search may take another
// number of steps then, each of which is two sums of 8 bytes a column.
TEST(DistributedSolver, BytesOfAPass) {
  const Communicator comm = Communicator::world();
  const Problem problem = my_share(comm);
  const Traffic pass = traffic_of_passes(comm, problem, 5).since(traffic_of_passes(comm, problem, 4));
  EXPECT_EQ(pass.bytes, comm.size() == 1 ? 0 : 8 * (dim + 1) * 3 + (pass.calls - 2) * 8 * 3);
}

TEST(DistributedSolver, ARankWithoutRows) {
  const Communicator comm = Communicator::world();
  const Problem problem = my_share(comm, true);
  Solver solver(comm, problem, all_classes, {.tolerance = 1e-4});
  EXPECT_TRUE(solver.solve(0.3).converged);
}

TEST(DistributedSolver, StandardisationIsThatOfAllRows) {
  const Communicator comm = Communicator::world();
  Problem problem = my_share(comm);
  const Standardisation s = standardise(comm, problem);
  const auto data = test::make_clusters(some_rows, dim, 3, 21);
  double mean = 0;
  for (std::int64_t i = 0; i < some_rows; ++i)
    mean += static_cast<double>(data.x[static_cast<std::size_t>(i * dim)]) / some_rows;
  EXPECT_NEAR(s.mean[0], mean, 1e-9);
}

// Features that lie as float16 are those of floats with the same values: few rows and many, both losses, descent and
// Newton.
TEST(DistributedSolver, HalvesAreTheFloatsThatTheyStandFor) {
  const Communicator comm = Communicator::world();
  for (const std::int64_t rows : {some_rows, std::int64_t{4000}})
    for (const bool centred : {true, false}) {
      Problem floats = my_share(comm, true, rows), halves = floats;
      for (float& value : floats.x)
        halves.halves.push_back(half_of_float(value)), value = float_of_half(halves.halves.back());
      halves.x.clear();
      Standardisation of_floats, of_halves;
      if (centred) of_floats = standardise(comm, floats), of_halves = standardise(comm, halves);
      shuffle_rows(floats, 5);
      shuffle_rows(halves, 5);
      for (const auto& [loss, C] : {std::pair{Loss::l2, 0.02}, {Loss::l1, 0.02}, {Loss::l2, 30.0}}) {
        const SolverOptions options{.loss = loss, .tolerance = 1e-7};
        Solver one(comm, floats, all_classes, options), other(comm, halves, all_classes, options);
        const Fit expected = one.solve(C), fit = other.solve(C);
        EXPECT_TRUE(fit.converged);
        for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(fit.primal[k], expected.primal[k], 1e-6 * expected.primal[k]);
        const auto scores = decision_values(halves, fit), expected_scores = decision_values(floats, expected);
        for (std::size_t i = 0; i < scores.size(); ++i) ASSERT_NEAR(scores[i], expected_scores[i], 2e-3);
      }
      for (std::size_t j = 0; j < of_floats.mean.size(); ++j) EXPECT_NEAR(of_halves.mean[j], of_floats.mean[j], 1e-6);
      for (const double mean : of_halves.mean) EXPECT_EQ(comm.max(mean), mean);  // also where there are no rows
    }
}

TEST(DistributedSolver, NotFiniteHalvesAreFound) {
  const Communicator comm = Communicator::world();
  Problem problem = my_share(comm);
  for (const float value : problem.x) problem.halves.push_back(half_of_float(value));
  problem.x.clear();
  EXPECT_NO_THROW(check_problem(comm, problem));
  if (comm.rank() == comm.size() - 1) problem.halves[5] = 0x7e00;
  EXPECT_THROW(check_problem(comm, problem), Error);
}

TEST(DistributedSolver, BadRowOnOneRankIsEveryRanksError) {
  const Communicator comm = Communicator::world();
  Problem problem = my_share(comm);
  if (comm.rank() == comm.size() - 1) problem.x[0] = std::numeric_limits<float>::infinity();
  EXPECT_THROW(check_problem(comm, problem), Error);
}

}  // namespace
}  // namespace pool3
