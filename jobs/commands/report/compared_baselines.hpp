#pragma once
// Baselines as the page has them: beside the model that it is about.

#include <string>
#include <vector>

#include "pool3/report/catalogue_page.hpp"

namespace pool3::jobs {

/// The kinds of a table of baselines, and the model among them where the page or the table knows it. With judged rows
/// the table must be of these. Throws Error. Not collective; for the root, which has the judged rows.
[[nodiscard]] std::vector<ComparedClassifier> baselines_of_table(const std::string& path, const CataloguePage& page,
                                                                 const std::string& catalogue_hash);

/// Those that an evaluation (JSON) was given; none if it was given none. `path`: for its errors. Throws Error.
[[nodiscard]] std::vector<ComparedClassifier> baselines_of_evaluation(const std::string& json, const std::string& path,
                                                                      const CataloguePage& page);

}  // namespace pool3::jobs
