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

  /// Lowers the violation to a share of `enough` of it. Descent finds out which variables are at their limits; Newton
  /// steps of the others end it. Never goes up.
  void solve(double enough);
  [[nodiscard]] const Doubles& values() const { return v_; }
  /// The steepest slope that a variable can go down; with a fixed sum, half of that of a pair.
  [[nodiscard]] double violation() const;

 private:
  enum class Side : std::int8_t { low, between, high };
  using Sides = std::vector<Side>;

  [[nodiscard]] double level() const;
  [[nodiscard]] double slope(Eigen::Index i, double level) const;
  void move(Eigen::Index i, double step);
  void descend(double enough, std::int64_t most_steps);
  void descend_in_pairs(double enough, std::int64_t most_steps);
  /// Where all rows are alike: pairs, and single variables where these gain more.
  void descend_mixed(double enough, std::int64_t most_steps);
  [[nodiscard]] bool rows_are_alike() const;
  [[nodiscard]] Sides sides() const;
  [[nodiscard]] double move_to_limits(const Sides& sides);
  template <typename In>
  [[nodiscard]] Doubles newton_step(const std::vector<std::int32_t>& open, double sum) const;
  [[nodiscard]] bool update(Sides& sides) const;
  [[nodiscard]] bool newton(int most_steps);

  Matrix<Real> a_;
  Doubles low_, high_, v_, h_;
  bool keeps_sum_;
  double level_ = 0;  ///< slope of the variables between their limits after a Newton step
};

extern template class BoxProblem<float>;
extern template class BoxProblem<double>;

}  // namespace pool3::svm
