#pragma once
// The folds of a one-vs-rest search without a kernel matrix: linear, and RBF over landmarks (docs/solver.md).
//
// Every node holds all rows once. A task is one fold of some classes, which one rank solves alone: no number depends on
// how many ranks there are.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pool3/svm.hpp"
#include "pool3/svm/kernel_machine.hpp"
#include "pool3/svm/landmarks.hpp"
#include "pool3/types.hpp"

namespace pool3 {

struct FoldOptions {
  SolverOptions solver;
  int folds = 10;
  std::int64_t landmarks = 0;  ///< that stand for all rows, of the RBF kernel
  bool centering = true;
};

/// Of all columns of all folds.
struct FoldFit {
  double relative_gap = 0;  ///< the worst of the tasks
  std::int64_t passes = 0;  ///< the most of a task
  double seconds = 0;
};

/// Holds all rows on each node, and what the last solve() found. Needs no rank to wait for another while it solves.
class FoldSolver {
 public:
  /// `comm` must outlive it. Gathers all rows on each node. Collective; throws a collective Error.
  FoldSolver(const Communicator& comm, const Problem& mine, FoldOptions options);
  ~FoldSolver();
  FoldSolver(const FoldSolver&) = delete;
  FoldSolver& operator=(const FoldSolver&) = delete;

  [[nodiscard]] std::int64_t rows() const;
  [[nodiscard]] std::int32_t classes() const;
  [[nodiscard]] std::span<const std::int32_t> labels() const;
  [[nodiscard]] std::span<const std::int32_t> folds() const;
  [[nodiscard]] int tasks() const;  ///< that ranks can work on side by side
  /// Gamma as a number: the median is that of the landmarks. Collective; throws Error.
  [[nodiscard]] double gamma_of(const Gamma& gamma) const;

  /// What is solved next, from nothing: with the RBF kernel, the rows over landmarks. Collective.
  void take(Kernel kernel, double gamma);
  /// Each column without each fold, from the last answer: call with ascending C. REQUIRES: take(). Collective.
  FoldFit solve(double C, const std::function<void(const SolverProgress&)>& progress = {});
  /// Scores [rows, classes] of these rows by the last solve(), each from a fit that never saw the row's fold; 0 where a
  /// row is in no fold. Not collective.
  [[nodiscard]] std::vector<float> held_out_scores(RowRange some) const;

  /// All that the next solve() of this rank's tasks starts from. Not collective.
  [[nodiscard]] std::string state() const;
  /// Resumes from what state() returned on this rank, of as many ranks, after take() of the same: the next solve()
  /// gives the same bits. Not collective; throws Error if the sizes differ.
  void restore(std::string_view state);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pool3
