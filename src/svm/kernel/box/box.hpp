#pragma once
// The state of a dual on a working set: some hundred variables in a box, and perhaps a sum that must not change.

#include "svm/algebra/matrix.hpp"

namespace pool3::svm {

/// min 1/2 v^T A v + ... over low <= v <= high, A positive semidefinite. The gradient h is kept with v.
/// With `keeps_sum`, the sum of v stays what it is (LIBSVM's free bias).
template <typename Real>
struct Box {
  Matrix<Real> a;
  Vector<double> low, high, v, h;
  bool keeps_sum = false;

  [[nodiscard]] Eigen::Index size() const { return v.size(); }
  /// With a fixed sum, the middle between the steepest rise and the steepest fall; else 0.
  [[nodiscard]] double level() const;
  /// The slope of a variable that can go down it; else 0.
  [[nodiscard]] double slope(Eigen::Index i, double level) const;
  /// The steepest slope that a variable can go down; with a fixed sum, half of that of a pair.
  [[nodiscard]] double violation() const;
  /// v_i += step.
  void move(Eigen::Index i, double step);
  /// v_i = to, to the last bit: limits are met.
  void move_to(Eigen::Index i, double to);
};

extern template struct Box<float>;
extern template struct Box<double>;

}  // namespace pool3::svm
