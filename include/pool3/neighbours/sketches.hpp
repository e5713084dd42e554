#pragma once
// Sketches of rows: a few bytes each, which say from below how far a row is from a query. Rows that can't be among the
// nearest need not be read, and the answer stays exact.

#include <cstdint>
#include <span>
#include <vector>

#include "pool3/neighbours.hpp"

namespace pool3 {

/// The directions in which rows of length 1 differ most. All in double: a bound must hold.
struct SketchBasis {
  std::int64_t width = 0, components = 0;
  std::vector<double> mean;        ///< [width]
  std::vector<double> directions;  ///< [components, width], orthonormal
  std::vector<float> steps;        ///< [components] what a code of 1 is worth
};
/// Principal components of the rows of `sample`, at most 128. A better sample makes a better basis; every one is exact.
/// Throws Error.
[[nodiscard]] SketchBasis sketch_basis(const RowsView& sample);
/// Rows that a sample needs no more than.
[[nodiscard]] std::int64_t sketch_sample_rows(std::int64_t width);

/// Sketches of rows, each divided by its length.
struct Sketches {
  std::vector<std::int8_t> codes;  ///< [rows, components] in steps
  std::vector<float> lost;         ///< [rows] how far the components lie from the codes, or more
  std::vector<float> rest;         ///< [rows] length of what no component has
  std::vector<double> lengths;     ///< [rows] of the row itself
  [[nodiscard]] std::int64_t rows() const { return static_cast<std::int64_t>(lengths.size()); }
};
/// In the order of the rows. The same for any number of threads.
[[nodiscard]] Sketches sketch(const SketchBasis& basis, const RowsView& rows, int threads);

/// For each sketch, a number that the distance of its row from `query` [width] is not below.
[[nodiscard]] std::vector<double> least_distances(const SketchBasis& basis, const Sketches& sketches,
                                                  std::span<const float> query, Metric metric);

}  // namespace pool3
