#pragma once
// What else could have been done with the same pictures, rows and split: how a classifier's accuracy is put in place.

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pool3/baselines/softmax.hpp"
#include "pool3/evaluation.hpp"
#include "pool3/evaluation/measures.hpp"
#include "pool3/mpi.hpp"
#include "pool3/store/features.hpp"
#include "pool3/training.hpp"

namespace pool3 {

/// softmax: regression on the features. nearest: the nearest training row. centroid: the nearest mean of a class. hog,
/// cnn: of the pictures themselves.
enum class Baseline : std::uint8_t { softmax, nearest, centroid, hog, cnn };
inline constexpr std::array<std::string_view, 5> baseline_names = {"softmax", "nearest", "centroid", "hog", "cnn"};
[[nodiscard]] constexpr std::string_view to_string(Baseline b) {
  return baseline_names.at(static_cast<std::size_t>(b));
}
/// Throws usage Error.
[[nodiscard]] Baseline parse_baseline(std::string_view name);

/// Rows of both sides, this rank's share.
struct BaselineRows {
  Problem training;                      ///< floats, standardised; with folds if they were asked for
  std::vector<std::int64_t> class_rows;  ///< training rows of each class, of all ranks
  std::vector<Row> rows;                 ///< held out, rising
  std::vector<std::int32_t> truth;       ///< of these
  std::vector<float> x;                  ///< [rows, dim] of these, standardised as the training rows
};
/// Throws a collective Error: damage, fewer than two classes, nothing held out. Collective.
[[nodiscard]] BaselineRows load_baseline_rows(const Communicator& comm, const FeatureReader& reader, const Split& split,
                                              int folds, bool centering);

/// What a baseline says of this rank's held-out rows.
struct Verdicts {
  std::vector<std::int32_t> predicted;  ///< [rows]
  std::vector<float> probabilities;     ///< [rows, classes], or empty
  double model_bytes = 0;               ///< what it has to keep, its numbers as float32
};

/// A point of the search for C.
struct SoftmaxPoint {
  double C = 0;
  std::vector<double> fold_accuracy;  ///< [folds]; -1 of a fold without rows
  double mean = 0;                    ///< over folds with rows
};
/// What the search for C has found.
struct SoftmaxChoice {
  std::vector<SoftmaxPoint> points;  ///< by ascending C; none if there was one C
  double C = 0;                      ///< of the best mean, the smallest of equals
  SoftmaxFit fit;                    ///< on all rows
};
/// Cross-validates if there are several C, over folds as `search` has them. `search_tolerance`: of the folds.
/// Collective; the same on every rank.
[[nodiscard]] SoftmaxChoice choose_softmax(const Communicator& comm, const BaselineRows& rows, std::vector<double> C,
                                           int folds, double tolerance, double search_tolerance);
/// Of the fit on all rows. Not collective.
[[nodiscard]] Verdicts softmax_verdicts(const SoftmaxChoice& choice, const BaselineRows& rows);
/// The class of the nearest training row: exact Euclidean distances, of equals the first row. Collective.
[[nodiscard]] Verdicts nearest_verdicts(const Communicator& comm, const BaselineRows& rows);
/// The class with the nearest mean. Collective.
[[nodiscard]] Verdicts centroid_verdicts(const Communicator& comm, const BaselineRows& rows);

/// Side, in pixels, of the square pictures that baselines look at.
inline constexpr std::int64_t picture_side = 64;

/// The pictures of this rank's rows, squashed to picture_side: RGB, [rows, side, side, 3].
struct BaselinePictures {
  std::vector<std::uint8_t> training, held_out;
};
/// Reads them. `corpus`: a source in which pictures are found by their content, wherever they lie now; "": where the
/// feature file says. Throws a collective Error that names a picture which is missing, has changed or can't be decoded.
/// Collective.
[[nodiscard]] BaselinePictures load_baseline_pictures(const Communicator& comm, const FeatureReader& reader,
                                                      const BaselineRows& rows, const std::string& corpus);

/// Numbers of a descriptor: 7 x 7 blocks of 2 x 2 cells of 9 directions.
inline constexpr std::int64_t hog_size = 1764;
/// The histograms of oriented gradients (Dalal, Triggs 2005) of a grey picture [side, side]: cells of 8 x 8 pixels,
/// blocks of 16 x 16 at steps of 8 under a Gaussian, 9 unsigned directions, L2-Hys with 0.2. Numbers and order are
/// those of OpenCV's HOGDescriptor.
[[nodiscard]] std::vector<float> hog_descriptor(std::span<const std::uint8_t> grey);
/// The class of the training picture whose descriptor has the least sum of absolute differences. Collective.
[[nodiscard]] Verdicts hog_verdicts(const Communicator& comm, const BaselineRows& rows,
                                    const BaselinePictures& pictures);

/// After an epoch.
struct CnnProgress {
  std::int64_t epoch = 0;      ///< from 1
  double loss = 0;             ///< mean of the epoch
  double validation_loss = 0;  ///< of the training rows that are kept apart
  double validation_accuracy = 0;
};
struct CnnOptions {
  std::uint64_t seed = 42;
  std::int64_t epochs = 60;   ///< at most
  std::int64_t patience = 6;  ///< epochs without a lower validation loss, after which it ends
  std::string checkpoint;     ///< file that is written after each epoch and that it resumes from; "": none
  std::function<void(const CnnProgress&)> progress = {};
};
/// A small network (small_network.hpp) trained from nothing: Adam on batches of 128 pictures, flipped and shifted; a
/// tenth of the training rows is kept apart and says when to stop. Each rank holds all pictures and computes parts of
/// each batch; parts are added up as whole numbers, so the network is the same for any number of ranks but for
/// LibTorch's own rounding. Throws a collective Error. Collective.
[[nodiscard]] Verdicts cnn_verdicts(const Communicator& comm, const BaselineRows& rows,
                                    const BaselinePictures& pictures, const CnnOptions& options);

/// McNemar's test of two classifiers on the same rows.
struct PairedTest {
  std::int64_t only_first = 0, only_second = 0;  ///< rows that it alone has right
  /// That such a difference, or a larger one, comes by chance where both are equally good: exact, two-sided binomial.
  double p = 1;
};
/// [rows] each, the same rows in the same order. Not collective.
[[nodiscard]] PairedTest mcnemar(std::span<const std::int32_t> truth, std::span<const std::int32_t> first,
                                 std::span<const std::int32_t> second);
/// Its p, of rows that one of the two alone has right.
[[nodiscard]] double mcnemar_p(std::int64_t only_first, std::int64_t only_second);

/// A line of the table.
struct BaselineEntry {
  std::string kind;      ///< to_string(Baseline), or "svm" for the model
  std::string settings;  ///< all that its predictions depend on beside rows and split: JSON
  double accuracy = 0, balanced_accuracy = 0;
  Interval interval;               ///< of the accuracy
  std::optional<double> log_loss;  ///< where there are probabilities
  double seconds = 0, model_bytes = 0;
  std::optional<double> C;
  std::vector<SoftmaxPoint> search;
  std::vector<std::int32_t> predicted;  ///< [rows of the table]
  std::optional<PairedTest> paired;     ///< with the model first
};

/// What a file of baselines holds. The root alone has it.
struct BaselineTable {
  Provenance features;
  Split split;
  std::string config;  ///< resolved configuration, JSON
  std::vector<std::string> classes;
  std::int64_t training_rows = 0;
  std::vector<Row> rows;            ///< held out, rising
  std::vector<std::int32_t> truth;  ///< [rows]
  std::string model;                ///< path, or ""
  std::vector<BaselineEntry> entries;

  [[nodiscard]] const BaselineEntry* find(std::string_view kind) const;
  /// Puts an entry in the place of the one of its kind, or at the end.
  void put(BaselineEntry entry);
  /// Compares all with the entry "svm", if there is one.
  void compare();
  /// Compares all but that with what a model says of the rows: [rows].
  void compare_with(std::span<const std::int32_t> model_predicted);
};
/// As JSON (docs/format.md).
[[nodiscard]] std::string to_json(const BaselineTable& table);
/// The numbers of its entries alone, a JSON array: no rows, no predictions.
[[nodiscard]] std::string summary_json(const BaselineTable& table);
/// Reads such a file. Throws Error, also for values that can't be.
[[nodiscard]] BaselineTable read_baselines(const std::string& path);

/// Judges what was said of held-out rows. `predicted` and `truth` [rows] of this rank. Seconds, settings and the like
/// are the caller's. Collective; the root alone gets it.
[[nodiscard]] BaselineEntry judge(const Communicator& comm, const BaselineRows& rows,
                                  const std::vector<std::string>& classes, const Verdicts& said);
/// Numbers of this rank's held-out rows, of all ranks by rising row; the root alone gets them. Collective.
[[nodiscard]] std::vector<std::int64_t> by_row(const Communicator& comm, std::span<const Row> rows,
                                               const std::vector<std::int64_t>& values);

}  // namespace pool3
