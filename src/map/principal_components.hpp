#pragma once
// Principal components.

#include <vector>

#include "map/matrix.hpp"
#include "pool3/store/features.hpp"

namespace pool3::map {

/// The directions in which rows vary most, the most first.
struct Components {
  Eigen::RowVectorXf mean;  ///< [width]
  Matrix directions;        ///< [width, components]
};

/// Of these rows of a file, at most `most`: from their covariance; or, where rows have more than 4096 features, from
/// the products of some of them. The sign of each is such that its largest part is above 0. Throws Error.
[[nodiscard]] Components principal_components(const FeatureReader& reader, const std::vector<Row>& rows,
                                              std::int64_t most, int threads, const Show& show);

/// [rows, components] of these rows of a file.
[[nodiscard]] Matrix project(const FeatureReader& reader, const std::vector<Row>& rows, const Components& components,
                             int threads, const Show& show);

}  // namespace pool3::map
