#pragma once
// Points and products in double, for what float can't tell apart. Features stay floats where they lie; a panel of them
// at a time becomes doubles.

#include "svm/products.hpp"

namespace pool3::detail {

/// A point beside the problem: primal weights on every rank, dual variables of this rank's rows.
template <typename Real>
struct Pair {
  std::vector<Real> v;      ///< [dim + 1, padded]: w, then its bias row
  std::vector<Real> alpha;  ///< [rows, padded]
};

/// The point's own pair. Its alpha is empty until put_pair().
[[nodiscard]] Pair<float> take_pair(Point& point);
void put_pair(Point& point, Pair<float> pair);
/// A copy of the point's own pair, in double.
[[nodiscard]] Pair<double> precise_pair(const Point& point);
/// Rounds a pair into the point.
void round_into(Point& point, const Pair<double>& pair);
/// As certify_pair() of a point. Collective.
[[nodiscard]] Certificate certify_pair(const Point& point, const Pair<double>& pair);

/// As Products.
class PreciseProducts {
 public:
  /// `point` must outlive it.
  PreciseProducts(const Point& point, std::size_t width) : point_(point), width_(static_cast<std::int64_t>(width)) {}

  /// x [v; b] of this rank's rows. Not collective.
  [[nodiscard]] Doubles margins(const Doubles& v) const;
  /// x^T u, bias row included, over all ranks. Collective.
  [[nodiscard]] Doubles back(const Doubles& u) const;

 private:
  const Point& point_;
  std::int64_t width_;
};

/// w(a) of these dual variables [rows, padded], its bias row last: [dim + 1, padded]. Collective.
[[nodiscard]] Floats weights_of(const Point& point, const Floats& alpha);
[[nodiscard]] Doubles weights_of(const Point& point, const Doubles& alpha);

/// c[m, n] = a[m, dim] b[n, dim]^T.
[[nodiscard]] Doubles precise_row_products(std::int64_t m, std::int64_t n, std::int64_t dim, const float* a,
                                           const float* b);

}  // namespace pool3::detail
