#pragma once
// Newton's method on which variables of a box are at which limit.

#include "svm/kernel/box/box.hpp"

namespace pool3::svm {

/// The primal-dual active set method (Hintermueller, Ito, Kunisch 2002). It ends with the minimum, or else where it
/// started if it found nothing lower. True if something lower was found.
template <typename Real>
bool newton(Box<Real>& box, int most_steps);

}  // namespace pool3::svm
