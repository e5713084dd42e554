#include "svm/model/iterate.hpp"

#include "svm/model/feature_rows.hpp"

namespace pool3::svm {

template <typename Real>
Matrix<double> weights_of_duals(const Objective& objective, const Matrix<Real>& alpha) {
  const std::int64_t dim = objective.dim(), width = objective.width();
  Matrix<double> sum = Matrix<double>::Zero(dim + 1, width);
  Matrix<Real> part(dim, width), signed_alpha;
  for_each_panel<Real>(objective.problem, margin_rows, [&](RowRange rows, const RowsView<Real>& x) {
    signed_alpha = alpha.middleRows(rows.begin, rows.size());
    for (std::int64_t i = 0; i < rows.size(); ++i)
      for (std::int64_t j = 0; j < width; ++j)
        signed_alpha(i, j) *= static_cast<Real>(objective.sign(j, rows.begin + i));
    part.noalias() = x.transpose() * signed_alpha;
    sum.topRows(dim) += part.template cast<double>();
    for (std::int64_t i = 0; i < rows.size(); ++i)
      sum.row(dim) += objective.bias * signed_alpha.row(i).template cast<double>();
  });
  objective.comm.sum(numbers(sum));
  return sum;
}

template Matrix<double> weights_of_duals(const Objective&, const Matrix<float>&);
template Matrix<double> weights_of_duals(const Objective&, const Matrix<double>&);

}  // namespace pool3::svm
