#include "svm/kernel/kernel_matrix.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "pool3/cpu_clones.hpp"
#include "svm/model/columns.hpp"

namespace pool3::svm {
namespace {

/// Doubles of f that stay in the first cache while all rows go by.
constexpr std::int64_t tile = 1024;

/// f[begin, end) += sum u_r k_r over `count` rows, four at a time.
POOL3_CPU_CLONES void add_rows(const float* k, std::int64_t stride, const std::int32_t* rows, const double* u,
                               std::int64_t count, std::int64_t begin, std::int64_t end, double* f) {
  std::int64_t r = 0;
  for (; r + 4 <= count; r += 4) {
    const float *a = k + rows[r] * stride, *b = k + rows[r + 1] * stride, *c = k + rows[r + 2] * stride,
                *d = k + rows[r + 3] * stride;
    const double ua = u[r], ub = u[r + 1], uc = u[r + 2], ud = u[r + 3];
    for (std::int64_t j = begin; j < end; ++j)
      f[j] += (ua * static_cast<double>(a[j]) + ub * static_cast<double>(b[j])) +
              (uc * static_cast<double>(c[j]) + ud * static_cast<double>(d[j]));
  }
  for (; r < count; ++r) {
    const float* a = k + rows[r] * stride;
    for (std::int64_t j = begin; j < end; ++j) f[j] += u[r] * static_cast<double>(a[j]);
  }
}

template <typename Real>
[[gnu::always_inline]] inline void pick_entries(const float* row, const std::int32_t* at, std::int64_t count,
                                                Real* out) {
  for (std::int64_t c = 0; c < count; ++c) out[c] = static_cast<Real>(row[at[c]]);
}
POOL3_CPU_CLONES void pick(const float* row, const std::int32_t* at, std::int64_t count, float* out) {
  pick_entries(row, at, count, out);
}
POOL3_CPU_CLONES void pick(const float* row, const std::int32_t* at, std::int64_t count, double* out) {
  pick_entries(row, at, count, out);
}

/// exp(x) for x <= 0, to 1e-7 of itself: 2^n times a polynomial, without branches so that it becomes vector
/// instructions. 0 below -87.
[[gnu::always_inline]] inline float exp_of(float x) {
  constexpr float log2e = 1.44269504F, high = 0.693359375F, low = -2.12194440e-4F;
  const float inside = x < -87.0F ? -87.0F : x;
  const float n = std::floor(inside * log2e + 0.5F);
  const float r = (inside - n * high) - n * low;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * r * r + r + 1.0F;
  const std::int32_t exponent = (static_cast<std::int32_t>(n) + 127) << 23;
  const float value = p * std::bit_cast<float>(exponent);
  return x < -87.0F ? 0.0F : value;
}

POOL3_CPU_CLONES void rbf_row(const float* gram, const double* squares, double own, double gamma, std::int64_t rows,
                              float* out) {
  for (std::int64_t j = 0; j < rows; ++j) {
    const double distance = own + squares[j] - 2 * static_cast<double>(gram[j]);
    out[j] = exp_of(static_cast<float>(-gamma * (distance > 0 ? distance : 0.0)));
  }
}

/// Copies what is above the diagonal to below it.
template <typename Real>
void mirror_down(Matrix<Real>& square) {
  constexpr Eigen::Index side = 32;
  const Eigen::Index n = square.rows();
  for (Eigen::Index top = 0; top < n; top += side)
    for (Eigen::Index left = 0; left <= top; left += side)
      for (Eigen::Index i = top; i < std::min(n, top + side); ++i)
        for (Eigen::Index j = left; j < std::min(i, left + side); ++j) square(i, j) = square(j, i);
}

}  // namespace

void add_products(const KernelMatrix& k, const RowList& rows, const std::vector<double>& u, std::span<double> f) {
  const auto count = std::ssize(rows);
  for (std::int64_t begin = 0; begin < k.rows; begin += tile)
    add_rows(k.values, k.rows, rows.data(), u.data(), count, begin, std::min(begin + tile, k.rows), f.data());
  double sum = 0, shifted = 0;
  for (std::int64_t r = 0; r < count; ++r) {
    sum += u[index(r)];
    shifted += u[index(r)] * k.shift_of(rows[index(r)]);
  }
  const double common = shifted + k.constant * sum;
  if (k.shift.empty()) {
    for (double& value : f) value += common;
  } else {
    for (std::size_t j = 0; j < f.size(); ++j) f[j] += common + sum * k.shift[j];
  }
}

template <typename Real>
Matrix<Real> gather(const KernelMatrix& k, const RowList& rows) {
  const auto count = std::ssize(rows);
  Matrix<Real> out(count, count);
  Vector<Real> shift(count);
  for (std::int64_t r = 0; r < count; ++r) shift[r] = static_cast<Real>(k.shift_of(rows[index(r)]));
  for (std::int64_t r = 0; r < count; ++r) {
    pick(k.row(rows[index(r)]), rows.data() + r, count - r, out.row(r).data() + r);
    const auto own = static_cast<Real>(k.shift_of(rows[index(r)]) + k.constant);
    out.row(r).tail(count - r).array() += shift.tail(count - r).transpose().array() + own;
  }
  mirror_down(out);
  return out;
}

void rbf_rows(const float* gram, std::span<const double> squares, double gamma, std::int64_t begin, std::int64_t end,
              float* values) {
  const auto rows = std::ssize(squares);
  for (std::int64_t i = begin; i < end; ++i) {
    rbf_row(gram + i * rows, squares.data(), squares[index(i)], gamma, rows, values + i * rows);
    values[i * rows + i] = 1.0F;
  }
}

template Matrix<float> gather(const KernelMatrix&, const RowList&);
template Matrix<double> gather(const KernelMatrix&, const RowList&);

}  // namespace pool3::svm
