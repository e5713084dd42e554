#include "svm/algebra/products.hpp"

#include "svm/model/feature_rows.hpp"

namespace pool3::svm {

template <typename Real>
Matrix<Real> margins(const Objective& objective, const Matrix<Real>& v) {
  const std::int64_t dim = objective.dim();
  Matrix<Real> out(objective.rows(), v.cols());
  for_each_panel<Real>(objective.problem, margin_rows, [&](RowRange rows, const RowsView<Real>& x) {
    out.middleRows(rows.begin, rows.size()).noalias() = x * v.topRows(dim);
  });
  const PerColumn<Real> shift = static_cast<Real>(objective.bias) * v.row(dim).array();
  out.array().rowwise() += shift;
  return out;
}

template <typename Real>
Matrix<Real> combine_rows(const Objective& objective, const Matrix<Real>& u) {
  const std::int64_t dim = objective.dim();
  Matrix<Real> out = Matrix<Real>::Zero(dim + 1, u.cols());
  for_each_panel<Real>(objective.problem, back_rows, [&](RowRange rows, const RowsView<Real>& x) {
    out.topRows(dim).noalias() += x.transpose() * u.middleRows(rows.begin, rows.size());
  });
  Sums sums = Sums::Zero(u.cols());
  for (Eigen::Index i = 0; i < u.rows(); ++i) sums += u.row(i).array().template cast<double>();
  out.row(dim) = (objective.bias * sums).template cast<Real>();
  objective.comm.sum(numbers(out));
  return out;
}

template Matrix<float> margins(const Objective&, const Matrix<float>&);
template Matrix<double> margins(const Objective&, const Matrix<double>&);
template Matrix<float> combine_rows(const Objective&, const Matrix<float>&);
template Matrix<double> combine_rows(const Objective&, const Matrix<double>&);

}  // namespace pool3::svm
