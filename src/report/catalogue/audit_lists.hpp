#pragma once
// The lists of an audit as the page has them.

#include <nlohmann/json.hpp>
#include <string>

namespace pool3::report {

/// {lists: [{name, total, findings: [{row, path, label, ...}]}], notes}: the first findings of each list, texts as they
/// may be shown. Throws Error.
[[nodiscard]] nlohmann::ordered_json audit_for_page(const std::string& audit);

}  // namespace pool3::report
