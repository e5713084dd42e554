#pragma once
// The one-vs-rest linear SVM, with a certificate: a distributed solver that goes from dual coordinate descent to
// Newton's method (docs/solver.md).
//
// Column j of the problem (class against the rest, possibly without the rows of one fold), w with bias appended:
//   primal  P(w) = 1/2 |w|^2 + sum_i C_i xi_i^p,   xi_i = max(0, 1 - y_i f_i),   p = 1 (L1 loss) or 2 (L2 loss)
//   dual    D(a) = sum_i a_i - 1/2 |w(a)|^2 - 1/2 sum_i D_i a_i^2,   w(a) = sum_i a_i y_i x_i

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pool3/mpi.hpp"

namespace pool3 {

namespace svm {
struct Stages;
}

/// x' = (x - mean) / scale.
struct Standardisation {
  std::vector<double> mean;  ///< [dim]; empty means no centring
  double scale = 1;
};

/// This rank's share of the training rows. The features are changed in place by standardise() and shuffle_rows().
struct Problem {
  std::int64_t rows = 0;
  std::int64_t dim = 0;
  std::int32_t classes = 0;
  std::vector<float> x;               ///< [rows, dim] row-major; or empty, and then there are
  std::span<const float> lent;        ///< [rows, dim] that another holds, and nobody changes; or
  std::vector<std::uint16_t> halves;  ///< [rows, dim] float16, which become floats some rows at a time, and
  Standardisation of_halves;          ///< standardised then
  std::vector<std::int32_t> labels;   ///< [rows] in [0, classes)
  std::vector<std::int32_t> folds;    ///< [rows], or empty if no column excludes a fold
  std::vector<float> weights;         ///< [rows] factor on C of each row, above 0; or empty: all 1
  std::vector<std::int64_t> origin;   ///< [rows] where each row came from, for messages; or empty
};

/// Throws a collective Error if there are no rows, fewer than two classes with rows, or a feature that is NaN or
/// infinite; then it names the first such rows. Collective.
void check_problem(const Communicator& comm, const Problem& problem);
/// Rows of each class over all ranks. Collective.
[[nodiscard]] std::vector<std::int64_t> class_counts(const Communicator& comm, const Problem& problem);
/// Centres and scales in place so that the mean of |x|^2 over all rows is 1; halves stay, and become such floats. Mean
/// and scale are those of floats. It looks at no label, so it may be done once for all folds. Collective.
[[nodiscard]] Standardisation standardise(const Communicator& comm, Problem& problem);
/// Puts the rows of this rank in a random order, in place. Blocks of the solver are runs of rows, and a catalogue
/// comes sorted by class. Not collective.
void shuffle_rows(Problem& problem, std::uint64_t seed);

/// The hinge max(0, 1 - y f), and its square.
enum class Loss : std::uint8_t { l1, l2 };

/// One binary problem: the rows of `positive_class` against all others, leaving out the rows of `excluded_fold`.
struct Column {
  std::int32_t positive_class = 0;
  std::int32_t excluded_fold = -1;
};

/// descent and newton: that method alone, on rows that the ranks hold between them. gram: columns over one kernel
/// matrix a node (kernel_machine.hpp), which Solver knows nothing of.
enum class SolverMethod : std::uint8_t { automatic, descent, newton, gram };

/// How columns are solved, but for C.
struct SolverOptions {
  SolverMethod method = SolverMethod::automatic;
  Loss loss = Loss::l2;
  double bias = 1;          ///< value of the appended feature; 0 for no bias. It is regularised, as LIBLINEAR's -B
  double tolerance = 1e-4;  ///< on the duality gap relative to the primal, both summed over the columns
  std::int64_t max_epochs = 2000;
  double max_seconds = 0;                ///< of each solve; 0: no limit. The answer then depends on the machine's speed
  std::uint64_t seed = 42;               ///< of the row order
  std::vector<double> positive_weights;  ///< [classes] factor on C of a column's positives (LIBLINEAR's -w); empty: 1
  int threads = 1;                       ///< of the matrix products
};

/// Progress of a solve, once an epoch. `gap` is an estimate until the end.
struct SolverProgress {
  std::int64_t epoch = 0;
  double gap = 0;
  double tolerance = 0;
};

/// The answer for m columns.
struct Fit {
  std::int64_t columns = 0;
  std::int64_t dim = 0;
  std::vector<double> w;          ///< [dim, columns] row-major, in standardised features; the same on every rank
  std::vector<double> intercept;  ///< [columns]: bias * its weight
  // The certificate, exact at this w (sums in double).
  std::vector<double> primal;  ///< [columns]
  std::vector<double> gap;     ///< [columns] duality gap, >= 0
  std::int64_t epochs = 0;
  double seconds = 0;
  std::int64_t bytes_sent = 0;  ///< by this rank
  bool converged = false;       ///< relative gap <= tolerance
  bool out_of_time = false;     ///< max_seconds ended it first
  [[nodiscard]] double objective() const;
  [[nodiscard]] double relative_gap() const;
};

/// Solves columns that share one matrix. The ranks of `comm` hold the rows between them.
class Solver {
 public:
  /// Collective. `comm` and `problem` must outlive the solver.
  /// Throws usage Error for tolerance, bias or weights out of range.
  Solver(const Communicator& comm, const Problem& problem, const std::vector<Column>& columns,
         const SolverOptions& options);
  /// The same with stages left out, to measure what they are worth (bench/ablation). They are behind the door.
  Solver(const Communicator& comm, const Problem& problem, const std::vector<Column>& columns,
         const SolverOptions& options, const svm::Stages& stages);
  ~Solver();
  Solver(const Solver&) = delete;
  Solver& operator=(const Solver&) = delete;

  /// Solves for this C, starting from the last answer: call with ascending C. Collective; the answer is the same on
  /// every rank, and the same again for the same number of ranks. Throws usage Error unless C > 0.
  Fit solve(double C, const std::function<void(const SolverProgress&)>& progress = {});

  /// What is found of the rows alone is found once for both: the eigenbasis. REQUIRES: `other` has the same rows. Not
  /// collective.
  void share_with(const Solver& other);

  /// The next solve() starts near the last answer of `all`, whose columns leave out no fold: each column from that of
  /// its class, without its fold's rows. Of the hinge, and with descent alone, from nothing. REQUIRES: `all` has the
  /// same rows, and a column for each class. Not collective.
  void start_from(const Solver& all);

  /// All that this rank's next solve() starts from. About as large as the dual variables: 4 bytes for each row
  /// and column. Not collective.
  [[nodiscard]] std::string state() const;
  /// Resumes from what state() returned on this rank, with as many ranks, for this problem and these columns: the next
  /// solve() then gives the same bits. Every rank must call this, or none. Throws Error if the sizes differ.
  void restore(std::string_view state);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Scores [rows, columns] of this rank's rows. Not collective.
[[nodiscard]] std::vector<float> decision_values(const Problem& problem, const Fit& fit, int threads = 1);
/// Scores [rows, classes] of this rank's rows, each from the columns that left its fold out: what a model that
/// never saw the row says. REQUIRES: for each fold of a row, one column per class. Rows of other folds get 0.
[[nodiscard]] std::vector<float> held_out_scores(const Problem& problem, const Fit& fit,
                                                 const std::vector<Column>& columns, int threads = 1);

/// A classifier on raw features: score_k = dot(coef_k, x) + intercept_k.
struct LinearClassifier {
  std::vector<double> coef;       ///< [classes, dim]
  std::vector<double> intercept;  ///< [classes]
};
/// Folds the standardisation into the first `classes` columns of a fit.
[[nodiscard]] LinearClassifier unfold(const Fit& fit, const Standardisation& standardisation, std::int32_t classes);
/// Scores [rows, classes] of raw features [rows, dim]. Sums in double. Not collective.
[[nodiscard]] std::vector<double> score_rows(std::span<const double> coef, std::span<const double> intercept,
                                             std::span<const float> x);

/// Platt's sigmoid P(k | score) = 1 / (1 + exp(a score + b)) for each class.
struct Sigmoids {
  std::vector<double> a, b;  ///< [classes]; a is never above 0
  bool operator==(const Sigmoids&) const = default;
};
/// Fits sigmoids to held-out scores [rows, classes] (Lin, Lin, Weng 2007: Newton with backtracking, targets
/// (N+ + 1)/(N+ + 2) and 1/(N- + 2)). Where probabilities would fall with scores, the sigmoid is the class's share
/// whatever the score: a is 0. Collective; the same answer on every rank.
[[nodiscard]] Sigmoids fit_sigmoids(const Communicator& comm, std::span<const float> scores,
                                    std::span<const std::int32_t> labels, std::int32_t classes);

}  // namespace pool3
