#pragma once
// Exact nearest neighbours among rows of a matrix, by Euclid's distance.

#include <vector>

#include "map/matrix.hpp"

namespace pool3::map {

/// The k nearest rows of each query, the nearest first; of equal ones, the first row.
struct Neighbours {
  std::int64_t k = 0;
  std::vector<std::int32_t> rows;  ///< [queries, k]
  std::vector<float> squares;      ///< [queries, k] squared distances
};

/// Of `queries` [q, width] among `rows` [n, width]. With `same`, query i is row i and no neighbour of itself.
/// REQUIRES: k rows, or k + 1 with `same`. The same for any number of threads.
enum class Queries : bool { others, same };
[[nodiscard]] Neighbours nearest_rows(const Matrix& queries, const Matrix& rows, std::int64_t k, Queries which,
                                      int threads, const Show& show = {});

}  // namespace pool3::map
