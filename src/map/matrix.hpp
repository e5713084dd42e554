#pragma once
// Matrices of rows, and a few words that all files here use.

#include <Eigen/Core>
#include <cstdint>
#include <functional>

#include "pool3/types.hpp"

namespace pool3::map {

/// [rows, columns] row-major.
using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using View = Eigen::Map<const Matrix>;

/// Called with what is done, of how many.
using Show = std::function<void(std::int64_t done, std::int64_t total)>;

}  // namespace pool3::map
