#pragma once
// Matrices of the baselines: row-major, products by BLAS.

#include <Eigen/Core>
#include <span>

#include "pool3/types.hpp"

namespace pool3::baselines {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using View = Eigen::Map<const Matrix>;
/// A number for each column.
using PerColumn = Eigen::Array<float, 1, Eigen::Dynamic>;

[[nodiscard]] inline std::span<float> numbers(Matrix& of) { return {of.data(), static_cast<std::size_t>(of.size())}; }
/// a . b, in double.
[[nodiscard]] double dot(const Matrix& a, const Matrix& b);

}  // namespace pool3::baselines
