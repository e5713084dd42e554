#include "svm/newton/preconditioner.hpp"

namespace pool3::svm {
namespace {

/// Eigenvalues below this, times the mean curvature, change H little beside its identity.
constexpr double negligible = 0.1;

}  // namespace

Preconditioner::Preconditioner(const Eigenbasis& basis, double bias_square_sum, const Sums& mean_curvature)
    : basis_(basis) {
  const std::int64_t dim = basis.values.size();
  while (leading_ < basis.vectors.rows() && mean_curvature.maxCoeff() * basis.values[leading_] > negligible) ++leading_;
  const double mean_tail = leading_ < dim ? basis.values.tail(dim - leading_).mean() : 0.0;
  rest_ = (1.0 + mean_curvature * mean_tail).inverse().cast<float>();
  bias_ = (1.0 + mean_curvature * bias_square_sum).inverse().cast<float>();
  scale_.resize(leading_, mean_curvature.size());
  for (std::int64_t k = 0; k < leading_; ++k)
    scale_.row(k) = (1.0 + mean_curvature * basis.values[k]).inverse().cast<float>() - rest_;
}

Matrix<float> Preconditioner::apply_in_float(const Matrix<float>& r) const {
  const std::int64_t dim = basis_.values.size();
  Matrix<float> z(r.rows(), r.cols());
  z.topRows(dim).array() = r.topRows(dim).array().rowwise() * rest_;
  z.row(dim).array() = r.row(dim).array() * bias_;
  if (leading_ == 0) return z;
  Matrix<float> along(leading_, r.cols());
  along.noalias() = basis_.vectors.topRows(leading_) * r.topRows(dim);
  along.array() *= scale_.array();
  z.topRows(dim).noalias() += basis_.vectors.topRows(leading_).transpose() * along;
  return z;
}

}  // namespace pool3::svm
