#pragma once
// Columns over one kernel matrix a node: linear and RBF, all rows and each fold (docs/solver.md).
//
// Every node holds all rows and their products. A column (a class or a pair, with or without a fold) is a task of one
// rank, so its numbers do not depend on how many ranks there are.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pool3/svm.hpp"
#include "pool3/types.hpp"

namespace pool3 {

namespace svm {
struct KernelMatrix;
}

/// The rows of all ranks, once on each node: centred, and divided by one scale, as standardise() does. Not centred
/// problems keep what the rows have in common beside them. In the order of labels, then of origins.
class SharedRows {
 public:
  /// `comm` must outlive it. Collective; throws a collective Error.
  SharedRows(const Communicator& comm, const Problem& mine, bool centering, int threads);
  /// The same with `sharing` in place of the ranks of each node: ranks of one node, but perhaps not all of them.
  SharedRows(const Communicator& comm, Communicator sharing, const Problem& mine, bool centering, int threads);
  ~SharedRows();
  SharedRows(const SharedRows&) = delete;
  SharedRows& operator=(const SharedRows&) = delete;

  [[nodiscard]] std::int64_t rows() const;
  [[nodiscard]] std::int64_t dim() const;
  [[nodiscard]] std::int32_t classes() const;
  [[nodiscard]] std::span<const std::int32_t> labels() const;
  [[nodiscard]] std::span<const std::int32_t> folds() const;   ///< empty if the problem had none
  [[nodiscard]] std::span<const std::int64_t> origin() const;  ///< where each row came from
  [[nodiscard]] std::vector<std::int64_t> class_rows() const;
  /// What the problem's features are in: mean and scale if centred, else none.
  [[nodiscard]] const Standardisation& standardisation() const;
  /// Squared distances between rows, of some 2,000 rows at most: their median.
  [[nodiscard]] double median_distance() const;
  /// The variance of all numbers, as scikit-learn's gamma="scale" takes it.
  [[nodiscard]] double variance() const;

  struct Impl;
  [[nodiscard]] Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

/// A gamma as a user says it: a number, or a factor of what the features say.
struct Gamma {
  enum class Unit : std::uint8_t { one, scale, median };
  double factor = 1;
  Unit unit = Unit::median;
  /// scale: 1 / (features x variance), as scikit-learn. median: 1 / median squared distance. Throws Error if all rows
  /// are the same.
  [[nodiscard]] double of(const SharedRows& rows) const;
  /// The same from what the unit needs: the median squared distance, or the variance of all numbers.
  [[nodiscard]] double of(std::int64_t dim, double median_distance, double variance) const;
};
/// "0.5", "scale", "median", "0.25*median". Throws usage Error.
[[nodiscard]] Gamma parse_gamma(const std::string& text);

struct KernelOptions {
  Kernel kernel = Kernel::linear;
  double gamma = 1;  ///< in the problem's features
  Multiclass multiclass = Multiclass::one_vs_rest;
  Loss loss = Loss::l2;
  double bias = 1;          ///< as in SolverOptions: bias^2 is added to the kernel. One-vs-one has a free one instead
  double tolerance = 1e-4;  ///< on gap / primal, of each column
  std::vector<double> positive_weights;  ///< [classes] factor on C of a class's rows where they are positive; empty: 1.
                                         ///< One-vs-one: of both classes' rows
  double max_seconds = 0;                ///< of each solve; columns not begun by then keep the last answer. 0: no limit
};

/// Bytes that a node holds for such a problem, beside what it reads.
[[nodiscard]] double shared_bytes(std::int64_t rows, std::int64_t dim, std::int64_t classes, const KernelOptions& how,
                                  int folds);

/// What is to be solved, before it is loaded.
struct ProblemSize {
  std::int64_t rows = 0, dim = 0, classes = 0;
  int folds = 0;
  bool rough_folds = false;              ///< they are for probabilities, which need no exact answers
  std::vector<double> C;                 ///< each is solved for, in features whose spread is 1; empty: 1
  std::vector<std::int64_t> class_rows;  ///< [classes]; empty: all have as many
  std::int64_t landmarks = 0;            ///< that are asked for (landmarks.hpp), of RBF; 0: none while all rows fit
  bool all_on_each_node = false;         ///< rows over landmarks: else the ranks hold them between them
};
/// Which solver, and why.
struct SolverChoice {
  bool gram = false;
  std::string why;                                ///< one line
  SolverMethod method = SolverMethod::automatic;  ///< for rows that are shared out, if that was chosen for its cost
  std::int64_t landmarks = 0;  ///< of the RBF kernel's rows, that are shared out; 0: the kernel is exact
};
/// By cost and memory. At a small C most rows have a dual variable, and columns over a kernel matrix are dear.
/// `most_bytes` a node; 0: two thirds of what its system has to give now. One-vs-rest of RBF takes landmarks where the
/// kernel matrix does not fit: 4096, or half as many as often as memory wants. Throws a usage Error if the kernel or
/// the method asks for what does not fit, and if rows that are shared out take more than there is. Collective; the same
/// on every rank.
[[nodiscard]] SolverChoice choose_solver(const Communicator& comm, const ProblemSize& size, const KernelOptions& how,
                                         SolverMethod wanted, double most_bytes);

/// Of the columns on all rows, or of all columns of folds.
struct KernelFit {
  std::vector<double> primal, gap;  ///< [columns]; of folds: [columns, folds]
  std::int64_t products = 0;        ///< most of a column, with rows of the matrix
  std::int64_t skipped = 0;         ///< columns whose answer for a smaller C is this one's, too
  double seconds = 0;
  bool converged = false;    ///< every column's relative gap is at most the tolerance
  bool out_of_time = false;  ///< max_seconds ended it first
  [[nodiscard]] double objective() const;
  [[nodiscard]] double relative_gap() const;  ///< of the sums
};

class KernelSolver {
 public:
  /// `comm` and `rows` must outlive it; `comm` is that of the rows. Makes the kernel matrix. Collective.
  KernelSolver(const Communicator& comm, const SharedRows& rows, KernelOptions options, int folds);
  ~KernelSolver();
  KernelSolver(const KernelSolver&) = delete;
  KernelSolver& operator=(const KernelSolver&) = delete;

  [[nodiscard]] std::int64_t columns() const;
  [[nodiscard]] const KernelOptions& options() const;
  void set_tolerance(double tolerance);
  /// All rows, from the last answer: call with ascending C. Collective; the same on every rank, and for any number of
  /// ranks. Throws usage Error unless C > 0.
  KernelFit solve(double C, const std::function<void(const SolverProgress&)>& progress = {});
  /// Each column without the rows of each fold, from all rows' answer. REQUIRES: solve() before. Collective.
  KernelFit solve_folds(const std::function<void(const SolverProgress&)>& progress = {});
  /// [columns, rows] of the last solve_folds(): what fits that never saw the row's fold say of it.
  [[nodiscard]] std::span<const float> held_out() const;
  /// The same as [rows, columns], of these rows.
  [[nodiscard]] std::vector<float> held_out_values(RowRange some) const;
  /// The same as scores [rows, classes]: the decision values, or votes (prediction.hpp). Of these rows.
  [[nodiscard]] std::vector<float> held_out_scores(RowRange some) const;
  /// [rows, classes] of the last solve(): what the fit of all rows says of these. REQUIRES: one-vs-rest.
  [[nodiscard]] std::vector<float> fitted_values(RowRange some) const;

  /// y a of each row: [classes, rows], or one-vs-one [classes - 1, rows] as LIBSVM has it (model.hpp).
  [[nodiscard]] std::span<const double> duals() const;
  [[nodiscard]] std::vector<double> intercepts() const;  ///< [columns]
  /// The linear classifier on raw features, in double, with the exact certificate in `fit`; solves on until it holds.
  /// REQUIRES: the linear kernel. Collective.
  [[nodiscard]] LinearClassifier linear_classifier(KernelFit& fit);

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace pool3
