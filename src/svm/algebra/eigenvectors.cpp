#include "svm/algebra/eigenvectors.hpp"

#include <fmt/format.h>
#include <lapacke.h>

#include <new>

#include "pool3/error.hpp"

namespace pool3::svm {
namespace {

lapack_int decompose(lapack_int n, float* matrix, float* values) {
  return LAPACKE_ssyevd(LAPACK_COL_MAJOR, 'V', 'L', n, matrix, n, values);
}
lapack_int decompose(lapack_int n, double* matrix, double* values) {
  return LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'L', n, matrix, n, values);
}

template <typename Real>
EigenpairsOf<Real> pairs_of(Matrix<Real> symmetric) {
  const auto n = static_cast<lapack_int>(symmetric.rows());
  EigenpairsOf<Real> pairs{Vector<Real>(n), {}};
  // LAPACK's columns are our rows, and its lower half is our upper half. Its order is rising.
  const auto status = decompose(n, symmetric.data(), pairs.values.data());
  if (status == LAPACK_WORK_MEMORY_ERROR) throw std::bad_alloc();
  if (status != 0) throw Error({.cause = fmt::format("LAPACK's syevd failed with {}", status)});
  pairs.values.reverseInPlace();
  symmetric.colwise().reverseInPlace();
  pairs.vectors = std::move(symmetric);
  return pairs;
}

}  // namespace

Eigenpairs eigenvectors(Matrix<float> symmetric) { return pairs_of(std::move(symmetric)); }
EigenpairsOf<double> eigenvectors(Matrix<double> symmetric) { return pairs_of(std::move(symmetric)); }

}  // namespace pool3::svm
