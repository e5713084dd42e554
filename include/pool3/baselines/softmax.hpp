#pragma once
// Multinomial logistic regression on features: the re-trained last layer of a network.
//
//   P(w, b) = 1/2 |w|^2 + C sum_i [log sum_k exp f_ik - f_i,y(i)],   f_i = w^T x_i + b
//
// as scikit-learn's LogisticRegression has it: the intercepts b are not regularised. With a_i = C (y_i - p_i) as dual
// variables the duality gap is half the square of the gradient.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "pool3/mpi.hpp"
#include "pool3/svm.hpp"

namespace pool3 {

struct SoftmaxOptions {
  double tolerance = 1e-6;  ///< on gap / objective
  int max_rounds = 100;
};

/// The same on every rank.
struct SoftmaxFit {
  std::vector<double> w;          ///< [dim, classes] row-major, in the problem's features
  std::vector<double> intercept;  ///< [classes]; -infinity of a class without rows, which is never predicted
  double objective = 0;
  double gap = 0;          ///< at least 0
  double passes = 0;       ///< over the rows: products with all features and back
  double lean_passes = 0;  ///< the same in the leading directions alone
  double seconds = 0;
  bool converged = false;
  [[nodiscard]] double relative_gap() const { return objective > 0 ? gap / objective : 0; }
};

/// Solves over rows that the ranks hold between them.
class SoftmaxSolver {
 public:
  /// `comm` and `problem` must outlive it; its rows are floats, best standardised. Collective.
  SoftmaxSolver(const Communicator& comm, const Problem& problem, SoftmaxOptions options);
  ~SoftmaxSolver();
  SoftmaxSolver(const SoftmaxSolver&) = delete;
  SoftmaxSolver& operator=(const SoftmaxSolver&) = delete;

  void set_tolerance(double tolerance);
  /// All rows but those of `excluded_fold`, from the last answer on all rows: call with ascending C. Collective.
  /// Throws usage Error unless C > 0.
  [[nodiscard]] SoftmaxFit solve(double C, std::int32_t excluded_fold = -1);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// f [rows, classes] of rows [rows, dim] in the problem's features. Not collective.
[[nodiscard]] std::vector<double> softmax_scores(const SoftmaxFit& fit, std::span<const float> x);

}  // namespace pool3
