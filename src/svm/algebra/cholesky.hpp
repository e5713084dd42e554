#pragma once
// Linear equations with a positive definite matrix of some hundred rows, many times.

#include <cstdint>

#include "svm/algebra/matrix.hpp"

namespace pool3::svm {

/// a x = b, for one or several b. The matrix is kept with a side that is a multiple of 32; the rest of it is the
/// identity.
template <typename Real>
class PositiveSystem {
 public:
  explicit PositiveSystem(std::int64_t size, std::int64_t right_sides = 1);
  /// Row of the matrix, of which [0, row] is to be set.
  [[nodiscard]] Real* row(std::int64_t row) { return a_.row(row).data(); }
  /// b, to be set; x after solve().
  [[nodiscard]] Eigen::Map<Vector<Real>> right(std::int64_t which = 0) {
    return {a_.row(a_.cols() + which).data(), size_};
  }
  /// Once. False if the matrix is not positive definite, as far as this precision can tell.
  [[nodiscard]] bool solve();

 private:
  std::int64_t size_;
  Matrix<Real> a_;  ///< [side + right sides, side]: each b is a row below the matrix
};

/// a x = b, of which the first variables are eliminated: what is left is a system of the others alone, whose matrix is
/// the Schur complement.
template <typename Real>
class PartSystem {
 public:
  /// What `first` has to be a multiple of.
  static constexpr std::int64_t step = 32;
  PartSystem(std::int64_t first, std::int64_t others);
  /// Row of the matrix, of which [0, row] is to be set.
  [[nodiscard]] Real* row(std::int64_t row) { return a_.row(row).data(); }
  /// b, to be set.
  [[nodiscard]] Eigen::Map<Vector<Real>> right() { return {a_.row(a_.cols()).data(), first_ + others_}; }
  /// Once. False if the first variables' matrix is not positive definite, as far as this precision can tell.
  [[nodiscard]] bool eliminate();
  /// The system of the others, after eliminate(): of the matrix, the part on and below the diagonal is valid.
  [[nodiscard]] auto others_matrix() const { return a_.block(first_, first_, others_, others_); }
  [[nodiscard]] auto others_right() const { return a_.row(a_.cols()).segment(first_, others_).transpose(); }
  /// The first variables where the others are these.
  [[nodiscard]] Vector<Real> first_of(const Vector<Real>& others) const;

 private:
  std::int64_t first_, others_;
  Matrix<Real> a_;  ///< [first + others, in whole squares, + 1; the same]: b is the row below the matrix
};

/// The inverse of a positive definite matrix, for the price of three factorisations.
template <typename Real>
class PositiveInverse {
 public:
  explicit PositiveInverse(std::int64_t size);
  /// Row of the matrix, of which [0, row] is to be set; of its inverse after invert().
  [[nodiscard]] Real* row(std::int64_t row) { return a_.row(row).data(); }
  [[nodiscard]] const Real* row(std::int64_t row) const { return a_.row(row).data(); }
  /// Once. False if the matrix is not positive definite, as far as this precision can tell.
  [[nodiscard]] bool invert();

 private:
  Matrix<Real> a_;  ///< [side, side], a multiple of 32
};

extern template class PartSystem<float>;
extern template class PartSystem<double>;
extern template class PositiveInverse<float>;
extern template class PositiveInverse<double>;
extern template class PositiveSystem<float>;
extern template class PositiveSystem<double>;

}  // namespace pool3::svm
