#pragma once
// The leading directions of the rows: where most of the work is done, at a fraction of its price.

#include "baselines/softmax/matrix.hpp"
#include "pool3/mpi.hpp"

namespace pool3::baselines {

struct Leading {
  Matrix vectors;        ///< [dim, count], orthonormal columns: about the leading eigenvectors of X^T X
  PerColumn values;      ///< [count] their eigenvalues, over the rows of all ranks
  float rest = 0;        ///< mean of the other eigenvalues
  float total_rows = 0;  ///< of all ranks
  Matrix rows;           ///< [rows, count] this rank's rows in these directions
  [[nodiscard]] bool all() const { return vectors.rows() == vectors.cols(); }
};

/// By one step of subspace iteration from a fixed start (Halko, Martinsson, Tropp 2011); all directions where there are
/// few. Collective; the same on every rank but for `rows`.
[[nodiscard]] Leading leading_directions(const Communicator& comm, const View& x);

}  // namespace pool3::baselines
