#pragma once
// Rows of length 1, and their parts along the directions of a basis.

#include <vector>

#include "pool3/neighbours/sketches.hpp"

namespace pool3::neighbours {

/// Rows divided by their lengths, [rows, width], and these. A row of zeros stays one.
[[nodiscard]] std::vector<double> unit_rows(const RowsView& rows, std::vector<double>& lengths);
/// Of centred rows [n, width]: [n, components].
[[nodiscard]] std::vector<double> project(const SketchBasis& basis, const std::vector<double>& rows);

}  // namespace pool3::neighbours
