#pragma once
// What the page's script reads.

#include <nlohmann/json.hpp>

#include "pool3/report/catalogue_page.hpp"

namespace pool3::report {

/// All but pictures and map in one JSON object. Throws Error.
[[nodiscard]] nlohmann::ordered_json data_of(const CataloguePage& page);

/// {side, sheets: [base64 of JPEG], places: base64 of int16 (sheet, x, y, width, height) of each shown row}.
[[nodiscard]] nlohmann::ordered_json pictures_of(const CataloguePage& page, std::int64_t most_bytes);

/// JSON that may stand in an HTML script: no "<" in it.
[[nodiscard]] std::string script_json(const nlohmann::ordered_json& value);

}  // namespace pool3::report
