#pragma once
// Which rows are evaluated, and what a model says of them.

#include <string>
#include <vector>

#include "pool3/evaluation/measures.hpp"
#include "pool3/mpi.hpp"
#include "pool3/store/features.hpp"
#include "pool3/store/model.hpp"
#include "pool3/training.hpp"

namespace pool3::jobs {

/// Rows to evaluate, in words and for the reader.
struct RowChoice {
  std::string name;  ///< "held-out", "training", "left-out" or "all"
  Side side = Side::test;
  Split split;              ///< unless all rows count
  bool other_file = false;  ///< the model was trained on another one
};
/// `wanted`: one of these names, or "". The model has seen a file of its own catalogue, also if the catalogue has
/// grown. Throws Error: no such name; rows of a split that is known for another file alone.
[[nodiscard]] RowChoice choose_rows(const FeatureReader& reader, const Model& model, const std::string& model_path,
                                    const std::string& wanted);

/// Of prediction sets, if nothing else is asked for.
inline constexpr double default_coverage = 0.95;

/// What this rank has found.
struct Findings {
  std::vector<std::int32_t> truth, predicted;
  std::vector<RowResult> results;
  std::vector<Row> rows;                      ///< of `lines`
  std::vector<std::string> lines;             ///< of the table of predictions, if it is wanted
  std::vector<std::int64_t> unknown_classes;  ///< rows of each class of the file that the model does not know
};
/// Judges this rank's rows. `coverage`: of prediction sets, of a model that knows these. Classes of the file are found
/// in the model by name. Collective; throws a collective Error.
[[nodiscard]] Findings judge_rows(const Communicator& comm, const FeatureReader& reader, const Model& model,
                                  const RowChoice& choice, double coverage, bool lines);

/// First line of the table of predictions.
[[nodiscard]] std::string predictions_header(const Model& model);
/// Writes the table: the header, then every rank's lines in order of rows. Collective.
void write_predictions(const Communicator& comm, const std::string& path, const std::string& header,
                       const Findings& found);

}  // namespace pool3::jobs
