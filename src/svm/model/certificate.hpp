#pragma once
// The certificate: P and duality gap of every column, each a sum of terms that are at least 0, in double.
//
//   P(v) = sum phi(s) + 1/2 |v|^2
//   gap  = sum [phi(s) + phi*(a) - a s] + 1/2 |v - w(a)|^2
//
// The optimum is at most the gap below P, for any v and any a in their limits. See loss.hpp for phi.

#include "svm/model/iterate.hpp"

namespace pool3::svm {

struct Certificate {
  Sums primal, gap;  ///< [width]
  /// Of the sums over all columns.
  [[nodiscard]] double relative_gap() const;
};

/// The certificate with nothing but zeros.
[[nodiscard]] Certificate zero_certificate(const Objective& objective);
/// Completes this rank's sums over its rows by those of the others, and by what v and v - w(a) add. Collective.
template <typename Real>
void complete(Certificate& sums, const Objective& objective, const Matrix<Real>& v, const Matrix<Real>& away);

/// Exact at this iterate, whatever made it. `of_duals` is weights_of_duals() of its alpha. Collective.
template <typename Real>
[[nodiscard]] Certificate certify(const Objective& objective, const Iterate<Real>& iterate,
                                  const Matrix<double>& of_duals);

}  // namespace pool3::svm
