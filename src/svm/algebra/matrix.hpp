#pragma once
// The matrices of the solver. They are row-major throughout: a row's features are one run of memory, and so are its
// numbers in all columns of the problem. Products are those of BLAS (EIGEN_USE_BLAS), and each matrix starts with a
// cache line (EIGEN_MAX_ALIGN_BYTES).

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

namespace pool3::svm {

template <typename Real>
using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <typename Real>
using Vector = Eigen::Matrix<Real, Eigen::Dynamic, 1>;
/// A number for each column of a matrix.
template <typename Real>
using PerColumn = Eigen::Array<Real, 1, Eigen::Dynamic>;
using Sums = PerColumn<double>;
/// Some columns of a matrix, rising.
using Places = std::vector<std::int64_t>;

/// All numbers of a matrix where they lie, for sums over ranks.
template <typename Derived>
[[nodiscard]] std::span<typename Derived::Scalar> numbers(Eigen::PlainObjectBase<Derived>& of) {
  return {of.data(), static_cast<std::size_t>(of.size())};
}
template <typename Derived>
[[nodiscard]] std::span<const typename Derived::Scalar> numbers(const Eigen::PlainObjectBase<Derived>& of) {
  return {of.data(), static_cast<std::size_t>(of.size())};
}

/// a . b of each column, in double.
template <typename Real>
[[nodiscard]] Sums column_dots(const Matrix<Real>& a, const Matrix<Real>& b);
/// to[:, columns] += from * step, a factor for each column.
template <typename Real>
void add_scaled(Matrix<Real>& to, const Places& columns, const Matrix<Real>& from, const Sums& step);
/// Some of the numbers, columns, ...
template <typename T>
[[nodiscard]] T picked(const T& from, const Places& places) {
  return from(Eigen::all, places);
}
/// Sets c to a a^T, at half the price of a product.
void set_row_products(const Eigen::Ref<const Matrix<float>>& a, Matrix<float>& c);
/// Copies the part above the diagonal of a square to below it.
template <typename Real>
void mirror(Matrix<Real>& square);

}  // namespace pool3::svm
