#include "svm/kernel/kernel_matrix.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "pool3/numbers/target_clones.hpp"
#include "pool3/partition.hpp"
#include "svm/algebra/exponential.hpp"
#include "svm/algebra/gather_entries.hpp"
#include "svm/model/columns.hpp"

namespace pool3::svm {
namespace {

/// Doubles of f that stay in the first cache while all rows go by.
constexpr std::int64_t tile = 1024;

/// f[begin, end) += sum u_r k_r over `count` rows, four at a time.
POOL3_TARGET_CLONES void add_rows(const float* k, std::int64_t stride, const std::int32_t* rows, const double* u,
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

/// Columns of margins whose sums stay in registers, for some lanes of each, while rows of the kernel go by.
constexpr std::size_t together = 5;
template <typename Real>
constexpr std::size_t lanes = 128 / sizeof(Real);
template <typename Real>
using Lanes = std::array<Real, lanes<Real>>;
/// Numbers of the kernel's rows that are read at once.
constexpr std::int64_t strip = 64;
/// Rows whose strips stay in the first cache as floats, and whose sums stay floats. As doubles, those of all rows stay
/// in the second.
constexpr std::int64_t rough_rows = 128;
/// The memory is asked for rows so far ahead: they lie apart.
constexpr std::int64_t ahead = 12, line_floats = 16;

/// Strips of these rows: out[rows, strip], of which `some` are numbers of the kernel, and the others zeros.
template <typename Real>
[[gnu::always_inline]] inline void read_strips(const float* k, std::int64_t stride, const std::int32_t* rows,
                                               std::int64_t count, std::int64_t begin, std::int64_t some, Real* out) {
  for (std::int64_t r = 0; r < count; ++r) {
    const float* from = k + rows[r] * stride + begin;
    const float* next = k + rows[std::min(r + ahead, count - 1)] * stride + begin;
    for (std::int64_t j = 0; j < strip; j += line_floats) __builtin_prefetch(next + j);
    Real* to = out + r * strip;
    if (some == strip) {
      for (std::int64_t j = 0; j < strip; ++j) to[j] = static_cast<Real>(from[j]);
    } else {
      for (std::int64_t j = 0; j < some; ++j) to[j] = static_cast<Real>(from[j]);
      for (std::int64_t j = some; j < strip; ++j) to[j] = 0;
    }
  }
}

/// to[c] = sum over rows of u[row, c] k[row], of some lanes of the strips.
template <typename Real>
[[gnu::always_inline]] inline void add_lanes(const Real* k, std::int64_t count, const Real* u, std::int64_t u_stride,
                                             Lanes<Real>* to) {
  alignas(64) std::array<Lanes<Real>, together> sums{};
  for (std::int64_t r = 0; r < count; ++r)
    for (std::size_t c = 0; c < together; ++c)
      for (std::size_t l = 0; l < lanes<Real>; ++l)
        sums[c][l] += u[r * u_stride + std::int64_t(c)] * k[r * strip + std::int64_t(l)];
  for (std::size_t c = 0; c < together; ++c) to[c] = sums[c];
}

// What a CPU has an own copy of can be no template.
POOL3_TARGET_CLONES void read_doubles(const float* k, std::int64_t stride, const std::int32_t* rows, std::int64_t count,
                                      std::int64_t begin, std::int64_t some, double* out) {
  read_strips(k, stride, rows, count, begin, some, out);
}
POOL3_TARGET_CLONES void read_floats(const float* k, std::int64_t stride, const std::int32_t* rows, std::int64_t count,
                                     std::int64_t begin, std::int64_t some, float* out) {
  read_strips(k, stride, rows, count, begin, some, out);
}
POOL3_TARGET_CLONES void add_doubles(const double* k, std::int64_t count, const double* u, std::int64_t u_stride,
                                     Lanes<double>* to) {
  add_lanes(k, count, u, u_stride, to);
}
POOL3_TARGET_CLONES void add_floats(const float* k, std::int64_t count, const float* u, std::int64_t u_stride,
                                    Lanes<float>* to) {
  add_lanes(k, count, u, u_stride, to);
}

/// The functions above for one type.
template <typename Real>
struct StripWork {
  void (*read)(const float*, std::int64_t, const std::int32_t*, std::int64_t, std::int64_t, std::int64_t, Real*);
  void (*add)(const Real*, std::int64_t, const Real*, std::int64_t, Lanes<Real>*);
  std::int64_t rows;  ///< at once
};

POOL3_TARGET_CLONES void rbf_row(const float* gram, const double* squares, double own, double gamma, std::int64_t rows,
                                 float* out) {
  for (std::int64_t j = 0; j < rows; ++j) {
    const double distance = own + squares[j] - 2 * static_cast<double>(gram[j]);
    out[j] = exp_of(static_cast<float>(-gamma * (distance > 0 ? distance : 0.0)));
  }
}

/// What the shifts and the constant add to f += k u.
void add_common(const KernelMatrix& k, const RowList& rows, std::span<const double> u, std::span<double> f) {
  double sum = 0, shifted = 0;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    sum += u[r];
    shifted += u[r] * k.shift_of(rows[r]);
  }
  const double common = shifted + k.constant * sum;
  if (k.shift.empty()) {
    for (double& value : f) value += common;
  } else {
    for (std::size_t j = 0; j < f.size(); ++j) f[j] += common + sum * k.shift[j];
  }
}

/// f[c] += sum over rows of u[c, row] k[row], strip by strip of the kernel, some rows at once.
template <typename Real>
void add_by_strips(const KernelMatrix& k, const RowList& rows, const Matrix<double>& u, Matrix<double>& f,
                   const StripWork<Real>& work) {
  const Eigen::Index columns = u.rows(), count = u.cols();
  constexpr auto group = static_cast<Eigen::Index>(together);
  const Eigen::Index whole = (columns + group - 1) / group * group;
  Matrix<Real> turned = Matrix<Real>::Zero(count, whole);
  turned.leftCols(columns) = u.transpose().template cast<Real>();
  std::vector<Real, Eigen::aligned_allocator<Real>> strips(index(std::min(work.rows, count) * strip));
  alignas(64) std::array<Lanes<Real>, together> sums{};
  const auto add = [&](RowRange some_rows, RowRange some) {
    work.read(k.values, k.rows, rows.data() + some_rows.begin, some_rows.size(), some.begin, some.size(),
              strips.data());
    for (Eigen::Index c = 0; c < columns; c += group)
      for (std::int64_t at = some.begin; at < some.end; at += std::int64_t{lanes<Real>}) {
        work.add(strips.data() + (at - some.begin), some_rows.size(), turned.row(some_rows.begin).data() + c, whole,
                 sums.data());
        const std::int64_t width = std::min<std::int64_t>(lanes<Real>, some.end - at);
        for (Eigen::Index r = c; r < std::min(c + group, columns); ++r)
          for (std::int64_t l = 0; l < width; ++l) f(r, at + l) += static_cast<double>(sums[index(r - c)][index(l)]);
      }
  };
  for (std::int64_t s = 0; s < block_count(k.rows, strip); ++s)
    for (std::int64_t b = 0; b < block_count(count, work.rows); ++b)
      add(block_range(count, work.rows, b), block_range(k.rows, strip, s));
  for (Eigen::Index c = 0; c < columns; ++c) {
    const double* const of_column = u.row(c).data();
    add_common(k, rows, {of_column, index(count)}, {f.row(c).data(), index(f.cols())});
  }
}

}  // namespace

void add_products(const KernelMatrix& k, const RowList& rows, const std::vector<double>& u, std::span<double> f) {
  const auto count = std::ssize(rows);
  for (std::int64_t begin = 0; begin < k.rows; begin += tile)
    add_rows(k.values, k.rows, rows.data(), u.data(), count, begin, std::min(begin + tile, k.rows), f.data());
  add_common(k, rows, u, f);
}

void add_products(const KernelMatrix& k, const RowList& rows, const Matrix<double>& u, Matrix<double>& f) {
  add_by_strips<double>(k, rows, u, f, {read_doubles, add_doubles, std::max<std::int64_t>(u.cols(), 1)});
}

void add_rough_products(const KernelMatrix& k, const RowList& rows, const Matrix<double>& u, Matrix<double>& f) {
  add_by_strips<float>(k, rows, u, f, {read_floats, add_floats, rough_rows});
}

template <typename Real>
void gather_row(const KernelMatrix& k, const RowList& rows, std::int64_t r, Real* out) {
  pick(k.row(rows[index(r)]), rows.data(), r + 1, out);
  if (k.shift.empty() && k.constant == 0) return;
  const double own = k.shift_of(rows[index(r)]) + k.constant;
  for (std::int64_t c = 0; c <= r; ++c) out[c] += static_cast<Real>(own + k.shift_of(rows[index(c)]));
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
  mirror(out);
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

template void gather_row(const KernelMatrix&, const RowList&, std::int64_t, float*);
template void gather_row(const KernelMatrix&, const RowList&, std::int64_t, double*);
template Matrix<float> gather(const KernelMatrix&, const RowList&);
template Matrix<double> gather(const KernelMatrix&, const RowList&);

}  // namespace pool3::svm
