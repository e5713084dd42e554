#include "svm/algebra/support_products.hpp"

#include <array>
#include <utility>

#include "pool3/numbers/target_clones.hpp"

// Own loops: beside products with whole matrices, a pass over 2, 10 and 25 of 100 pairs is 6.2, 3.0 and 1.7 times as
// fast, with OpenBLAS's kernels for AVX2 10.8, 5.0 and 2.9 times (bench_svm_products: 112 columns of 2048 features,
// EPYC Zen 5).

namespace pool3::svm {
namespace {

/// Features of a block's rows stay in the second cache while all columns go by.
constexpr std::int64_t block_bytes = 512 << 10, most_rows = 64;
/// Numbers of a row's features that are worked on at once, in two parts: a fixed order of sums.
constexpr std::int64_t lanes = 16;
/// Rows of a run that share what is read of their column.
constexpr std::int64_t together = 4;

/// Numbers in a row of `Matrix` from which the next one starts with a cache line too: a vector instruction that
/// straddles two lines takes twice as long.
std::int64_t whole_lanes(std::int64_t numbers) { return (numbers + lanes - 1) / lanes * lanes; }

template <std::int64_t Count, typename Real>
using Rows = std::array<const Real*, static_cast<std::size_t>(Count)>;
template <std::int64_t Count, typename Real>
using Scales = std::array<Real, static_cast<std::size_t>(Count)>;

/// scales[r] *= x_r . d.
template <std::int64_t Count, typename Real>
[[gnu::always_inline]] inline void multiply_by_dots(const Rows<Count, Real>& x, const Real* d, std::int64_t size,
                                                    Scales<Count, Real>& scales) {
  constexpr std::size_t both = 2 * lanes;
  alignas(64) std::array<std::array<Real, both>, static_cast<std::size_t>(Count)> sums{};
  std::int64_t k = 0;
  for (; k + std::int64_t{both} <= size; k += std::int64_t{both})
    for (std::size_t r = 0; r < Count; ++r)
      for (std::size_t u = 0; u < both; ++u) sums[r][u] += x[r][k + std::int64_t(u)] * d[k + std::int64_t(u)];
  for (; k < size; k += lanes)
    for (std::size_t r = 0; r < Count; ++r)
      for (std::size_t u = 0; u < lanes; ++u) sums[r][u] += x[r][k + std::int64_t(u)] * d[k + std::int64_t(u)];
  for (std::size_t r = 0; r < Count; ++r) {
    for (std::size_t half = lanes; half > 0; half /= 2)
      for (std::size_t u = 0; u < half; ++u) sums[r][u] += sums[r][u + half];
    scales[r] *= sums[r][0];
  }
}

/// to += sum scales[r] x_r.
template <std::int64_t Count, typename Real>
[[gnu::always_inline]] inline void add_scaled_rows(const Rows<Count, Real>& x, const Scales<Count, Real>& scales,
                                                   std::int64_t size, Real* __restrict to) {
  for (std::int64_t k = 0; k < size; k += lanes)
    for (std::int64_t u = k; u < k + lanes; ++u) {
      Real sum = scales[0] * x[0][u];
      for (std::size_t r = 1; r < Count; ++r) sum += scales[r] * x[r][u];
      to[u] += sum;
    }
}

/// A run's rows in a block of features [.., stride], and their values.
template <typename Real>
struct RunView {
  const Real* x;
  std::int64_t stride;
  const std::uint8_t* rows;
  const Real* values;
  std::int64_t count;
};

template <std::int64_t Count, typename Real>
[[gnu::always_inline]] inline void add_some(const RunView<Real>& run, std::int64_t at, const Real* d, Real* to) {
  Rows<Count, Real> x;
  Scales<Count, Real> scales;
  for (std::int64_t r = 0; r < Count; ++r) {
    x[std::size_t(r)] = run.x + run.rows[at + r] * run.stride;
    scales[std::size_t(r)] = run.values[at + r];
  }
  if (d != nullptr) multiply_by_dots<Count, Real>(x, d, run.stride, scales);
  add_scaled_rows<Count, Real>(x, scales, run.stride, to);
}

/// to += sum of value (x . d) x over a run, or of value x without a d. All [stride].
template <typename Real>
[[gnu::always_inline]] inline void add_all(const RunView<Real>& run, const Real* d, Real* to) {
  std::int64_t at = 0;
  for (; at + together <= run.count; at += together) add_some<together>(run, at, d, to);
  switch (run.count - at) {
    case 3:
      return add_some<3>(run, at, d, to);
    case 2:
      return add_some<2>(run, at, d, to);
    case 1:
      return add_some<1>(run, at, d, to);
    default:
      return;
  }
}

// What a CPU has an own copy of can be no template.
POOL3_TARGET_CLONES void add_run(const RunView<float>& run, const float* d, float* to) { add_all(run, d, to); }
POOL3_TARGET_CLONES void add_run(const RunView<double>& run, const double* d, double* to) { add_all(run, d, to); }

}  // namespace

template <typename Real>
SupportProducts<Real>::SupportProducts(const Objective& objective, const Matrix<Real>& dense)
    : objective_(&objective), width_(dense.cols()), first_run_{0} {
  const std::int64_t row_bytes = whole_lanes(objective.dim() + 1) * std::int64_t{sizeof(Real)};
  block_rows_ = std::clamp<std::int64_t>(block_bytes / row_bytes, 1, most_rows);
  std::int64_t first = 0;  // row of `dense` that is in no block
  for (std::int64_t row = 0; row < dense.rows(); ++row) {
    if ((dense.row(row).array() == Real{0}).all()) continue;
    rows_.push_back(row);
    if (std::ssize(rows_) % block_rows_ == 0) add_block(dense, std::exchange(first, row + 1));
  }
  if (std::ssize(rows_) % block_rows_ != 0) add_block(dense, first);
}

/// Of the rows that have come since the last one.
template <typename Real>
void SupportProducts<Real>::add_block(const Matrix<Real>& dense, std::int64_t first_row) {
  const auto begin = std::ranges::lower_bound(rows_, first_row);
  for (std::int64_t c = 0; c < width_; ++c) {
    const std::size_t first = value_.size();
    for (auto row = begin; row != rows_.end(); ++row) {
      const Real value = dense(*row, c);
      if (value == Real{0}) continue;
      row_.push_back(static_cast<std::uint8_t>(row - begin));
      value_.push_back(value);
    }
    if (value_.size() > first) runs_.push_back({c, first, value_.size()});
  }
  first_run_.push_back(runs_.size());
}

template <typename Real>
double SupportProducts<Real>::density() const {
  const auto all = static_cast<double>(objective_->rows() * width_);
  return all > 0 ? static_cast<double>(value_.size()) / all : 0;
}

template <typename Real>
void SupportProducts<Real>::keep(const Places& columns) {
  std::vector<std::int64_t> places(index(width_), -1);
  for (std::size_t c = 0; c < columns.size(); ++c) places[index(columns[c])] = static_cast<std::int64_t>(c);
  const SupportProducts all = std::exchange(*this, SupportProducts(*objective_, Matrix<Real>(0, std::ssize(columns))));
  rows_ = all.rows_;
  for (std::size_t b = 0; b + 1 < all.first_run_.size(); ++b) {
    for (std::size_t r = all.first_run_[b]; r < all.first_run_[b + 1]; ++r) {
      const auto [column, begin, end] = all.runs_[r];
      if (places[index(column)] < 0) continue;
      runs_.push_back({places[index(column)], value_.size(), value_.size() + end - begin});
      row_.insert(row_.end(), all.row_.data() + begin, all.row_.data() + end);
      value_.insert(value_.end(), all.value_.data() + begin, all.value_.data() + end);
    }
    first_run_.push_back(runs_.size());
  }
}

/// Sets x to [features, bias, zeros] of a block's rows.
template <typename Real>
void SupportProducts<Real>::read_block(std::size_t block, FeatureRows& features, Matrix<Real>& x) const {
  const std::int64_t dim = objective_->dim();
  const RowRange some = block_range(std::ssize(rows_), block_rows_, static_cast<std::int64_t>(block));
  for (std::int64_t r = 0; r < some.size(); ++r) {
    const std::int64_t row = rows_[index(some.begin + r)];
    x.row(r).head(dim) = features({row, row + 1}).row(0).template cast<Real>();
    x(r, dim) = static_cast<Real>(objective_->bias);
  }
}

/// Sums value x over the pairs of all ranks, or value (x . direction) x if there are directions [width, stride].
/// Collective.
template <typename Real>
Matrix<Real> SupportProducts<Real>::sum_rows(const Matrix<Real>& directions) const {
  const std::int64_t stride = whole_lanes(objective_->dim() + 1);
  Matrix<Real> sums = Matrix<Real>::Zero(width_, stride), x = Matrix<Real>::Zero(block_rows_, stride);
  FeatureRows features(objective_->problem);
  for (std::size_t b = 0; b + 1 < first_run_.size(); ++b) {
    if (first_run_[b] == first_run_[b + 1]) continue;
    read_block(b, features, x);
    for (std::size_t r = first_run_[b]; r < first_run_[b + 1]; ++r) {
      const Run& run = runs_[r];
      add_run(RunView<Real>{x.data(), stride, &row_[run.begin], &value_[run.begin],
                            static_cast<std::int64_t>(run.end - run.begin)},
              directions.size() > 0 ? directions.row(run.column).data() : nullptr, sums.row(run.column).data());
    }
  }
  Matrix<Real> out = sums.leftCols(objective_->dim() + 1).transpose();
  objective_->comm.sum(numbers(out));
  return out;
}

template <typename Real>
Matrix<Real> SupportProducts<Real>::combine_rows() const {
  return sum_rows({});
}

template <typename Real>
Matrix<Real> SupportProducts<Real>::curved(const Matrix<Real>& v) const {
  Matrix<Real> directions = Matrix<Real>::Zero(width_, whole_lanes(v.rows()));
  directions.leftCols(v.rows()) = v.transpose();
  return sum_rows(directions);
}

template class SupportProducts<float>;
template class SupportProducts<double>;

}  // namespace pool3::svm
