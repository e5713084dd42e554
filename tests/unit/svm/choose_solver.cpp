// The rule of --solver auto against what was measured on real features (docs/solver.md).

#include <gtest/gtest.h>

#include "pool3/svm/kernel_machine.hpp"
#include "support/error_of.hpp"

namespace pool3 {
namespace {

/// Rows of the 22 folders of openclipart that train, without the least.
const std::vector<std::int64_t> openclipart = {1726, 1316, 890, 491, 320, 295, 293, 253, 180, 123, 119,
                                               114,  108,  76,  56,  43,  34,  21,  17,  13,  6,   2};
/// All rows of 22 folders.
const std::vector<std::int64_t> openclipart_all = {2158, 1645, 1113, 614, 400, 369, 366, 316, 225, 154, 149,
                                                   142,  135,  95,   70,  54,  43,  26,  21,  16,  7,   3};
/// 99 classes of emoji of four vendors: some large, many small.
std::vector<std::int64_t> emoji() {
  std::vector<std::int64_t> rows = {984, 674, 654, 518, 466, 360, 336, 314};
  rows.resize(99, 36);
  return rows;
}

bool takes_columns(const std::vector<std::int64_t>& class_rows, const std::vector<double>& C, int folds,
                   bool rough_folds = false) {
  ProblemSize size{.dim = 2048,
                   .classes = std::ssize(class_rows),
                   .folds = folds,
                   .rough_folds = rough_folds,
                   .C = C,
                   .class_rows = class_rows};
  for (const std::int64_t rows : class_rows) size.rows += rows;
  return choose_solver(Communicator::world(), size, {}, SolverMethod::automatic, 1e12).gram;
}

TEST(ChooseSolver, TakesWhatWasCheaper) {
  EXPECT_FALSE(takes_columns(openclipart, {0.1}, 10)) << "2.4 s by rows";
  EXPECT_FALSE(takes_columns(openclipart, {0.1, 1, 10}, 10)) << "the demo";
  EXPECT_FALSE(takes_columns(openclipart, {3, 10, 30, 100}, 10)) << "13.5 s by rows, 20.5 s by columns";
  EXPECT_TRUE(takes_columns(emoji(), {3, 10, 30, 100}, 10)) << "71 s by rows, 13 s by columns";
  EXPECT_FALSE(takes_columns(openclipart, {10}, 10)) << "3.8 s by rows, 6.4 s by columns";
  EXPECT_FALSE(takes_columns(openclipart, {1}, 0)) << "1.3 s by rows, 7.0 s by columns";
  EXPECT_FALSE(takes_columns(openclipart_all, {100}, 0)) << "3.2 s by rows, 7.2 s by columns";
  EXPECT_FALSE(takes_columns(openclipart_all, {100}, 5, true)) << "6.5 s by rows, 11.0 s by columns";
  EXPECT_FALSE(takes_columns(emoji(), {1}, 0)) << "1.5 s by rows, 2.8 s by columns";
  EXPECT_FALSE(takes_columns(emoji(), {1}, 5, true)) << "2.5 s by rows, 4.4 s by columns";
  EXPECT_TRUE(takes_columns(emoji(), {10}, 0)) << "2.4 s by rows, 1.5 s by columns";
  EXPECT_TRUE(takes_columns(emoji(), {10}, 5, true)) << "4.5 s by rows, 2.4 s by columns";
  EXPECT_FALSE(takes_columns(emoji(), {0.01, 0.1}, 10));
  EXPECT_TRUE(takes_columns(emoji(), {1, 10, 100, 1000}, 10));
  EXPECT_TRUE(takes_columns(emoji(), {10}, 10));
  EXPECT_TRUE(takes_columns(emoji(), {100}, 5, true)) << "13.6 s by rows, 2.3 s by columns";
}

TEST(ChooseSolver, TakesNewtonForFoldsThatAreSharedOut) {
  ProblemSize size{.dim = 2048, .classes = std::ssize(openclipart), .folds = 10, .C = {0.1}, .class_rows = openclipart};
  for (const std::int64_t rows : openclipart) size.rows += rows;
  const auto method_of = [&](const KernelOptions& how) {
    return choose_solver(Communicator::world(), size, how, SolverMethod::automatic, 1e12).method;
  };
  EXPECT_EQ(method_of({}), SolverMethod::newton);
  EXPECT_EQ(method_of({.loss = Loss::l1}), SolverMethod::automatic);
  size.folds = 0;
  EXPECT_EQ(method_of({}), SolverMethod::automatic);
}

TEST(ChooseSolver, ASmallerCNeverTurnsItToColumns) {
  bool columns = true;
  for (const double C : {1e4, 1e3, 100.0, 10.0, 1.0, 0.1, 1e-3, 1e-9}) {
    const bool now = takes_columns(openclipart, {C}, 10);
    EXPECT_TRUE(columns || !now) << C;
    columns = now;
  }
  EXPECT_FALSE(columns);
}

// Digits of scikit-learn: from C = 3e5 on columns over the Gram matrix end at gaps of 2e-3 and more, or not at all.
TEST(ChooseSolver, TakesRowsWhereRoundingDrownsC) {
  const auto choose = [](double C, std::int64_t dim, Loss loss) {
    const ProblemSize size{.rows = 1438, .dim = dim, .classes = 10, .folds = 5, .C = {C}};
    return choose_solver(Communicator::world(), size, {.loss = loss}, SolverMethod::automatic, 1e12);
  };
  EXPECT_TRUE(choose(1e5, 64, Loss::l2).gram);
  EXPECT_FALSE(choose(3e5, 64, Loss::l2).gram);
  EXPECT_EQ(choose(1e9, 64, Loss::l2).method, SolverMethod::newton);
  EXPECT_TRUE(choose(1e9, 2048, Loss::l2).gram) << "as many features as rows: no singular matrix";
  EXPECT_TRUE(choose(1e9, 64, Loss::l1).gram);
}

TEST(ChooseSolver, TakesEqualClassesWhereTheirRowsAreNotKnown) {
  const ProblemSize size{.rows = 2000, .dim = 2048, .classes = 10, .folds = 10, .C = {10}};
  const SolverChoice choice = choose_solver(Communicator::world(), size, {}, SolverMethod::automatic, 1e12);
  EXPECT_TRUE(choice.gram) << choice.why;
}

TEST(ChooseSolver, SaysWhatRowsTake) {
  const auto choose = [](std::int64_t classes, int folds) {
    const ProblemSize size{
        .rows = 10 * classes, .dim = 2048, .classes = classes, .folds = folds, .all_on_each_node = true};
    return choose_solver(Communicator::world(), size, {}, SolverMethod::newton, 1).why;  // 1: of the kernel matrix
  };
  // 11.5 bytes of 10^4 rows and 1,000 columns, 8 x 2048 of each column, 4 x 2048 of each row.
  EXPECT_EQ(choose(1000, 0), "Newton's method on the ranks' rows, as --solver says, at least 0.2 GiB a node");
  EXPECT_EQ(choose(1000, 10), "Newton's method on the ranks' rows, as --solver says, at least 1.3 GiB a node");
  const auto error = test::error_of([&] { return choose(3'000'000, 10); });
  EXPECT_EQ(error.code, ExitCode::usage);
  EXPECT_NE(error.cause.find("3000000 classes in 10 folds of 30000000 rows take at least "), std::string::npos);
  EXPECT_NE(error.advice.find("--min-per-class"), std::string::npos);
}

TEST(ChooseSolver, TakesLandmarksWhereTheKernelMatrixDoesNotFit) {
  constexpr double gib = 1073741824.0;
  const ProblemSize size{.rows = 50'000, .dim = 2048, .classes = 99, .folds = 5, .C = {10}};
  const auto choose = [&](const ProblemSize& of, const KernelOptions& how, SolverMethod method, double memory) {
    return choose_solver(Communicator::world(), of, how, method, memory);
  };
  const KernelOptions rbf{.kernel = Kernel::rbf}, pairs{.kernel = Kernel::rbf, .multiclass = Multiclass::one_vs_one};
  EXPECT_EQ(choose(size, rbf, SolverMethod::automatic, 64 * gib).landmarks, 0);
  const SolverChoice choice = choose(size, rbf, SolverMethod::automatic, 8 * gib);
  EXPECT_EQ(choice.landmarks, 4096);
  EXPECT_FALSE(choice.gram);
  EXPECT_NE(choice.why.find("--max-memory"), std::string::npos) << choice.why;
  EXPECT_EQ(choose(size, rbf, SolverMethod::automatic, 1 * gib).landmarks, 1024);
  EXPECT_THROW((void)choose(size, rbf, SolverMethod::automatic, 0.1 * gib), Error) << "not even 256";
  EXPECT_THROW((void)choose(size, rbf, SolverMethod::gram, 8 * gib), Error) << "exact, as was asked for";
  EXPECT_THROW((void)choose(size, pairs, SolverMethod::automatic, 8 * gib), Error);
  ProblemSize asked = size;
  asked.landmarks = 3000;
  EXPECT_EQ(choose(asked, rbf, SolverMethod::automatic, 64 * gib).landmarks, 3000) << "though all would fit";
  asked.landmarks = 30'000;
  EXPECT_THROW((void)choose(asked, rbf, SolverMethod::automatic, 2 * gib), Error);
}

}  // namespace
}  // namespace pool3
