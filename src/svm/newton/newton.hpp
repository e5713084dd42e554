#pragma once
// Newton's method on the primal, all columns at once.

#include "svm/algebra/support_products.hpp"
#include "svm/model/certificate.hpp"
#include "svm/model/stopping.hpp"
#include "svm/newton/eigenbasis.hpp"

namespace pool3::svm {

using Progress = std::function<void(const Standing&)>;

struct NewtonResult {
  Certificate certificate;
  std::int64_t passes = 0;  ///< over the rows
};

/// What a step is computed with.
struct NewtonTools {
  std::function<const Eigenbasis&()> eigenbasis;  ///< called, on every rank, when it is needed
  double max_density = sparse_enough;             ///< of (row, column) pairs up to which products go over these alone
};

/// Minimises P from `iterate` on, which it sets, until a rule ends it, or Real gives no better certificate.
///
/// Each step solves H p = -grad by conjugate gradients, H = I + sum_i h_i x_i x_i^T, preconditioned in the eigenbasis
/// of X^T X, and goes to the minimum along p (Keerthi and DeCoste 2005). Ranks add up their rows' share of every
/// product: the number of ranks changes nothing but rounding. The hinge is smoothed (loss.hpp): when the gradient is
/// small beside the smoothing, its centre moves to a.
///
/// The certificate comes with the gradient, which is v - w(a). Collective.
template <typename Real>
[[nodiscard]] NewtonResult newton(const Objective& objective, Iterate<Real>& iterate, const NewtonTools& tools,
                                  StoppingRules rules, const Progress& progress);

}  // namespace pool3::svm
