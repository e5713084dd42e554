#pragma once
// The dual of a column on a working set: some hundred variables in a box, and perhaps a sum that must not change.

#include <cstdint>
#include <vector>

#include "svm/algebra/matrix.hpp"

namespace pool3::svm {

/// min 1/2 v^T A v + ... over low <= v <= high, A positive semidefinite. The gradient h is kept with v.
/// With `keeps_sum`, the sum of v stays what it is (LIBSVM's free bias).
template <typename Real>
class BoxProblem {
 public:
  using Doubles = Vector<double>;
  BoxProblem(Matrix<Real> a, Doubles low, Doubles high, Doubles v, Doubles h, bool keeps_sum);

  /// Coordinate descent, or with a fixed sum steps of pairs: finds out which variables are at their limits.
  void descend(std::int64_t most_passes);
  /// Newton steps of the variables between their limits, by Cholesky, until what is left of the violation is a share of
  /// `enough` of it, or `most` factorisations.
  void newton(double enough, int most);
  [[nodiscard]] const Doubles& values() const { return v_; }
  /// How far the most wrong variable could lower the objective's slope; with a fixed sum, half of the most wrong
  /// pair's.
  [[nodiscard]] double violation() const;

 private:
  using Places = std::vector<std::int32_t>;
  [[nodiscard]] bool can_rise(Eigen::Index i) const { return v_[i] < high_[i]; }
  [[nodiscard]] bool can_fall(Eigen::Index i) const { return v_[i] > low_[i]; }
  /// Where the slope would be 0 if the sum must not change.
  [[nodiscard]] double level() const;
  [[nodiscard]] double slope(Eigen::Index i, double level) const;
  void move(Eigen::Index i, double step);
  void descend_singly(std::int64_t most_passes);
  void descend_in_pairs(std::int64_t most_steps);
  [[nodiscard]] Places open_places(double level) const;
  template <typename In>
  [[nodiscard]] Doubles newton_step(const Places& open) const;
  [[nodiscard]] bool take(const Places& open, const Doubles& step);
  void move_along(const Places& open, const Doubles& step);

  Matrix<Real> a_;
  Doubles low_, high_, v_, h_;
  bool keeps_sum_;
};

extern template class BoxProblem<float>;
extern template class BoxProblem<double>;

}  // namespace pool3::svm
