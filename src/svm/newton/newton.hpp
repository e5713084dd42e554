#pragma once
// Newton's method on the primal, all columns at once.

#include <functional>

#include "svm/model/iterate.hpp"
#include "svm/newton/eigenbasis.hpp"

namespace pool3::svm {

struct NewtonProgress {
  std::int64_t products = 0;  ///< passes over the rows so far
  double relative_gap = 0;
};

struct NewtonLimits {
  double tolerance = 1e-4;  ///< on the total relative gap
  std::int64_t max_products = 0;
  double least_fall = 0;          ///< of P in a step, relative to P: with less it ends; 0: never
  std::function<bool()> expired;  ///< collective; asked after every pass
};

struct NewtonResult {
  Certificate certificate;
  std::int64_t products = 0;
};

/// Minimises P(w) from `pair` on, which it sets, until a limit is reached, or Real gives no better certificate. `point`
/// is the problem alone.
///
/// Each step solves H p = -grad by conjugate gradients, H = I + sum_i h_i x_i x_i^T, preconditioned in the eigenbasis
/// of X^T X, and goes to the minimum along p (Keerthi and DeCoste 2005). Ranks add up their rows' share of every
/// product: the number of ranks changes nothing but rounding.
///
/// Both losses are sum_i phi_i(s_i), s = 1 - y f, with phi' = a = clip(c + k C s, 0, U), and h = k C where 0 < a < U:
/// - squared hinge: c = 0, k = 2, U infinite. That is the loss itself.
/// - hinge: U = C. A smoothed loss, whose minimum is a proximal point step of the dual from the centre c (Rockafellar
///   1976). When the gradient is small beside the smoothing, the centre moves to a; its fixed point is the optimum.
///
/// The certificate needs no more than the gradient: gap = P(w) - D(a) = sum [C xi - a s] + 1/2 |grad|^2 for the hinge,
/// and 1/2 |grad|^2 for the squared hinge. Every term is at least 0.
/// `spectrum` is called, on every rank, when the eigenbasis is needed. Collective.
template <typename Real>
[[nodiscard]] NewtonResult newton(const Point& point, Pair<Real>& pair,
                                  const std::function<const Spectrum&()>& spectrum, const NewtonLimits& limits,
                                  const std::function<void(const NewtonProgress&)>& progress);

}  // namespace pool3::svm
