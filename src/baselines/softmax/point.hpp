#pragma once
// Where the solver stands: weights, and what they say of this rank's rows.

#include <functional>

#include "baselines/softmax/matrix.hpp"
#include "pool3/mpi.hpp"

namespace pool3::baselines {

/// What is minimised, over the rows of all ranks.
struct CrossEntropy {
  const Communicator& comm;
  std::span<const std::int32_t> labels;  ///< [rows]
  Eigen::ArrayXf cost;                   ///< [rows] C; 0 of a row that does not count
  PerColumn closed;                      ///< [classes] 0, or -1e30 of a class without rows
};

/// Sets `p` to the probabilities of margins f [rows, classes], and returns the loss of the rows of all ranks. `f` and
/// `p` may be one. Collective.
[[nodiscard]] double probabilities(const CrossEntropy& loss, const Matrix& f, Matrix& p);

/// Weights [directions + 1, classes], the intercepts last, and where these lead.
struct Point {
  Matrix w;
  Matrix f, p;           ///< [rows, classes] margins and probabilities
  double objective = 0;  ///< without the constant that a step gets
};

/// The rows as a step sees them: all features, or the leading directions.
struct Space {
  View rows;  ///< [rows, directions]
  /// Sets the inverse of about the Hessian to what it makes of a gradient [directions + 1, classes].
  std::function<void(const Matrix& p, const CrossEntropy& loss)> prepare;
  std::function<Matrix(const Matrix& gradient)> precondition;
};

/// f = rows w + intercepts. Not collective.
[[nodiscard]] Matrix margins(const View& rows, const Matrix& w);
/// Gradient of the objective at a point. Collective.
[[nodiscard]] Matrix gradient(const CrossEntropy& loss, const View& rows, const Point& at);
/// Product of the Hessian with a direction. Collective.
[[nodiscard]] Matrix curved(const CrossEntropy& loss, const View& rows, const Point& at, const Matrix& direction);

struct StepOptions {
  double accuracy = 0.1;  ///< of the conjugate gradients, relative
  int most = 40;          ///< of their passes
  double constant = 0;    ///< part of the objective that does not change
};
/// A step of Newton's method from the gradient there, with line search. Returns the passes. Collective.
[[nodiscard]] int newton_step(const CrossEntropy& loss, const Space& space, const Matrix& gradient,
                              const StepOptions& options, Point& at);

}  // namespace pool3::baselines
