#pragma once
// Newton's method by conjugate gradients, in double.

#include <functional>

#include "svm/newton.hpp"
#include "svm/precise.hpp"

namespace pool3::detail {

/// As newton(), from `pair` on, which it sets: every number but the features and the eigenbasis is a double, margins
/// are computed anew for each certificate, and every product is of all rows. Collective.
[[nodiscard]] NewtonResult precise_newton(const Point& point, Pair<double>& pair,
                                          const std::function<const Spectrum&()>& spectrum, const NewtonLimits& limits,
                                          const std::function<void(const NewtonProgress&)>& progress);

}  // namespace pool3::detail
