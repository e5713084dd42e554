#include "svm/spectrum.hpp"

#include <algorithm>
#include <cmath>

#include "svm/matrix.hpp"

namespace pool3::detail {
namespace {

/// Eigenvalues below this, times the mean curvature, change H by little beside its identity.
constexpr double negligible = 0.1;

}  // namespace

Spectrum compute_spectrum(const Point& point) {
  const std::int64_t dim = point.problem.dim;
  std::vector<float> matrix(index(dim * dim), 0.0F);
  moment_matrix(point.problem.rows, dim, point.problem.x.data(), matrix.data());
  point.comm.sum(std::span<float>(matrix));
  Spectrum spectrum;
  spectrum.values.resize(index(dim));
  point.comm.root_does([&] {
    const auto values = eigenvectors(dim, matrix.data());
    for (std::int64_t k = 0; k < dim; ++k)  // LAPACK's order is rising
      spectrum.values[index(k)] = std::max(static_cast<double>(values[index(dim - 1 - k)]), 0.0);
  });
  point.comm.broadcast(std::span<double>(spectrum.values));
  point.comm.broadcast(std::span<float>(matrix));
  spectrum.vectors.resize(matrix.size());
  for (std::int64_t k = 0; k < dim; ++k)
    std::copy_n(matrix.begin() + (dim - 1 - k) * dim, dim, spectrum.vectors.begin() + k * dim);
  return spectrum;
}

Preconditioner::Preconditioner(const Spectrum& spectrum, double bias_square_sum, std::vector<double> mean_curvature)
    : spectrum_(spectrum),
      dim_(static_cast<std::int64_t>(spectrum.values.size())),
      width_(static_cast<std::int64_t>(mean_curvature.size())) {
  const double most = *std::max_element(mean_curvature.begin(), mean_curvature.end());
  while (leading_ < dim_ && most * spectrum.values[index(leading_)] > negligible) ++leading_;
  double tail = 0;
  for (std::int64_t k = leading_; k < dim_; ++k) tail += spectrum.values[index(k)];
  const double mean_tail = leading_ < dim_ ? tail / static_cast<double>(dim_ - leading_) : 0.0;
  for (const double c : mean_curvature) {
    rest_.push_back(static_cast<float>(1.0 / (1.0 + c * mean_tail)));
    bias_.push_back(static_cast<float>(1.0 / (1.0 + c * bias_square_sum)));
  }
  for (std::int64_t k = 0; k < leading_; ++k)
    for (std::size_t j = 0; j < mean_curvature.size(); ++j)
      scale_.push_back(static_cast<float>(1.0 / (1.0 + mean_curvature[j] * spectrum.values[index(k)])) - rest_[j]);
}

std::vector<float> Preconditioner::apply(const std::vector<float>& r) const {
  std::vector<float> z(r.size());
  const std::size_t width = rest_.size();
  for (std::size_t row = 0; row < index(dim_); ++row)
    for (std::size_t j = 0; j < width; ++j) z[row * width + j] = rest_[j] * r[row * width + j];
  for (std::size_t j = 0; j < width; ++j) z[index(dim_ * width_) + j] = bias_[j] * r[index(dim_ * width_) + j];
  if (leading_ == 0) return z;
  std::vector<float> along(index(leading_ * width_));
  multiply(leading_, width_, dim_, spectrum_.vectors.data(), r.data(), along.data());
  std::transform(along.begin(), along.end(), scale_.begin(), along.begin(), std::multiplies<>());
  add_transposed_product(dim_, width_, leading_, spectrum_.vectors.data(), along.data(), z.data());
  return z;
}

}  // namespace pool3::detail
