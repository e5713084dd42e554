#pragma once
// An interior point method for a box: it does not mind a singular matrix.

#include "svm/kernel/box/box.hpp"

namespace pool3::svm {

/// With more rows than features, or with copies of rows, few variables are between their limits, and Newton's method on
/// who is at which limit finds no end. From the middle of the box some 20 factorisations lead to slopes of `enough`;
/// the minimum, or where it started if that was lower: then false. REQUIRES: limits are finite.
[[nodiscard]] bool descend_inside(Box<double>& box, double enough);

}  // namespace pool3::svm
