#pragma once
// What else a page shows: how all was made, a map, an audit, the numbers of a job, one picture in the network.

#include <string>
#include <utility>
#include <vector>

#include "pool3/report/catalogue_page.hpp"
#include "pool3/store/features.hpp"
#include "pool3/store/model.hpp"

namespace pool3::jobs {

using Facts = std::vector<std::pair<std::string, std::string>>;

// None of these is collective. All throw Error that names the file.

[[nodiscard]] Facts facts_of(const FeatureReader& reader);
[[nodiscard]] Facts facts_of(const Model& model);

/// The text of a JSON file of a few hundred MiB at most.
[[nodiscard]] std::string read_json(const std::string& path);
/// A map of this feature file.
[[nodiscard]] MapOfRows map_of(const std::string& path, const FeatureReader& reader);
/// The lines that each rank has written to the folder of --metrics, by rank.
[[nodiscard]] std::vector<std::string> metrics_of(const std::string& folder);
/// Features of a row, and, unless `weights` is empty, what the network's stages make of its picture.
[[nodiscard]] PictureStages stages_of(const FeatureReader& reader, Row row, const std::string& weights,
                                      const std::vector<std::string>& folders);

}  // namespace pool3::jobs
