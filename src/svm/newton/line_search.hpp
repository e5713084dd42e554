#pragma once
// The step length of each column along its direction.

#include <functional>

#include "svm/newton/smoothed_loss.hpp"

namespace pool3::svm {

/// The zero of the derivative of P along the direction, for each column: Newton's method on a piecewise linear
/// function, kept inside a bracket. `vd` and `dd` [width]: v . d and d . d; `loss_slopes` gives the derivatives of the
/// loss at step lengths t. Collective, as `loss_slopes` is.
[[nodiscard]] Sums line_search(const Sums& vd, const Sums& dd,
                               const std::function<LossSlopes(const Sums& t)>& loss_slopes);

}  // namespace pool3::svm
