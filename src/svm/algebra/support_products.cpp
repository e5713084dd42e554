#include "svm/algebra/support_products.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "svm/algebra/cpu_clones.hpp"
#include "svm/model/feature_rows.hpp"

namespace pool3::svm {
namespace {

/// A pair costs about as much as so many of a matrix product.
constexpr std::size_t price_of_pair = 4;
/// A row's features are asked for while so many rows before it are worked on.
constexpr std::size_t rows_ahead = 2;

/// Running sums: a fixed order that the compiler can still do in parallel.
constexpr std::int64_t lanes = 64;

template <typename Real>
POOL3_CPU_CLONES Real dot(const float* a, const Real* b, std::int64_t size) {
  std::array<Real, lanes> part{};
  std::int64_t k = 0;
  for (; k + lanes <= size; k += lanes)
    for (std::int64_t u = 0; u < lanes; ++u) part[index(u)] += static_cast<Real>(a[k + u]) * b[k + u];
  for (; k < size; ++k) part[index(k % lanes)] += static_cast<Real>(a[k]) * b[k];
  for (std::int64_t half = lanes / 2; half > 0; half /= 2)
    for (std::int64_t u = 0; u < half; ++u) part[index(u)] += part[index(u + half)];
  return part[0];
}

template <typename Real>
POOL3_CPU_CLONES void add_scaled(const float* x, Real factor, std::int64_t size, Real* to) {
  for (std::int64_t k = 0; k < size; ++k) to[k] += factor * static_cast<Real>(x[k]);
}

/// [width] vectors of dim + 1 numbers, each from the start of a cache line on: a vector instruction that straddles two
/// lines takes twice as long (1.4 times the whole pass).
template <typename Real>
class AlignedColumns {
 public:
  AlignedColumns(std::int64_t height, std::size_t width)
      : stride_(index((height + in_line - 1) / in_line * in_line)), values_(stride_ * width + in_line, Real{0}) {
    const auto past = reinterpret_cast<std::uintptr_t>(values_.data()) / sizeof(Real) % in_line;
    first_ = (in_line - past) % in_line;
  }
  [[nodiscard]] Real* operator[](std::size_t column) { return values_.data() + first_ + column * stride_; }
  [[nodiscard]] const Real* operator[](std::size_t column) const { return values_.data() + first_ + column * stride_; }

 private:
  static constexpr std::int64_t in_line = 64 / sizeof(Real);
  std::size_t stride_, first_ = 0;
  std::vector<Real> values_;
};

/// Calls `use(row, column)` on every place of [rows, width], a few rows of each column at a time.
template <typename Use>
void for_each_place(std::size_t rows, std::size_t width, const Use& use) {
  constexpr std::size_t tile = 16;
  for (std::size_t top = 0; top < rows; top += tile)
    for (std::size_t c = 0; c < width; ++c)
      for (std::size_t row = top; row < std::min(top + tile, rows); ++row) use(row, c);
}

}  // namespace

template <typename Real>
RowEntries<Real>::RowEntries(const Point& point, const Reals& dense, std::size_t width) : RowEntries(point, width) {
  for (std::int64_t row = 0; row < point.problem.rows; ++row) {
    const Real* values = dense.data() + index(row) * width;
    for (std::size_t c = 0; c < width; ++c) {
      if (values[c] == Real{0}) continue;
      column_.push_back(static_cast<std::uint32_t>(c));
      value_.push_back(values[c]);
    }
    end_row(row);
  }
}

/// The pairs since the last row's end are those of this row.
template <typename Real>
void RowEntries<Real>::end_row(std::int64_t row) {
  if (first_.back() == value_.size()) return;
  rows_.push_back(row);
  first_.push_back(value_.size());
}

template <typename Real>
bool RowEntries<Real>::few() const {
  return price_of_pair * value_.size() <= index(point_->problem.rows) * width_;
}

template <typename Real>
void RowEntries<Real>::keep(const std::vector<std::int64_t>& columns) {
  std::vector<std::int64_t> places(width_, -1);
  for (std::size_t c = 0; c < columns.size(); ++c) places[index(columns[c])] = static_cast<std::int64_t>(c);
  const RowEntries all = std::exchange(*this, RowEntries(*point_, columns.size()));
  for (std::size_t k = 0; k < all.rows_.size(); ++k) {
    for (std::size_t e = all.first_[k]; e < all.first_[k + 1]; ++e) {
      const std::int64_t place = places[all.column_[e]];
      if (place < 0) continue;
      column_.push_back(static_cast<std::uint32_t>(place));
      value_.push_back(all.value_[e]);
    }
    end_row(all.rows_[k]);
  }
}

/// Sums factor(x, column, value) [x; bias] over the pairs of all ranks. Collective.
template <typename Real>
template <typename Use>
std::vector<Real> RowEntries<Real>::sum_rows(const Use& factor) const {
  const std::int64_t dim = point_->problem.dim;
  const auto bias = static_cast<Real>(point_->bias);
  AlignedColumns<Real> sums(dim + 1, width_);
  FeatureRows features(point_->problem);
  for (std::size_t k = 0; k < rows_.size(); ++k) {
    const float* x = features({rows_[k], rows_[k] + 1});
    const auto pairs = static_cast<std::int64_t>(first_[k + 1] - first_[k]);
    for (std::int64_t p = 0; p < pairs; ++p) {
      if (k + rows_ahead < rows_.size()) features.prefetch(rows_[k + rows_ahead], even_share(dim, pairs, p));
      const std::size_t e = first_[k] + index(p);
      Real* to = sums[column_[e]];
      const Real scale = factor(x, column_[e], value_[e]);
      add_scaled(x, scale, dim, to);
      to[dim] += scale * bias;
    }
  }
  Reals out(index(dim + 1) * width_);
  for_each_place(index(dim + 1), width_, [&](std::size_t row, std::size_t c) { out[row * width_ + c] = sums[c][row]; });
  point_->comm.sum(std::span<Real>(out));
  return out;
}

template <typename Real>
std::vector<Real> RowEntries<Real>::back() const {
  return sum_rows([](const float*, std::size_t, Real value) { return value; });
}

template <typename Real>
std::vector<Real> RowEntries<Real>::curved(const Reals& v) const {
  const std::int64_t dim = point_->problem.dim;
  const auto bias = static_cast<Real>(point_->bias);
  AlignedColumns<Real> directions(dim + 1, width_);
  for_each_place(index(dim + 1), width_,
                 [&](std::size_t row, std::size_t c) { directions[c][row] = v[row * width_ + c]; });
  return sum_rows([&](const float* x, std::size_t column, Real value) {
    const Real* d = directions[column];
    return value * (dot(x, d, dim) + bias * d[dim]);
  });
}

template class RowEntries<float>;
template class RowEntries<double>;

}  // namespace pool3::svm
