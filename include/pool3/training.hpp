#pragma once
// From a feature file to a model: which rows train, the fit, and the whole model with its certificate.

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pool3/mpi/traffic.hpp"
#include "pool3/partition/stratified.hpp"
#include "pool3/store/features.hpp"
#include "pool3/store/model.hpp"
#include "pool3/svm.hpp"
#include "pool3/svm/calibration.hpp"
#include "pool3/svm/kernel_machine.hpp"
#include "pool3/svm/landmarks.hpp"

namespace pool3 {

/// What says on which side a row is, and in which fold. by_key: its key alone, so a catalogue that grows moves no
/// picture, and copies stay together. stratified: each class gives its share (stratified.hpp), of rows that are done
/// and have a label, in the order of the file. folders: paths have a folder "train", "test" or the like. given: each
/// row has its side.
enum class SplitRule : std::uint8_t { by_key, stratified, folders, given };
[[nodiscard]] constexpr std::string_view to_string(SplitRule rule) {
  constexpr std::array<std::string_view, 4> names = {"key", "stratified", "folders", "given"};
  return names[static_cast<std::size_t>(rule)];
}

/// Which rows are held out, and which are in which fold.
struct Split {
  std::uint64_t seed = 42;
  double test_fraction = 0.2;
  SplitRule rule = SplitRule::by_key;
  /// [rows of the file] the fold of each, 0 or above, or -1: it trains in each fold. Empty: the rule says.
  std::vector<std::int32_t> folds_of_rows;
  bool folds_by_class = false;  ///< folds are stratified, whatever says who trains
  /// [rows of the file] which rows stay together, on one side and in one fold, or no_group. Empty: each is on its own.
  /// What is given, by folders or row by row, counts as it is.
  std::vector<GroupId> groups_of_rows;
  /// [rows of the file] if the rule is `given`.
  std::vector<RowSide> sides_of_rows;
};
/// The split that a model was trained on. `reader`: of that file, or of its catalogue as it has become. Throws Error:
/// the split is known for the very file alone, and this is another one. Not collective.
[[nodiscard]] Split split_of(const Model& model, const std::string& model_path, const FeatureReader& reader);
/// How many folds `folds_of_rows` has.
[[nodiscard]] int given_folds(const Split& split);

/// Which rows are asked for.
enum class Side : std::uint8_t { training, test, left_out, both };

/// Some rows of a file and what is in them.
struct LabelledRows {
  std::vector<Row> rows;
  std::vector<std::int32_t> labels;
  std::vector<ImageKey> keys;
  std::span<const float> features;  ///< [rows, width]
};

/// Calls `use` with the wanted rows (done, with a label, on `side`) of each of this rank's blocks. The blocks are dealt
/// out to the ranks of `comm` in turn, so that each rank gets rows of every class of a catalogue that comes sorted by
/// class. Holds one block. Collective; throws a collective Error on a table or a block that is damaged, or that `use`
/// throws.
void for_each_labelled_rows(const Communicator& comm, const FeatureReader& reader, const Split& split, Side side,
                            const std::function<void(const LabelledRows&)>& use);

/// Of each row of the file, whether it is done, has a label, and is on `side`. Reads no features. Not collective;
/// throws Error.
[[nodiscard]] std::vector<bool> rows_on_side(const FeatureReader& reader, const Split& split, Side side);

/// This rank's share of the training rows, with folds if `folds` > 0; a row that trains in each fold has the fold
/// `folds`, which no column leaves out. Rows of a float16 file stay halves, as they are stored. `row_weights`:
/// FILE[:DATASET], or "" for none; rows of weight 0 are left out. Collective.
[[nodiscard]] Problem load_training_rows(const Communicator& comm, const FeatureReader& reader, const Split& split,
                                         int folds, const std::string& row_weights);

/// Rows of each class on a side, over all ranks. Reads no features. Collective.
[[nodiscard]] std::vector<std::int64_t> count_rows(const Communicator& comm, const FeatureReader& reader,
                                                   const Split& split, Side side, const std::string& row_weights = {});
/// Those that train. Collective.
[[nodiscard]] std::vector<std::int64_t> count_training_rows(const Communicator& comm, const FeatureReader& reader,
                                                            const Split& split, const std::string& row_weights);

/// Throws a collective Error if fewer than two classes have training rows: which rows the split has taken, why, and
/// what to do. `class_rows`: those that train, the same on every rank. Collective.
void check_training_classes(const Communicator& comm, const FeatureReader& reader, const Split& split,
                            const std::vector<std::int64_t>& class_rows);
/// Throws a collective Error if one fold has all training rows, so that a fit without it has none. `folds` of the
/// problem, at least 2. Collective.
void check_folds(const Communicator& comm, const Problem& problem, const Split& split, int folds);
/// Why nothing is held out, and what to do. Not collective; throws Error.
[[nodiscard]] Error no_held_out_rows(const FeatureReader& reader, const Split& split);

/// The side of each row whose path has a folder of such a name, the first below the folder that all rows share; others
/// are left out. If no row is in a test folder, those that validate are held out. Empty: there are no rows on one of
/// both sides. Not collective; throws Error.
[[nodiscard]] std::vector<RowSide> sides_by_folder(const FeatureReader& reader);

/// What a model keeps of its split: the sides, folds of the probabilities if `folds` > 0, and of the search that chose
/// C if `search_folds` > 0. Rows that are not done, have no label or train with the weight 0 are left out. Not
/// collective; throws Error. REQUIRES: at most most_folds.
[[nodiscard]] SplitTable split_table(const FeatureReader& reader, const Split& split, int folds, int search_folds,
                                     const std::string& row_weights);
/// Folds, at most, that a model keeps.
inline constexpr int most_folds = 1000;

/// What a user should know of these folds, a line each: folds without rows, classes with fewer rows than folds. `folds`
/// of the problem. Collective; the same on every rank.
[[nodiscard]] std::vector<std::string> fold_notes(const Communicator& comm, const Problem& problem,
                                                  const std::vector<std::string>& classes, int folds);

/// What a user should know if one of so many folds of the probabilities has all training rows; else "". Not collective;
/// throws Error.
[[nodiscard]] std::string full_fold_note(const FeatureReader& reader, const Split& split, int folds,
                                         const std::string& row_weights);

/// What is fitted: the kernel, and which columns.
struct KernelChoice {
  Kernel kernel = Kernel::linear;
  Gamma gamma;  ///< in standardised features
  Multiclass multiclass = Multiclass::one_vs_rest;
  double max_memory_bytes = 0;  ///< of a kernel matrix and what is beside it, a node; 0: two thirds of what is free
  std::int64_t landmarks = 0;   ///< that stand for all rows, of RBF; 0: none while all rows fit
};

/// How to train.
struct TrainingOptions {
  double C = 1;  ///< cost of errors, in standardised features
  KernelChoice kernel;
  SolverOptions solver;  ///< but seed and positive weights, which follow from split and `balanced`
  Split split;
  bool centering = true;      ///< centre and scale the features first
  bool balanced = false;      ///< errors on rare classes cost more
  std::string row_weights;    ///< FILE[:DATASET], or ""
  int probability_folds = 5;  ///< folds that probabilities are calibrated with; 0: none
  int search_folds = 0;       ///< of the search that chose C, for the model's table of its split; 0: none
};
/// Throws usage Error.
void check(const TrainingOptions& options);
/// Throws a usage Error unless 0 < C <= 1e12: beyond, the loss of one row is more than floats can tell from the rest.
void check_C(double C);
/// The solver's options for so many training rows of each class.
[[nodiscard]] SolverOptions solver_options(const TrainingOptions& options, const std::vector<std::int64_t>& class_rows);

/// The kernel's own part of the solver's options.
[[nodiscard]] KernelOptions kernel_options(const KernelChoice& choice, const SolverOptions& solver);

/// What a C in features as they are counts times in standardised ones: the mean of |x - mean|^2, of some hundred rows
/// that are spread over the file; 1 if they are all the same. Not collective; throws Error.
[[nodiscard]] double spread_of(const FeatureReader& reader);

/// The training rows, ready for the solver: this rank's share, or all of them on each node.
struct TrainingSet {
  Problem problem;                       ///< checked, standardised, in random order; without rows if there is `shared`
  std::shared_ptr<SharedRows> shared;    ///< or none
  Landmarks landmarks;                   ///< of RBF, if `problem` is over them; or none
  std::shared_ptr<LandmarkMap> map;      ///< that made it; or none
  SolverChoice solver;                   ///< which of both, and why
  Standardisation standardisation;       ///< what was done to the features
  std::vector<std::int64_t> class_rows;  ///< of all ranks
  [[nodiscard]] std::int64_t rows() const;  ///< of all ranks
};
/// Collective; throws a collective Error.
[[nodiscard]] TrainingSet load_training_set(const Communicator& comm, const FeatureReader& reader,
                                            const TrainingOptions& options);

using ShowProgress = std::function<void(const SolverProgress&)>;

/// Every column on all rows, and what that took this rank.
struct ClassFit {
  Fit fit;  ///< without weights, if there is `kernel`
  Traffic spent;
  LinearClassifier classifier;           ///< on raw features; of the linear kernel
  std::shared_ptr<KernelSolver> kernel;  ///< that made it from the set's shared rows; or none
  std::shared_ptr<Solver> by_rows;       ///< that made it from the set's own rows; or none. Folds start from it
  std::int64_t landmarks = 0;            ///< that the answer is over; 0: it is exact
};
/// Collective.
[[nodiscard]] ClassFit fit_classes(const Communicator& comm, const TrainingSet& set, const TrainingOptions& options,
                                   const ShowProgress& progress = {});
/// What fits that never saw the fold of a row say of it.
struct HeldOutRows {
  std::vector<Row> rows;             ///< of the file; this rank's share, those that train in each fold left out
  std::vector<std::int32_t> labels;  ///< [rows]
  std::vector<std::int32_t> folds;   ///< [rows]
  std::vector<float> values;         ///< [rows, columns] decision values
};
/// `solved` is what fit_classes() gave for the set. REQUIRES: probability_folds. Collective.
[[nodiscard]] HeldOutRows held_out_rows(const Communicator& comm, const TrainingSet& set,
                                        const TrainingOptions& options, const ClassFit& solved,
                                        const ShowProgress& progress = {});
/// The probabilities that go with them. Collective; the same on every rank.
[[nodiscard]] Calibration calibrate(const Communicator& comm, const HeldOutRows& rows, const KernelChoice& kernel,
                                    std::int32_t classes);
/// Probabilities from scores that each come from a fit without the row's fold; none if there are no folds. `solved` is
/// what fit_classes() gave for the set. Collective.
[[nodiscard]] Calibration fit_probabilities(const Communicator& comm, const TrainingSet& set,
                                            const TrainingOptions& options, const ClassFit& solved,
                                            const ShowProgress& progress = {});

/// The whole model, as it is written; the support vectors are on the first rank alone. `config`: resolved
/// configuration, JSON. Collective.
[[nodiscard]] Model make_model(const Communicator& comm, const FeatureReader& reader, const TrainingSet& set,
                               const TrainingOptions& options, const ClassFit& solved, const Calibration& calibration,
                               const std::string& config);
/// The model's certificate with what it took, JSON. It is no part of the model, whose bytes tell nothing of the
/// machine's speed. Bytes and calls are those of this rank. Over landmarks it is of the approximated problem.
[[nodiscard]] std::string certificate_json(const Model& model, const ClassFit& fit, int ranks);

}  // namespace pool3
