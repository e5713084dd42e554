// Columns over kernel matrices of several nodes, which share nothing: the same bits as on one.

#include <gtest/gtest.h>

#include <random>
#include <utility>

#include "pool3/svm/kernel_machine.hpp"

namespace pool3 {
namespace {

constexpr std::int64_t all_rows = 160, dim = 12;
constexpr std::int32_t classes = 4, folds = 3;

/// This rank's rows: every size-th.
Problem some_rows(const Communicator& comm) {
  std::mt19937 random(11);
  Problem p{.dim = dim, .classes = classes};
  for (std::int64_t i = 0; i < all_rows; ++i) {
    const auto label = static_cast<std::int32_t>(i % classes);
    std::vector<float> x(static_cast<std::size_t>(dim));
    for (float& value : x) value = static_cast<float>(random()) * 0x1p-31F - 1;
    x[static_cast<std::size_t>(label)] += 0.8F;
    if (i % comm.size() != comm.rank()) continue;
    ++p.rows;
    p.labels.push_back(label);
    p.folds.push_back(static_cast<std::int32_t>(i / classes % folds));
    p.origin.push_back(i);
    p.x.insert(p.x.end(), x.begin(), x.end());
  }
  return p;
}

/// All that a solver has found.
struct Found {
  std::vector<double> duals, intercepts, primal, gap, weights;
  std::vector<float> held_out;
  std::int64_t skipped = 0;
  bool operator==(const Found&) const = default;
};

Found solve(const Communicator& comm, Communicator sharing, const KernelOptions& how) {
  const SharedRows rows(comm, std::move(sharing), some_rows(comm), true, 1);
  KernelSolver solver(comm, rows, how, folds);
  Found found;
  const std::vector<double> costs =
      how.kernel == Kernel::linear ? std::vector{0.1, 1.0}
                                   : std::vector{0.5, 5.0, 50.0, 500.0};  // at last the hinge's columns are skipped
  for (const double C : costs) {
    KernelFit fit = solver.solve(C);
    if (how.kernel == Kernel::linear) found.weights = solver.linear_classifier(fit).coef;
    const KernelFit of_folds = solver.solve_folds();
    EXPECT_TRUE(fit.converged && of_folds.converged);
    for (const KernelFit* f : {&std::as_const(fit), &of_folds}) {
      found.primal.insert(found.primal.end(), f->primal.begin(), f->primal.end());
      found.gap.insert(found.gap.end(), f->gap.begin(), f->gap.end());
      found.skipped += f->skipped;
    }
    found.held_out.insert(found.held_out.end(), solver.held_out().begin(), solver.held_out().end());
  }
  found.duals.assign(solver.duals().begin(), solver.duals().end());
  found.intercepts = solver.intercepts();
  return found;
}

/// One node, two, and as many as there are ranks.
void expect_same_bits(const KernelOptions& how) {
  const Communicator comm = Communicator::world();
  const Found one_node = solve(comm, comm.split_by_node(), how);
  const int half = (comm.size() + 1) / 2;
  EXPECT_TRUE(one_node == solve(comm, comm.split(comm.rank() / half), how)) << "neighbours share";
  EXPECT_TRUE(one_node == solve(comm, comm.split(comm.rank() % 2), how)) << "every other rank shares";
  EXPECT_TRUE(one_node == solve(comm, comm.split(comm.rank()), how)) << "no rank shares";
  if (how.loss == Loss::l1 && how.kernel == Kernel::rbf) {
    EXPECT_GT(one_node.skipped, 0);
  }
}

TEST(KernelNodes, LinearAnswersAreTheSameOnSeveral) {
  for (const Loss loss : {Loss::l1, Loss::l2}) expect_same_bits({.kernel = Kernel::linear, .loss = loss});
}

TEST(KernelNodes, RbfAnswersAreTheSameOnSeveral) {
  for (const Loss loss : {Loss::l1, Loss::l2})
    for (const Multiclass multiclass : {Multiclass::one_vs_rest, Multiclass::one_vs_one})
      expect_same_bits({.kernel = Kernel::rbf, .gamma = 0.7, .multiclass = multiclass, .loss = loss});
}

}  // namespace
}  // namespace pool3
