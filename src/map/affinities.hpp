#pragma once
// How much rows have to do with each other: Gaussian weights of their nearest neighbours.

#include <span>
#include <vector>

#include "map/exact_neighbours.hpp"

namespace pool3::map {

/// A symmetric sparse matrix: row i has the columns [begin[i], begin[i + 1]), rising. All values sum to 1.
struct Affinities {
  std::vector<std::int64_t> begin;    ///< [n + 1]
  std::vector<std::int32_t> columns;  ///< of each value
  std::vector<float> values;
  [[nodiscard]] std::int64_t rows() const { return static_cast<std::int64_t>(begin.size()) - 1; }
};

/// Weights of one row's neighbours, which sum to 1, such that their entropy is that of `perplexity` equal ones.
/// `squares`: squared distances, rising. Where so many are alike, none can be: all are equal.
[[nodiscard]] std::vector<double> gaussian_weights(std::span<const float> squares, double perplexity);

/// (w(i, j) + w(j, i)) / 2n of the neighbours among `n` rows.
[[nodiscard]] Affinities affinities(const Neighbours& neighbours, double perplexity, int threads);

}  // namespace pool3::map
