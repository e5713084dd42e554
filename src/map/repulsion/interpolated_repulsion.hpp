#pragma once
// Repulsion through a grid: FIt-SNE's interpolation (Linderman and others, 2019). Costs grow with the points, not with
// their square.

#include <memory>

#include "map/plane.hpp"

namespace pool3::map {

/// Three nodes a direction in each of at least 50 x 50 boxes, of width 1 or less unless the points lie more than 512
/// apart; convolved by Fourier transforms. The same for any number of threads.
class InterpolatedRepulsion {
 public:
  explicit InterpolatedRepulsion(int threads);
  ~InterpolatedRepulsion();
  InterpolatedRepulsion(const InterpolatedRepulsion&) = delete;
  InterpolatedRepulsion& operator=(const InterpolatedRepulsion&) = delete;

  [[nodiscard]] Repulsion operator()(const Plane& points);

 private:
  struct Grid;
  int threads_;
  std::unique_ptr<Grid> grid_;  ///< that of the last call: kept while it has the right size
};

}  // namespace pool3::map
