#pragma once
// The largest eigenpairs of a symmetric matrix, by products alone, which ranks share.

#include "pool3/mpi.hpp"
#include "svm/algebra/eigenvectors.hpp"

namespace pool3::svm {

/// About the `count` largest eigenpairs of a symmetric matrix of no negative eigenvalues, both halves of which are
/// there, the same on every rank. By subspace iteration from a fixed start: products of the matrix with `count`
/// vectors, which the ranks share out by vector, and small problems that each solves. The last of them are rough where
/// eigenvalues fall slowly. The same on every rank. Collective; throws a collective Error.
[[nodiscard]] Eigenpairs largest_eigenpairs(const Communicator& comm, const Matrix<float>& symmetric,
                                            std::int64_t count);

}  // namespace pool3::svm
