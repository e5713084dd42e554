#pragma once
// The points of a grid, and what computes them.

#include <functional>

#include "pool3/selection.hpp"

namespace pool3::selection {

/// How far a search is with a point.
using ShowSolve = std::function<void(const SolverProgress&)>;

/// Computes points, in the order of the grid. All members are collective over all ranks.
class PointSolver {
 public:
  virtual ~PointSolver() = default;
  /// The grid, sorted: gammas are numbers.
  [[nodiscard]] virtual std::vector<SearchPoint> grid() const = 0;
  [[nodiscard]] virtual const std::vector<std::int64_t>& fold_rows() const = 0;
  [[nodiscard]] virtual int groups() const = 0;
  /// `point` is one of the grid without its results.
  [[nodiscard]] virtual SearchPoint compute(const SearchPoint& point, const ShowSolve& progress) = 0;
  /// Continues from what state() gave after the last point before.
  virtual void restore(const std::string& state) = 0;
  [[nodiscard]] virtual std::string state() const = 0;
};

using Load = std::function<Problem(const Communicator&)>;

}  // namespace pool3::selection
