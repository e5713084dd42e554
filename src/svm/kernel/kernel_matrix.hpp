#pragma once
// The kernel of all rows with each other, and what a column does with it.

#include <cstdint>
#include <span>
#include <vector>

#include "svm/algebra/matrix.hpp"

namespace pool3::svm {

/// Some rows, rising.
using RowList = std::vector<std::int32_t>;

/// k(i, j) = values[i, j] + shift[i] + shift[j] + constant. What all rows have in common stays out of the floats: it
/// would take their digits.
struct KernelMatrix {
  const float* values = nullptr;  ///< [rows, rows], symmetric
  std::int64_t rows = 0;
  std::span<const double> shift;  ///< [rows], or empty: 0
  double constant = 0;

  [[nodiscard]] const float* row(std::int64_t i) const { return values + i * rows; }
  [[nodiscard]] double shift_of(std::int64_t i) const {
    return shift.empty() ? 0.0 : shift[static_cast<std::size_t>(i)];
  }
  [[nodiscard]] double diagonal(std::int64_t i) const {
    return static_cast<double>(row(i)[i]) + 2 * shift_of(i) + constant;
  }
};

/// f += k u, for u of some rows: f [rows]. In double.
void add_products(const KernelMatrix& k, const RowList& rows, const std::vector<double>& u, std::span<double> f);

/// The same for several u of the same rows at once: f [columns, rows of k] += u [columns, rows] k. What a column gets
/// does not depend on the others.
void add_products(const KernelMatrix& k, const RowList& rows, const Matrix<double>& u, Matrix<double>& f);

/// The same in floats, some rows at a time: to some 1e-7 of what the products' sizes add up to.
void add_rough_products(const KernelMatrix& k, const RowList& rows, const Matrix<double>& u, Matrix<double>& f);

/// The kernel of some rows with each other: [count, count].
template <typename Real>
[[nodiscard]] Matrix<Real> gather(const KernelMatrix& k, const RowList& rows);
/// Entries [0, r] of row r of that.
template <typename Real>
void gather_row(const KernelMatrix& k, const RowList& rows, std::int64_t r, Real* out);

/// values[i, j] = exp(-gamma (squares[i] + squares[j] - 2 gram[i, j])) of rows [begin, end); 1 on the diagonal.
void rbf_rows(const float* gram, std::span<const double> squares, double gamma, std::int64_t begin, std::int64_t end,
              float* values);

}  // namespace pool3::svm
