#pragma once
// The step length of each column along its direction.

#include <functional>

#include "svm/model/columns.hpp"

namespace pool3::svm {

/// Derivatives of the loss along a direction, over the rows of all ranks: [width].
struct LossSlopes {
  std::vector<double> slope, curve;
};

/// The zero of the derivative of P along the direction, for each column: Newton's method on a piecewise linear
/// function, kept inside a bracket. `vd` and `dd` [width]: v . d and d . d; `loss_slopes` gives the derivatives of the
/// loss at step lengths t. Collective, as `loss_slopes` is.
[[nodiscard]] std::vector<double> line_search(
    const std::vector<double>& vd, const std::vector<double>& dd,
    const std::function<LossSlopes(const std::vector<double>& t)>& loss_slopes);

}  // namespace pool3::svm
