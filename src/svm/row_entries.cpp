#include "svm/row_entries.hpp"

#include <array>
#include <numeric>

#include "svm/cpu_clones.hpp"
#include "svm/feature_rows.hpp"

namespace pool3::detail {
namespace {

/// A pair costs about as much as so many of a matrix product.
constexpr std::size_t price_of_pair = 4;

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

/// [columns, rows] of [rows, columns].
template <typename Real>
std::vector<Real> transposed(const std::vector<Real>& a, std::size_t rows, std::size_t columns) {
  std::vector<Real> out(a.size());
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) out[c * rows + r] = a[r * columns + c];
  return out;
}

}  // namespace

template <typename Real>
RowEntries<Real>::RowEntries(const Point& point, const Reals& dense, std::size_t width) : point_(point), width_(width) {
  first_.push_back(0);
  for (std::size_t row = 0; row < dense.size(); row += width) {
    for (std::size_t c = 0; c < width; ++c) {
      if (dense[row + c] == Real{0}) continue;
      column_.push_back(static_cast<std::uint32_t>(c));
      value_.push_back(dense[row + c]);
    }
    first_.push_back(value_.size());
  }
}

template <typename Real>
bool RowEntries<Real>::few() const {
  return price_of_pair * value_.size() <= (first_.size() - 1) * width_;
}

/// Sums factor(x, place, value) [x; bias] over the pairs of some columns and all ranks; the place is that among these
/// columns. Collective.
template <typename Real>
template <typename Use>
std::vector<Real> RowEntries<Real>::sum_rows(const std::vector<std::int64_t>& columns, const Use& factor) const {
  const std::int64_t dim = point_.problem.dim;
  const std::size_t height = index(dim + 1);
  const auto bias = static_cast<Real>(point_.bias);
  std::vector<std::int64_t> places(width_, -1);
  for (std::size_t c = 0; c < columns.size(); ++c) places[index(columns[c])] = static_cast<std::int64_t>(c);
  Reals sums(columns.size() * height, Real{0});
  FeatureRows features(point_.problem);
  for (std::size_t i = 0; i + 1 < first_.size(); ++i) {
    if (first_[i] == first_[i + 1]) continue;
    const auto row = static_cast<std::int64_t>(i);
    const float* x = features({row, row + 1});
    for (std::size_t e = first_[i]; e < first_[i + 1]; ++e) {
      const std::int64_t place = places[column_[e]];
      if (place < 0) continue;
      Real* to = sums.data() + index(place) * height;
      const Real scale = factor(x, index(place), value_[e]);
      add_scaled(x, scale, dim, to);
      to[dim] += scale * bias;
    }
  }
  Reals out = transposed(sums, columns.size(), height);
  point_.comm.sum(std::span<Real>(out));
  return out;
}

template <typename Real>
std::vector<Real> RowEntries<Real>::back() const {
  std::vector<std::int64_t> all(width_);
  std::iota(all.begin(), all.end(), 0);
  return sum_rows(all, [](const float*, std::size_t, Real value) { return value; });
}

template <typename Real>
std::vector<Real> RowEntries<Real>::curved(const Reals& v, const std::vector<std::int64_t>& columns) const {
  const std::int64_t dim = point_.problem.dim;
  const std::size_t height = index(dim + 1);
  const auto bias = static_cast<Real>(point_.bias);
  const Reals directions = transposed(v, height, columns.size());
  return sum_rows(columns, [&](const float* x, std::size_t place, Real value) {
    const Real* d = directions.data() + place * height;
    return value * (dot(x, d, dim) + bias * d[dim]);
  });
}

template class RowEntries<float>;
template class RowEntries<double>;

}  // namespace pool3::detail
