#pragma once
// The page on a whole catalogue and its model: one HTML file that opens from disk and asks for nothing.

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pool3/evaluation.hpp"
#include "pool3/evaluation/measures.hpp"
#include "pool3/image.hpp"
#include "pool3/types.hpp"

namespace pool3 {

/// What a model says of a row. Plain data.
struct JudgedRow {
  Row row = 0;
  std::int32_t truth = 0, predicted = 0;
  double confidence = std::numeric_limits<double>::quiet_NaN();  ///< of the predicted class; not a number: none
  double of_truth = std::numeric_limits<double>::quiet_NaN();    ///< the same for the true class
};

/// Rows that a page has pictures of: all of a small catalogue, else errors and examples of each class.
struct RowBudget {
  std::int64_t all_up_to = 10'000;  ///< rows of the file, all of which are shown
  std::int64_t most = 9'000;        ///< that are shown of a larger one
  std::int64_t examples = 12;       ///< of each class, if that is not too many
  std::int64_t of_a_pair = 8;       ///< errors of one pair of classes that come before others
};
/// Ascending. `usable`: rows of the file that are done. `labels`: [rows of the file].
[[nodiscard]] std::vector<Row> rows_to_show(std::span<const std::int32_t> labels, std::span<const Row> usable,
                                            std::span<const JudgedRow> judged, const RowBudget& budget = {});

/// Rows of an audit (JSON, as `pool3 audit` writes it) of which a page should have pictures: those of the first
/// findings of each list, and what they are copies of. Throws Error.
[[nodiscard]] std::vector<Row> rows_of_audit(const std::string& audit);

/// A row of the page.
struct ShownRow {
  Row row = 0;
  std::string path;
  std::int32_t label = -1;  ///< of the page's classes
  Image thumbnail;          ///< empty: it can't be had
};

/// A row and how near another is.
struct NearRow {
  Row row = 0;
  double similarity = 0;  ///< cosine
};
/// Training rows that lie near to a row.
struct NearRows {
  Row row = 0;
  std::vector<NearRow> near;
};

/// Judged rows, or some of them, by whether the nearest training row is farther than what is usual between these.
struct UnlikeRows {
  double usual_distance = 0;  ///< cosine; of 95 in 100 training rows the nearest other one is no farther
  std::int64_t asked = 0, unlike = 0;
  std::int64_t right_of_unlike = 0, right_of_others = 0;
};

/// Where the rows of a map lie.
struct MapOfRows {
  std::vector<std::array<float, 2>> positions;  ///< not a number: not placed
  std::vector<Row> rows;
  std::vector<std::pair<std::string, std::string>> facts;
};

/// What the network makes of one picture.
struct PictureStages {
  Row row = -1;
  std::vector<std::string> names, captions;  ///< of the pictures
  std::vector<std::string> pngs;
  std::vector<float> feature;
};

/// Another classifier on the judged rows, or the model ("svm") among them.
struct ComparedClassifier {
  std::string kind;  ///< as pool3 baseline names it
  double accuracy = 0, balanced_accuracy = 0;
  Interval interval;  ///< of the accuracy
  std::optional<double> log_loss, seconds, model_bytes;
  /// McNemar's test with the model: rows that one of both alone has right.
  struct Paired {
    std::int64_t only_model = 0, only_this = 0;
    double p = 1;
  };
  std::optional<Paired> paired;
};

/// All that a page shows. What is empty is left out of it.
struct CataloguePage {
  std::string title;
  std::vector<std::pair<std::string, std::string>> facts;  ///< how all was made, in the order of the page
  std::vector<std::string> notes;                          ///< what a reader must know first
  std::string command, config;                             ///< config: JSON
  bool imported = false;                                   ///< the features are another program's

  std::vector<std::string> classes;
  std::vector<std::int64_t> class_rows;  ///< [classes] of the catalogue
  std::int64_t rows = 0, labelled = 0;
  std::vector<std::pair<std::string, std::int64_t>> failures;  ///< rows by kind

  std::string rows_are;  ///< "held-out", "training" or "all"
  std::optional<Evaluation> evaluation;
  Measures measures;
  std::vector<JudgedRow> judged;  ///< by row

  std::vector<std::int32_t> labels;  ///< [rows] of the page's classes; for the map
  std::vector<ShownRow> shown;       ///< by row
  std::int64_t thumbnail_side = 48;
  std::vector<NearRows> near;
  std::optional<UnlikeRows> unlike;

  std::vector<ComparedClassifier> baselines;
  std::optional<MapOfRows> map;
  std::optional<PictureStages> picture;
  std::string search;                ///< table of a search, JSON
  std::string audit;                 ///< its lists, JSON
  std::string extra;                 ///< the evaluation's own JSON
  std::vector<std::string> metrics;  ///< lines of JSON of each rank
};

/// The page as HTML, below 20 MB. Throws Error: a table is not what it should be.
[[nodiscard]] std::string html_of(const CataloguePage& page);

}  // namespace pool3
