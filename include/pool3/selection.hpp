#pragma once
// Choosing C, the kernel and gamma: cross-validated grid search, and the journal that lets it resume.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "pool3/evaluation/scoring.hpp"
#include "pool3/store/features.hpp"
#include "pool3/svm.hpp"
#include "pool3/svm/kernel_machine.hpp"

namespace pool3 {

/// The grid, and how its points are judged.
struct SearchOptions {
  std::vector<double> C;                            ///< the grid; sorted ascending before use
  bool linear = true;                               ///< each C with the linear kernel
  std::vector<Gamma> gammas;                        ///< each C with the RBF kernel of each of these, too
  Multiclass multiclass = Multiclass::one_vs_rest;  ///< of the RBF kernel
  bool gram = false;           ///< over one kernel matrix a node (choose_solver()); else rows are shared out in groups
  std::int64_t landmarks = 0;  ///< or, above 0, that stand for all rows of the RBF kernel; all rows are on each node
  int folds = 10;
  int groups = 0;           ///< groups of ranks that work on folds side by side; 0: as many as ranks, folds at most
  bool centering = true;    ///< centre and scale the features first
  std::uint64_t seed = 42;  ///< of the row order
  Scoring scoring = Scoring::accuracy;
  Choice choice = Choice::best;
  int most_extra = 0;    ///< values of C that may be tried beyond the grid, while the best is at its edge
  bool halving = false;  ///< first all points on a quarter of the rows; who is clearly worse there is dropped
  SolverOptions solver;
};

/// One point of the grid.
struct SearchPoint {
  Kernel kernel = Kernel::linear;
  double gamma = 0;  ///< of the RBF kernel, in standardised features
  double C = 0;
  std::vector<double> fold_accuracy;  ///< [folds]; -1 for a fold without rows
  double mean = 0;                    ///< over folds with rows
  double deviation = 0;               ///< standard deviation over the same folds
  std::vector<double> fold_scores;    ///< [folds] by the search's scoring; of a fold without rows not a number
  double score = 0;                   ///< their mean
  double relative_gap = 0;            ///< the worst of the groups
  std::int64_t epochs = 0;            ///< the most of the groups
  double seconds = 0;                 ///< the most of the groups
  bool dropped = false;               ///< by halving: all numbers are those of the sample
};

/// The same on every rank.
struct SearchResult {
  std::vector<SearchPoint> points;      ///< linear by ascending C, then RBF by ascending gamma and C
  std::size_t best = 0;                 ///< by scoring and choice; the simplest of equals
  std::vector<std::int64_t> fold_rows;  ///< [folds]
  int groups = 1;
  std::size_t remembered = 0;    ///< points taken from an earlier search
  std::int64_t sample_rows = 0;  ///< that halving looked at; 0: there was none, or too few rows for one
  Scoring scoring = Scoring::accuracy;
};

/// Whether the best point has the smallest or largest C that was tried with its kernel and gamma.
enum class GridEdge : std::uint8_t { none, smallest, largest };
/// REQUIRES: there are points.
[[nodiscard]] GridEdge edge_of_best(const SearchResult& result);

/// What the root's group is doing.
struct SearchProgress {
  Kernel kernel = Kernel::linear;
  double gamma = 0;
  double C = 0;
  std::size_t point = 0;  ///< of points
  std::size_t points = 0;
  SolverProgress solver;
};

/// What a search leaves to the one that resumes it, on as many ranks in as many groups.
struct SearchMemory {
  std::vector<SearchPoint> points;      ///< done earlier
  std::vector<std::int64_t> fold_rows;  ///< at that time; if the problem has others, all of this is ignored
  std::string state;                    ///< this rank's state after the last of those points, or "" on every rank
  /// Every rank calls this when a point is done, with all points so far and its own state.
  std::function<void(const SearchResult& so_far, const std::string& state)> keep;
};

/// Splits the ranks into groups; each group loads all training rows between its ranks through `load` (collective
/// over the group it is given; folds set) and solves its folds, all in one matrix. With `gram`, or landmarks, all ranks
/// are one group, columns or folds are their tasks, and the table is the same for any number of them. Collective; every
/// rank gets the result. Throws a collective Error for a bad grid or problem. With halving, a sample of the rows (by
/// their origin alone) says which points can't win (points_to_drop()); a resumed search finds the same again. Points in
/// `memory` are not computed again; with its state (of a group's rows, or of landmarks, which do without as well;
/// kernel matrices need none) the others are, to the last bit, what they would have been.
[[nodiscard]] SearchResult search_grid(const Communicator& comm,
                                       const std::function<Problem(const Communicator&)>& load,
                                       const SearchOptions& options,
                                       const std::function<void(const SearchProgress&)>& progress = {},
                                       const SearchMemory& memory = {});

/// Points whose fold scores are below those of the best by more than two standard errors of the difference, fold by
/// fold. The best one's neighbours in C and in gamma stay. [points] 1: dropped. Points are those of a grid in its
/// order.
[[nodiscard]] std::vector<std::uint8_t> points_to_drop(const std::vector<SearchPoint>& points, std::size_t best,
                                                       Scoring scoring);

/// Which search a table is of.
struct SearchedBy {
  Provenance features;
  std::string config;          ///< resolved configuration, JSON
  std::int64_t landmarks = 0;  ///< that stood for all rows of the RBF kernel; 0: it was exact
};

/// The table of a search as JSON: points that are done, and of which features, by which flags. See docs/format.md.
[[nodiscard]] std::string search_table(const SearchResult& result, const SearchedBy& by);

/// What a search keeps beside its table while it works, so that the same command resumes it. OUT.points is the table
/// of the points that are done, OUT.state-N-RANK what a rank's solver starts from after N of them. All members are
/// collective.
class SearchJournal {
 public:
  /// `out`: the table to make. `comm` must outlive the journal.
  SearchJournal(const Communicator& comm, std::string out, SearchedBy by);

  struct Found {
    SearchMemory memory;
    std::string note;  ///< why what is there does not count, or ""
  };
  /// What an earlier search of the same features and flags has left. That of another does not count: a table is cheap
  /// beside features. Every rank gets its own state, if that search had as many ranks.
  ///
  /// With `or_table` the finished table counts, too, if there is nothing else.
  [[nodiscard]] Found recall(bool or_table = false) const;
  /// Throws Error.
  void keep(const SearchResult& so_far, const std::string& state) const;
  /// Removes what is there, when the table and all that is made from it are done.
  static void remove(const Communicator& comm, const std::string& out);

 private:
  const Communicator& comm_;
  std::string out_;
  SearchedBy by_;
};

}  // namespace pool3
