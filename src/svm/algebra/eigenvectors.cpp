#include "svm/algebra/eigenvectors.hpp"

#include <fmt/format.h>
#include <lapacke.h>

#include "pool3/error.hpp"

namespace pool3::svm {

Eigenpairs eigenvectors(Matrix<float> symmetric) {
  const auto n = static_cast<lapack_int>(symmetric.rows());
  Eigenpairs pairs{Vector<float>(n), {}};
  // LAPACK's columns are our rows, and its lower half is our upper half. Its order is rising.
  const auto status = LAPACKE_ssyevd(LAPACK_COL_MAJOR, 'V', 'L', n, symmetric.data(), n, pairs.values.data());
  if (status != 0) throw Error({.stage = "train", .cause = fmt::format("LAPACK's ssyevd failed with {}", status)});
  pairs.values.reverseInPlace();
  symmetric.colwise().reverseInPlace();
  pairs.vectors = std::move(symmetric);
  return pairs;
}

}  // namespace pool3::svm
