#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "pool3/svm.hpp"
#include "support/mpi_environment.hpp"
#include "support/reference_svm.hpp"

namespace pool3 {
namespace {

const auto* const mpi = testing::AddGlobalTestEnvironment(new test::MpiEnvironment);

Problem make_problem(std::int64_t rows, std::int64_t dim, std::int32_t classes) {
  auto data = test::make_clusters(rows, dim, classes, 3);
  return {.rows = rows, .dim = dim, .classes = classes, .x = std::move(data.x), .labels = std::move(data.labels)};
}

std::vector<double> as_double(const std::vector<float>& x) { return {x.begin(), x.end()}; }

struct SolverCase {
  Loss loss;
  double C;
  double bias;
};

class SolverAgainstReference : public testing::TestWithParam<SolverCase> {};

TEST_P(SolverAgainstReference, ObjectiveWithinTheCertifiedGap) {
  const auto [loss, C, bias] = GetParam();
  const Communicator comm = Communicator::world();
  const Problem problem = make_problem(300, 20, 3);  // 300 = two whole blocks and a short one
  Solver solver(comm, problem, {{0, -1}, {1, -1}, {2, -1}}, {.loss = loss, .bias = bias, .tolerance = 1e-5});
  const Fit fit = solver.solve(C);
  EXPECT_TRUE(fit.converged);
  EXPECT_LE(fit.relative_gap(), 1e-5);
  for (int k = 0; k < 3; ++k) {
    std::vector<int> y;
    for (const auto label : problem.labels) y.push_back(label == k ? 1 : -1);
    const auto reference = test::solve_reference(as_double(problem.x), y, 20, C, loss == Loss::l2, bias);
    const auto at = static_cast<std::size_t>(k);
    // The optimum lies between primal - gap and primal.
    EXPECT_LE(reference.dual, fit.primal[at] * (1 + 1e-6));
    EXPECT_GE(reference.objective, (fit.primal[at] - fit.gap[at]) * (1 - 1e-6));
    EXPECT_GE(fit.gap[at], -1e-9);
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, SolverAgainstReference,
                         testing::Values(SolverCase{Loss::l2, 0.01, 1}, SolverCase{Loss::l2, 1, 1},
                                         SolverCase{Loss::l2, 1, 0}, SolverCase{Loss::l2, 0.5, 2},
                                         SolverCase{Loss::l2, 30, 2}, SolverCase{Loss::l1, 0.01, 1},
                                         SolverCase{Loss::l1, 1, 1}, SolverCase{Loss::l1, 1, 0},
                                         SolverCase{Loss::l1, 30, 2}));

TEST(Solver, FoldColumnEqualsAFitOnTheSubset) {
  const Communicator comm = Communicator::world();
  Problem whole = make_problem(200, 12, 2);
  for (std::int64_t i = 0; i < whole.rows; ++i) whole.folds.push_back(static_cast<std::int32_t>(i % 3));
  Problem part{.dim = 12, .classes = 2};
  for (std::int64_t i = 0; i < whole.rows; ++i) {
    if (i % 3 == 1) continue;
    part.x.insert(part.x.end(), whole.x.begin() + i * 12, whole.x.begin() + (i + 1) * 12);
    part.labels.push_back(whole.labels[static_cast<std::size_t>(i)]);
  }
  part.rows = static_cast<std::int64_t>(part.labels.size());
  const SolverOptions options{.tolerance = 1e-7, .max_epochs = 5000};
  Solver masked(comm, whole, {{0, 1}}, options), separate(comm, part, {{0, -1}}, options);
  const Fit a = masked.solve(1), b = separate.solve(1);
  EXPECT_NEAR(a.objective(), b.objective(), 1e-6 * b.objective());
  for (std::size_t j = 0; j < a.w.size(); ++j) EXPECT_NEAR(a.w[j], b.w[j], 2e-3F);
}

TEST(Solver, PositiveWeightEqualsCopies) {
  const Communicator comm = Communicator::world();
  const Problem once = make_problem(120, 10, 2);
  Problem copies = once;
  for (std::int64_t i = 0; i < once.rows; ++i) {
    if (once.labels[static_cast<std::size_t>(i)] != 1) continue;
    for (int copy = 0; copy < 2; ++copy) {
      copies.x.insert(copies.x.end(), once.x.begin() + i * 10, once.x.begin() + (i + 1) * 10);
      copies.labels.push_back(1);
    }
  }
  copies.rows = static_cast<std::int64_t>(copies.labels.size());
  SolverOptions options{.tolerance = 1e-6, .max_epochs = 5000};
  Solver plain(comm, copies, {{1, -1}}, options);
  options.positive_weights = {1, 3};
  Solver weighted(comm, once, {{1, -1}}, options);
  const double a = plain.solve(0.5).objective();
  EXPECT_NEAR(weighted.solve(0.5).objective(), a, 3e-6 * a);
}

TEST(Solver, RowWeightEqualsCopies) {
  const Communicator comm = Communicator::world();
  Problem weighted = make_problem(120, 10, 2);
  Problem copies = weighted;
  for (std::int64_t i = 0; i < weighted.rows; ++i) {
    weighted.weights.push_back(static_cast<float>(1 + i % 3));
    for (int copy = 0; copy < i % 3; ++copy) {
      copies.x.insert(copies.x.end(), weighted.x.begin() + i * 10, weighted.x.begin() + (i + 1) * 10);
      copies.labels.push_back(weighted.labels[static_cast<std::size_t>(i)]);
    }
  }
  copies.rows = static_cast<std::int64_t>(copies.labels.size());
  for (const Loss loss : {Loss::l1, Loss::l2})
    for (const double C : {0.01, 2.0}) {  // descent is enough, and not
      const SolverOptions options{.loss = loss, .tolerance = 1e-5, .max_epochs = 5000};
      Solver a(comm, weighted, {{1, -1}}, options), b(comm, copies, {{1, -1}}, options);
      const Fit one = a.solve(C), other = b.solve(C);
      EXPECT_TRUE(one.converged && other.converged);
      EXPECT_NEAR(one.objective(), other.objective(), 2e-5 * other.objective());
    }
}

// Many columns of few rows, ill conditioned: what the Gram matrix is for. Plain descent needs thousands of passes.
TEST(Solver, FewRowsTakeFewPasses) {
  const Communicator comm = Communicator::world();
  Problem problem = make_problem(90, 120, 2);
  for (float& v : problem.x) v += 3.0F;
  for (const double C : {0.1, 10.0}) {
    Solver solver(comm, problem, {{0, -1}, {1, -1}}, {.tolerance = 1e-5});
    const Fit fit = solver.solve(C);
    EXPECT_TRUE(fit.converged) << fit.relative_gap();
    EXPECT_LE(fit.epochs, 100);
    std::vector<int> y;
    for (const auto label : problem.labels) y.push_back(label == 0 ? 1 : -1);
    const auto reference = test::solve_reference(as_double(problem.x), y, 120, C, true, 1, 3000);
    EXPECT_GE(reference.objective, (fit.primal[0] - fit.gap[0]) * (1 - 1e-6));
    EXPECT_LE(reference.dual, fit.primal[0] * (1 + 1e-6));
  }
}

// Fewer rows than features, a large common part: slow progress must not be taken for the end.
TEST(Solver, SlowProgressIsNotTheEnd) {
  const Communicator comm = Communicator::world();
  Problem problem = make_problem(90, 120, 2);
  for (float& v : problem.x) v += 3.0F;
  for (const Loss loss : {Loss::l1, Loss::l2})
    for (const double C : {0.001, 0.01, 0.1}) {
      Solver solver(comm, problem, {{0, -1}, {1, -1}}, {.loss = loss, .tolerance = 1e-5, .max_epochs = 20000});
      EXPECT_TRUE(solver.solve(C).converged) << "C " << C;
    }
}

TEST(Solver, MaxEpochsBoundsThePasses) {
  const Communicator comm = Communicator::world();
  const Problem problem = make_problem(300, 20, 3);
  for (const Loss loss : {Loss::l1, Loss::l2})
    for (const std::int64_t most : {1, 5, 25}) {
      Solver solver(comm, problem, {{0, -1}}, {.loss = loss, .tolerance = 1e-12, .max_epochs = most});
      const Fit fit = solver.solve(30);
      EXPECT_LE(fit.epochs, most);
      EXPECT_FALSE(fit.converged);
      EXPECT_EQ(fit.primal.size(), 1U);
    }
}

TEST(Solver, MaxSecondsEndsWithAnHonestGap) {
  const Communicator comm = Communicator::world();
  const Problem problem = make_problem(300, 20, 3);
  for (const Loss loss : {Loss::l1, Loss::l2}) {
    Solver hurried(comm, problem, {{0, -1}}, {.loss = loss, .tolerance = 1e-6, .max_seconds = 1e-9});
    const Fit fit = hurried.solve(30);
    EXPECT_TRUE(fit.out_of_time);
    EXPECT_FALSE(fit.converged);
    EXPECT_EQ(fit.epochs, 1);
    Solver patient(comm, problem, {{0, -1}}, {.loss = loss, .tolerance = 1e-4, .max_seconds = 1e9});
    const Fit best = patient.solve(30);
    EXPECT_TRUE(best.converged);
    EXPECT_FALSE(best.out_of_time);
    EXPECT_GE(best.primal[0], fit.primal[0] - fit.gap[0]);
    EXPECT_LE(best.primal[0] - best.gap[0], fit.primal[0]);
  }
}

TEST(Solver, AClassWithOneRow) {
  const Communicator comm = Communicator::world();
  Problem problem = make_problem(90, 8, 3);
  std::replace(problem.labels.begin(), problem.labels.end(), 2, 1);
  problem.labels[40] = 2;
  for (const Loss loss : {Loss::l1, Loss::l2}) {
    Solver solver(comm, problem, {{2, -1}}, {.loss = loss, .tolerance = 1e-5});
    const Fit fit = solver.solve(1);
    EXPECT_TRUE(fit.converged);
    std::vector<int> y(90, -1);
    y[40] = 1;
    const auto reference = test::solve_reference(as_double(problem.x), y, 8, 1, loss == Loss::l2, 1);
    EXPECT_NEAR(fit.objective(), reference.objective, 2e-5 * reference.objective);
  }
}

TEST(Solver, WarmStartGivesTheSameOptimum) {
  const Communicator comm = Communicator::world();
  const Problem problem = make_problem(150, 15, 2);
  const SolverOptions options{.tolerance = 1e-6, .max_epochs = 5000};
  Solver warm(comm, problem, {{0, -1}}, options), cold(comm, problem, {{0, -1}}, options);
  (void)warm.solve(0.1);
  const Fit a = warm.solve(2), b = cold.solve(2);
  EXPECT_NEAR(a.objective(), b.objective(), 3e-6 * b.objective());
  const Fit back = warm.solve(0.1);  // descending C starts afresh
  EXPECT_TRUE(back.converged);
}

TEST(Solver, FoldsStartFromTheAnswerOfAllRows) {
  const Communicator comm = Communicator::world();
  Problem p = make_problem(2500, 20, 3);  // too many for the Gram matrix
  for (std::int64_t i = 0; i < p.rows; ++i) p.folds.push_back(static_cast<std::int32_t>(i % 5));
  std::vector<Column> columns;
  for (std::int32_t j = 14; j >= 0; --j) columns.push_back({j % 3, j / 3});
  const auto solve = [&](const SolverOptions& options, bool near) {
    Solver all(comm, p, {{0}, {1}, {2}}, options), folds(comm, p, columns, options);
    (void)all.solve(3);
    folds.share_with(all);
    if (near) folds.start_from(all);
    return folds.solve(3);
  };
  for (const Loss loss : {Loss::l1, Loss::l2}) {
    const SolverOptions options{.loss = loss, .tolerance = loss == Loss::l1 ? 1e-2 : 1e-5};
    const Fit expected = solve(options, false), fit = solve(options, true);
    EXPECT_TRUE(fit.converged);
    EXPECT_TRUE(loss == Loss::l1 ? fit.epochs == expected.epochs : 2 * fit.epochs < expected.epochs) << fit.epochs;
    for (std::size_t j = 0; j < columns.size(); ++j) {
      EXPECT_LE(expected.primal[j] - expected.gap[j], fit.primal[j] * (1 + 1e-6)) << j;
      EXPECT_LE(fit.primal[j] - fit.gap[j], expected.primal[j] * (1 + 1e-6)) << j;
    }
  }
  EXPECT_TRUE(solve({.method = SolverMethod::descent, .tolerance = 1e-1}, true).converged)
      << "from nothing, as without it";
}

// Folds of probabilities are solved to 1e-2, in rough steps, with margins that are kept.
TEST(Solver, RoughAnswersKeepTheirCertificate) {
  const Communicator comm = Communicator::world();
  const Problem problem = make_problem(600, 40, 3);
  const std::vector<Column> columns = {{0, -1}, {1, -1}, {2, -1}};
  for (const double C : {0.1, 10.0}) {
    Solver exact(comm, problem, columns, {.tolerance = 1e-8});
    Solver rough(comm, problem, columns, {.method = SolverMethod::newton, .tolerance = 1e-2});
    const Fit best = exact.solve(C), fit = rough.solve(C);
    EXPECT_TRUE(fit.converged);
    double above = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      std::vector<double> w(fit.w.size() / 3);
      for (std::size_t j = 0; j < w.size(); ++j) w[j] = fit.w[3 * j + k];
      double primal = fit.intercept[k] * fit.intercept[k];
      for (const double v : w) primal += v * v;
      primal /= 2;
      for (std::size_t i = 0; i < problem.labels.size(); ++i) {
        double f = fit.intercept[k];
        for (std::size_t j = 0; j < w.size(); ++j) f += w[j] * static_cast<double>(problem.x[i * w.size() + j]);
        const double slack = 1 - (problem.labels[i] == static_cast<std::int32_t>(k) ? f : -f);
        if (slack > 0) primal += C * slack * slack;
      }
      EXPECT_NEAR(primal, fit.primal[k], 1e-4 * primal) << C;
      above += primal - best.primal[k];
    }
    EXPECT_LE(above, 1e-2 * best.objective()) << C;
    EXPECT_LE(above, 1.01 * fit.relative_gap() * fit.objective() + 1e-7 * best.objective()) << C;
  }
}

TEST(Solver, SameAnswerTwice) {
  const Communicator comm = Communicator::world();
  const Problem problem = make_problem(200, 16, 4);
  const std::vector<Column> columns = {{0, -1}, {1, -1}, {2, -1}, {3, -1}};
  Solver a(comm, problem, columns, {}), b(comm, problem, columns, {});
  EXPECT_EQ(a.solve(1).w, b.solve(1).w);
}

TEST(Solver, ZeroRowsAndContradictingCopies) {
  const Communicator comm = Communicator::world();
  Problem problem{.rows = 6, .dim = 2, .classes = 2};
  problem.x = {0, 0, 0, 0, 1, 2, 1, 2, -1, 0, 3, 1};
  problem.labels = {0, 1, 0, 1, 1, 0};
  for (const Loss loss : {Loss::l1, Loss::l2}) {
    Solver solver(comm, problem, {{0, -1}}, {.loss = loss, .bias = 0, .tolerance = 1e-5});
    const Fit fit = solver.solve(1);
    EXPECT_TRUE(fit.converged);
    std::vector<int> y;
    for (const auto label : problem.labels) y.push_back(label == 0 ? 1 : -1);
    const auto reference = test::solve_reference(as_double(problem.x), y, 2, 1, loss == Loss::l2, 0);
    EXPECT_NEAR(fit.objective(), reference.objective, 2e-5 * reference.objective);
  }
}

TEST(Solver, RefusesNonsense) {
  const Communicator comm = Communicator::world();
  const Problem problem = make_problem(20, 4, 2);
  Solver solver(comm, problem, {{0, -1}}, {});
  EXPECT_THROW((void)solver.solve(0), Error);
  EXPECT_THROW((void)solver.solve(-1), Error);
  EXPECT_THROW((void)solver.solve(std::numeric_limits<double>::quiet_NaN()), Error);
  EXPECT_THROW(Solver(comm, problem, {{0, -1}}, {.tolerance = 0}), Error);
  EXPECT_THROW(Solver(comm, problem, {{0, -1}}, {.bias = -1}), Error);
  EXPECT_THROW(Solver(comm, problem, {{0, -1}}, {.max_seconds = -1}), Error);
}

TEST(Problem, ChecksFindBadInput) {
  const Communicator comm = Communicator::world();
  Problem one_class = make_problem(10, 3, 2);
  std::fill(one_class.labels.begin(), one_class.labels.end(), 1);
  EXPECT_THROW(check_problem(comm, one_class), Error);
  Problem with_nan = make_problem(10, 3, 2);
  with_nan.x[7] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(check_problem(comm, with_nan), Error);
  with_nan.x[3 * 8] = -std::numeric_limits<float>::infinity();
  for (std::int64_t i = 0; i < 10; ++i) with_nan.origin.push_back(100 + 10 * i);
  try {
    check_problem(comm, with_nan);
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("2 training rows"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("row 120, 180"), std::string::npos) << error.what();
  }
  EXPECT_THROW(check_problem(comm, Problem{.dim = 3, .classes = 2}), Error);
  EXPECT_NO_THROW(check_problem(comm, make_problem(10, 3, 2)));
}

TEST(Problem, StandardiseThenUnfoldKeepsScores) {
  const Communicator comm = Communicator::world();
  const Problem raw = make_problem(80, 9, 3);
  Problem problem = raw;
  const Standardisation s = standardise(comm, problem);
  double squares = 0, sum = 0;
  for (const float v : problem.x)
    squares += static_cast<double>(v) * static_cast<double>(v), sum += static_cast<double>(v);
  EXPECT_NEAR(squares / 80, 1.0, 1e-5);
  EXPECT_NEAR(sum, 0.0, 1e-4);
  Solver solver(comm, problem, {{0, -1}, {1, -1}, {2, -1}}, {});
  const Fit fit = solver.solve(1);
  const auto inside = decision_values(problem, fit);
  const LinearClassifier c = unfold(fit, s, 3);
  const auto outside = score_rows(c.coef, c.intercept, raw.x);
  for (std::size_t i = 0; i < outside.size(); ++i) EXPECT_NEAR(inside[i], outside[i], 1e-5);
}

TEST(Problem, ShuffleKeepsRowsTogether) {
  Problem problem = make_problem(50, 2, 2);
  for (std::int64_t i = 0; i < 50; ++i) {
    problem.x[static_cast<std::size_t>(2 * i)] = static_cast<float>(i);
    problem.labels[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(i);
    problem.folds.push_back(static_cast<std::int32_t>(100 + i));
    problem.weights.push_back(static_cast<float>(200 + i));
  }
  shuffle_rows(problem, 1);
  int moved = 0;
  for (std::int64_t i = 0; i < 50; ++i) {
    const auto at = static_cast<std::size_t>(i);
    EXPECT_EQ(problem.x[2 * at], static_cast<float>(problem.labels[at]));
    EXPECT_EQ(problem.folds[at], 100 + problem.labels[at]);
    EXPECT_EQ(problem.weights[at], static_cast<float>(200 + problem.labels[at]));
    moved += problem.labels[at] != i ? 1 : 0;
  }
  EXPECT_GT(moved, 30);
}

TEST(Sigmoids, GradientVanishes) {
  const Communicator comm = Communicator::world();
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  std::vector<float> scores;
  std::vector<std::int32_t> labels;
  for (int i = 0; i < 400; ++i) {
    labels.push_back(i % 4 == 0 ? 1 : 0);
    const float s = normal(random) + (labels.back() == 1 ? 1.0F : -1.0F);
    scores.push_back(-s);
    scores.push_back(s);
  }
  const Sigmoids fit = fit_sigmoids(comm, scores, labels, 2);
  for (std::size_t k = 0; k < 2; ++k) {
    const double positives = k == 1 ? 100 : 300, negatives = 400 - positives;
    double g_a = 0, g_b = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const double t = labels[i] == static_cast<int>(k) ? (positives + 1) / (positives + 2) : 1 / (negatives + 2);
      const double f = static_cast<double>(scores[2 * i + k]);
      const double p = 1 / (1 + std::exp(fit.a[k] * f + fit.b[k]));
      g_a += f * (t - p);
      g_b += t - p;
    }
    EXPECT_NEAR(g_a, 0, 1e-4);
    EXPECT_NEAR(g_b, 0, 1e-4);
    EXPECT_LT(fit.a[k], 0);  // a higher score means a higher probability
  }
}

}  // namespace
}  // namespace pool3
