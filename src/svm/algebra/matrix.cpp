#include "svm/algebra/matrix.hpp"

#include <algorithm>

namespace pool3::svm {

template <typename Real>
Sums column_dots(const Matrix<Real>& a, const Matrix<Real>& b) {
  Sums sums = Sums::Zero(a.cols());
  for (Eigen::Index i = 0; i < a.rows(); ++i)
    sums += a.row(i).array().template cast<double>() * b.row(i).array().template cast<double>();
  return sums;
}

template <typename Real>
void add_scaled(Matrix<Real>& to, const Places& columns, const Matrix<Real>& from, const Sums& step) {
  const PerColumn<Real>& factor = step.template cast<Real>();
  for (Eigen::Index i = 0; i < to.rows(); ++i) to.row(i)(columns).array() += factor * from.row(i).array();
}

void set_row_products(const Eigen::Ref<const Matrix<float>>& a, Matrix<float>& c) {
  c.setZero(a.rows(), a.rows());
  c.selfadjointView<Eigen::Upper>().rankUpdate(a);
  mirror(c);
}

/// A tile at a time: a whole column would touch a cache line for each of its numbers.
template <typename Real>
void mirror(Matrix<Real>& square) {
  constexpr Eigen::Index side = 32;
  const Eigen::Index n = square.rows();
  Real* const all = square.data();
  for (Eigen::Index top = 0; top < n; top += side) {
    const Eigen::Index bottom = std::min(n, top + side);
    for (Eigen::Index left = 0; left <= top; left += side)
      for (Eigen::Index j = left; j < std::min(left + side, bottom); ++j)
        for (Eigen::Index i = std::max(top, j + 1); i < bottom; ++i) all[i * n + j] = all[j * n + i];
  }
}

template void mirror(Matrix<float>&);
template void mirror(Matrix<double>&);
template Sums column_dots(const Matrix<float>&, const Matrix<float>&);
template Sums column_dots(const Matrix<double>&, const Matrix<double>&);
template void add_scaled(Matrix<float>&, const Places&, const Matrix<float>&, const Sums&);
template void add_scaled(Matrix<double>&, const Places&, const Matrix<double>&, const Sums&);

}  // namespace pool3::svm
