#pragma once
// Newton's method on the primal of the squared hinge, all columns at once.

#include <functional>

#include "svm/columns.hpp"
#include "svm/spectrum.hpp"

namespace pool3::detail {

struct NewtonProgress {
  std::int64_t products = 0;  ///< Hessian products so far, each one pass over the rows
  double relative_gap = 0;
};

struct NewtonResult {
  Certificate certificate;
  std::int64_t products = 0;
};

/// Minimises P(w) from point.w on until the total relative gap is at most `tolerance`, or `max_products` are used.
/// Each step solves H p = -grad by conjugate gradients, H = I + 2 sum_{xi > 0} C_i x_i x_i^T, preconditioned in the
/// eigenbasis of X^T X, and goes to the minimum along p (Keerthi and DeCoste 2005). Ranks add up their rows' share
/// of every product: the number of ranks changes nothing but rounding.
/// The certificate needs no more than the gradient: with a_i = 2 C_i xi_i, gap = P(w) - D(a) = 1/2 |grad P(w)|^2.
/// Sets point.w and point.alpha = a. Collective. REQUIRES: L2 loss.
[[nodiscard]] NewtonResult newton(Point& point, const Spectrum& spectrum, double tolerance, std::int64_t max_products,
                                  const std::function<void(const NewtonProgress&)>& progress);

}  // namespace pool3::detail
