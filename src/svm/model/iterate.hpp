#pragma once
// A point beside the problem, in the precision that Newton's methods work in.

#include "svm/algebra/products.hpp"

namespace pool3::svm {

/// Primal weights on every rank, dual variables of this rank's rows.
template <typename Real>
struct Pair {
  std::vector<Real> v;      ///< [dim + 1, padded]: w, then its bias row
  std::vector<Real> alpha;  ///< [rows, padded]
};

/// The point's own pair. Its alpha is empty until put_pair().
template <typename Real>
[[nodiscard]] Pair<Real> take_pair(Point& point);
/// Rounds to float what is not.
template <typename Real>
void put_pair(Point& point, Pair<Real> pair);

/// As certify_pair() of a point. Collective.
[[nodiscard]] Certificate certify_pair(const Point& point, const Pair<double>& pair);

/// w(a) of these dual variables [rows, padded], its bias row last: [dim + 1, padded]. Collective.
[[nodiscard]] Floats weights_of(const Point& point, const Floats& alpha);
[[nodiscard]] Doubles weights_of(const Point& point, const Doubles& alpha);

}  // namespace pool3::svm
