#include "svm/algebra/support_products.hpp"

#include <array>
#include <utility>

#include "pool3/numbers/target_clones.hpp"
#include "svm/model/feature_rows.hpp"

// Own loops: beside products with whole matrices, a pass over 2, 10 and 25 of 100 pairs is 9.2, 2.8 and 1.3 times as
// fast (bench_svm_products: 112 columns of 2048 features, EPYC Zen 5).

namespace pool3::svm {
namespace {

/// A row's features are asked for while so many rows before it are worked on.
constexpr std::size_t rows_ahead = 2;

/// Running sums: a fixed order that the compiler can still do in parallel.
constexpr std::int64_t partial_sums = 64;

template <typename Real>
POOL3_TARGET_CLONES Real dot(const float* a, const Real* b, std::int64_t size) {
  std::array<Real, partial_sums> part{};
  std::int64_t k = 0;
  for (; k + partial_sums <= size; k += partial_sums)
    for (std::int64_t u = 0; u < partial_sums; ++u) part[index(u)] += static_cast<Real>(a[k + u]) * b[k + u];
  for (; k < size; ++k) part[index(k % partial_sums)] += static_cast<Real>(a[k]) * b[k];
  for (std::int64_t half = partial_sums / 2; half > 0; half /= 2)
    for (std::int64_t u = 0; u < half; ++u) part[index(u)] += part[index(u + half)];
  return part[0];
}

template <typename Real>
POOL3_TARGET_CLONES void add_multiple(const float* x, Real factor, std::int64_t size, Real* to) {
  for (std::int64_t k = 0; k < size; ++k) to[k] += factor * static_cast<Real>(x[k]);
}

/// Numbers in a row of `Matrix` from which the next one starts with a cache line too: a vector instruction that
/// straddles two lines takes twice as long (1.4 times the whole pass).
template <typename Real>
std::int64_t whole_lines(std::int64_t numbers) {
  constexpr auto in_line = static_cast<std::int64_t>(64 / sizeof(Real));
  return (numbers + in_line - 1) / in_line * in_line;
}

}  // namespace

template <typename Real>
SupportProducts<Real>::SupportProducts(const Objective& objective, const Matrix<Real>& dense)
    : SupportProducts(objective, dense.cols()) {
  for (std::int64_t row = 0; row < dense.rows(); ++row) {
    const Real* values = dense.row(row).data();
    for (std::int32_t c = 0; c < width_; ++c) {
      if (values[c] == Real{0}) continue;
      column_.push_back(c);
      value_.push_back(values[c]);
    }
    end_row(row);
  }
}

/// The pairs since the last row's end are those of this row.
template <typename Real>
void SupportProducts<Real>::end_row(std::int64_t row) {
  if (first_.back() == value_.size()) return;
  rows_.push_back(row);
  first_.push_back(value_.size());
}

template <typename Real>
double SupportProducts<Real>::density() const {
  const auto all = static_cast<double>(objective_->rows() * width_);
  return all > 0 ? static_cast<double>(value_.size()) / all : 0;
}

template <typename Real>
void SupportProducts<Real>::keep(const Places& columns) {
  std::vector<std::int32_t> places(index(width_), -1);
  for (std::size_t c = 0; c < columns.size(); ++c) places[index(columns[c])] = static_cast<std::int32_t>(c);
  const SupportProducts all = std::exchange(*this, SupportProducts(*objective_, std::ssize(columns)));
  for (std::size_t k = 0; k < all.rows_.size(); ++k) {
    for (std::size_t e = all.first_[k]; e < all.first_[k + 1]; ++e) {
      const std::int32_t place = places[index(all.column_[e])];
      if (place < 0) continue;
      column_.push_back(place);
      value_.push_back(all.value_[e]);
    }
    end_row(all.rows_[k]);
  }
}

/// Sums factor(x, column, value) [x; bias] over the pairs of all ranks. Collective.
template <typename Real>
template <typename Use>
Matrix<Real> SupportProducts<Real>::sum_rows(const Use& factor) const {
  const std::int64_t dim = objective_->dim();
  const auto bias = static_cast<Real>(objective_->bias);
  Matrix<Real> sums = Matrix<Real>::Zero(width_, whole_lines<Real>(dim + 1));  // a column of the problem each
  FeatureRows features(objective_->problem);
  for (std::size_t k = 0; k < rows_.size(); ++k) {
    const float* x = features({rows_[k], rows_[k] + 1}).data();
    const auto pairs = static_cast<std::int64_t>(first_[k + 1] - first_[k]);
    for (std::int64_t p = 0; p < pairs; ++p) {
      if (k + rows_ahead < rows_.size()) features.prefetch(rows_[k + rows_ahead], even_share(dim, pairs, p));
      const std::size_t e = first_[k] + index(p);
      const Real scale = factor(x, column_[e], value_[e]);
      Real* to = sums.row(column_[e]).data();
      add_multiple(x, scale, dim, to);
      to[dim] += scale * bias;
    }
  }
  Matrix<Real> out = sums.leftCols(dim + 1).transpose();
  objective_->comm.sum(numbers(out));
  return out;
}

template <typename Real>
Matrix<Real> SupportProducts<Real>::combine_rows() const {
  return sum_rows([](const float*, std::int32_t, Real value) { return value; });
}

template <typename Real>
Matrix<Real> SupportProducts<Real>::curved(const Matrix<Real>& v) const {
  const std::int64_t dim = objective_->dim();
  const auto bias = static_cast<Real>(objective_->bias);
  Matrix<Real> directions(width_, whole_lines<Real>(dim + 1));  // as sums are
  directions.leftCols(dim + 1) = v.transpose();
  return sum_rows([&](const float* x, std::int32_t column, Real value) {
    const Real* d = directions.row(column).data();
    return value * (dot(x, d, dim) + bias * d[dim]);
  });
}

template class SupportProducts<float>;
template class SupportProducts<double>;

}  // namespace pool3::svm
