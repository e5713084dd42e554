#pragma once
// The table of a search as the page has it.

#include <nlohmann/json.hpp>
#include <string>

namespace pool3::report {

/// {scoring, folds, points: [{kernel, gamma, C, mean, deviation, error, folds: [...]}], best, simplest}: scores are
/// those of its scoring; `simplest` is the first within one standard error of the best. Throws Error.
[[nodiscard]] nlohmann::ordered_json search_for_page(const std::string& table);

}  // namespace pool3::report
