#pragma once
// Where a method stands: a primal and a dual point of every column.

#include "svm/algebra/matrix.hpp"
#include "svm/model/objective.hpp"

namespace pool3::svm {

/// Descent keeps v = w(a); Newton's methods have any v and a.
template <typename Real>
struct Iterate {
  Matrix<Real> v;      ///< [dim + 1, width] weights, the bias row last; the same on every rank
  Matrix<Real> alpha;  ///< [rows, width] dual variables of this rank's rows
};

template <typename Real>
[[nodiscard]] Iterate<Real> zero_iterate(const Objective& of) {
  return {Matrix<Real>::Zero(of.dim() + 1, of.width()), Matrix<Real>::Zero(of.rows(), of.width())};
}

/// The same in another precision. Frees each part when it is done with it.
template <typename To, typename From>
[[nodiscard]] Iterate<To> converted(Iterate<From>&& from) {
  Iterate<To> to;
  to.v = from.v.template cast<To>();
  from.v.resize(0, 0);
  to.alpha = from.alpha.template cast<To>();
  from.alpha.resize(0, 0);
  return to;
}

/// w(a) = sum a y x, its bias row last: [dim + 1, width]. Summed in double. Collective.
template <typename Real>
[[nodiscard]] Matrix<double> weights_of_duals(const Objective& objective, const Matrix<Real>& alpha);

}  // namespace pool3::svm
