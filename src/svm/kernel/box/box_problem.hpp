#pragma once
// The dual of a column on a working set.

#include "svm/kernel/box/box.hpp"

namespace pool3::svm {

/// Lowers the violation to a share of `enough` of it. Descent finds out which variables are at their limits; Newton
/// steps of the others end it, and are tried first where a box is `near` its minimum. Never goes up.
template <typename Real>
void solve_box(Box<Real>& box, double enough, bool near);

}  // namespace pool3::svm
