#include "svm/newton/eigenbasis.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "svm/algebra/matrix.hpp"
#include "svm/model/feature_rows.hpp"

namespace pool3::svm {
namespace {

/// Eigenvalues below this, times the mean curvature, change H by little beside its identity.
constexpr double negligible = 0.1;

/// Of few rows, eigenvalues below this part of the first are noise.
constexpr double noise = 1e-5;

/// Rows, for each feature, that stand for all: a preconditioner need not be exact.
constexpr std::int64_t rows_per_feature = 8;
/// Of one matrix product.
constexpr std::int64_t rows_of_moments = 1024;

/// Sets the root's spectrum from X^T X. Collective.
void from_moments(const Point& point, Spectrum& spectrum) {
  const std::int64_t dim = point.problem.dim;
  std::vector<float> matrix(index(dim * dim), 0.0F);
  const double part = std::min(1.0, static_cast<double>(rows_per_feature * dim) / spectrum.rows);
  const auto used = static_cast<std::int64_t>(std::ceil(part * static_cast<double>(point.problem.rows)));
  for_each_panel(point.problem, rows_of_moments, [&](RowRange rows, const float* x) {
    add_moments(std::clamp<std::int64_t>(used - rows.begin, 0, rows.size()), dim, x, matrix.data());
  });
  mirror(dim, matrix.data());
  const double each = spectrum.rows / static_cast<double>(point.comm.sum(used));
  point.comm.sum(std::span<float>(matrix));
  point.comm.root_does([&] {
    const auto values = eigenvectors(dim, matrix.data());
    for (std::int64_t k = 0; k < dim; ++k) {  // LAPACK's order is rising
      spectrum.values[index(k)] = each * std::max(static_cast<double>(values[index(dim - 1 - k)]), 0.0);
      std::copy_n(matrix.begin() + (dim - 1 - k) * dim, dim, spectrum.vectors.begin() + k * dim);
    }
  });
}

/// The rows of all ranks, on the root. They are fewer than the columns. Collective.
std::vector<float> gather_rows(const Point& point) {
  const std::int64_t mine = point.problem.rows;
  FeatureRows features(point.problem);
  const auto* bytes = reinterpret_cast<const char*>(features({0, mine}));
  std::vector<float> all;
  for (const std::string& part :
       point.comm.gather(std::string(bytes, index(mine * point.problem.dim) * sizeof(float)))) {
    const std::size_t before = all.size();
    all.resize(before + part.size() / sizeof(float));
    std::copy_n(part.data(), part.size(), reinterpret_cast<char*>(all.data() + before));
  }
  return all;
}

/// Sets the root's spectrum from X X^T: if u is an eigenvector of it, X^T u is one of X^T X. Collective.
void from_rows(const Point& point, std::int64_t rows, Spectrum& spectrum) {
  const std::int64_t dim = point.problem.dim;
  const std::vector<float> x = gather_rows(point);
  point.comm.root_does([&] {
    std::vector<float> matrix(index(rows * rows));
    gram(rows, dim, x.data(), 0.0F, matrix.data());
    const auto values = eigenvectors(rows, matrix.data());
    multiply(rows, dim, rows, matrix.data(), x.data(), spectrum.vectors.data());
    for (std::int64_t k = 0; k < rows - 1 - k; ++k)  // LAPACK's order is rising
      std::swap_ranges(spectrum.vectors.begin() + k * dim, spectrum.vectors.begin() + (k + 1) * dim,
                       spectrum.vectors.begin() + (rows - 1 - k) * dim);
    for (std::int64_t k = 0; k < rows; ++k) {
      const double value = static_cast<double>(values[index(rows - 1 - k)]);
      if (value <= noise * static_cast<double>(values.back())) break;
      spectrum.values[index(k)] = value;
      const auto scale = static_cast<float>(1.0 / std::sqrt(value));
      for (std::int64_t i = 0; i < dim; ++i) spectrum.vectors[index(k * dim + i)] *= scale;
    }
  });
}

}  // namespace

Spectrum compute_spectrum(const Point& point) {
  const std::int64_t dim = point.problem.dim;
  Spectrum spectrum;
  spectrum.values.assign(index(dim), 0.0);
  const std::int64_t rows = point.comm.sum(point.problem.rows);
  spectrum.rows = static_cast<double>(rows);
  spectrum.vectors.assign(index(std::min(rows, dim) * dim), 0.0F);
  if (rows < dim)
    from_rows(point, rows, spectrum);
  else
    from_moments(point, spectrum);
  point.comm.broadcast(std::span<double>(spectrum.values));
  point.comm.broadcast(std::span<float>(spectrum.vectors));
  return spectrum;
}

Preconditioner::Preconditioner(const Spectrum& spectrum, double bias_square_sum, std::vector<double> mean_curvature)
    : spectrum_(spectrum),
      dim_(static_cast<std::int64_t>(spectrum.values.size())),
      width_(static_cast<std::int64_t>(mean_curvature.size())) {
  const double most = *std::max_element(mean_curvature.begin(), mean_curvature.end());
  while (leading_ < dim_ && leading_ * dim_ < std::ssize(spectrum.vectors) &&
         most * spectrum.values[index(leading_)] > negligible)
    ++leading_;
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

std::vector<double> Preconditioner::apply(const std::vector<double>& r) const {
  const std::vector<float> z = apply(std::vector<float>(r.begin(), r.end()));
  return {z.begin(), z.end()};
}

}  // namespace pool3::svm
