#pragma once
// What a model says of rows, all of them on the root; and the training rows that lie near to some.

#include <string>
#include <vector>

#include "commands/model/evaluate_rows.hpp"
#include "pool3/report/catalogue_page.hpp"

namespace pool3::jobs {

struct JudgedCatalogue {
  RowChoice choice;
  Evaluation evaluation;
  Measures measures;              ///< root only
  std::vector<JudgedRow> rows;    ///< by row; root only
  std::int64_t unknown_rows = 0;  ///< left out, as the model does not know their class
};
/// `rows`: as in evaluate. Collective; throws a collective Error.
[[nodiscard]] JudgedCatalogue judge(const Communicator& comm, const FeatureReader& reader, const Model& model,
                                    const std::string& model_path, const std::string& rows);

/// What the nearest training rows of judged rows and of some training rows say. `near`: of both, of two or more rows
/// each. Copies of a training row are no other rows. Not collective.
[[nodiscard]] UnlikeRows count_unlike(const std::vector<JudgedRow>& judged, const std::vector<Row>& training,
                                      const std::vector<NearRows>& near);

/// The `top` training rows nearest to each of `rows`, which agree on all ranks. Collective; every rank gets the same.
[[nodiscard]] std::vector<NearRows> near_training_rows(const Communicator& comm, const FeatureReader& reader,
                                                       const Model& model, const std::string& model_path,
                                                       const std::vector<Row>& rows, std::int64_t top, int threads);

}  // namespace pool3::jobs
