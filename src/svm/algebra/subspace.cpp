#include "svm/algebra/subspace.hpp"

#include <Eigen/Cholesky>
#include <random>

#include "pool3/partition.hpp"

namespace pool3::svm {
namespace {

/// As many passes of conjugate gradients as with exact eigenpairs; with one fewer, 6 % more at C = 100, with none, no
/// end.
constexpr int iterations = 2;

/// Rows of numbers that have no direction in common with anything.
Matrix<float> start(std::int64_t count, std::int64_t dim) {
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same numbers each time
  Matrix<float> rows(count, dim);
  for (float& value : numbers(rows)) value = static_cast<float>(random()) * 0x1p-31F - 1;
  return rows;
}

/// rows * symmetric. Collective: each rank takes a share of the rows.
Matrix<float> product(const Communicator& comm, const Matrix<float>& rows, const Matrix<float>& symmetric) {
  const RowRange mine = even_share(rows.rows(), comm.size(), comm.rank());
  Matrix<float> all = Matrix<float>::Zero(rows.rows(), rows.cols());
  all.middleRows(mine.begin, mine.size()).noalias() = rows.middleRows(mine.begin, mine.size()) * symmetric;
  comm.sum(numbers(all));
  return all;
}

/// Of the trace: what keeps the Cholesky factor of dependent rows from failing. Doubles have 1e-16.
constexpr double noise = 1e-13;

/// Makes rows orthonormal that span the same, by the Cholesky factor of their products. Rows that hardly differ from
/// others become short ones, and count little.
void orthonormalise(Matrix<float>& rows) {
  const Matrix<double> wide = rows.cast<double>();
  Matrix<double> products = Matrix<double>::Zero(rows.rows(), rows.rows());
  products.selfadjointView<Eigen::Lower>().rankUpdate(wide);
  products.diagonal().array() += noise * products.trace();
  const Eigen::LLT<Matrix<double>, Eigen::Lower> factor(products);
  const Matrix<float> lower = Matrix<double>(factor.matrixL()).cast<float>();
  lower.triangularView<Eigen::Lower>().solveInPlace(rows);
}

}  // namespace

Eigenpairs largest_eigenpairs(const Communicator& comm, const Matrix<float>& symmetric, std::int64_t count) {
  Matrix<float> basis = product(comm, start(count, symmetric.rows()), symmetric);
  orthonormalise(basis);
  for (int i = 0; i < iterations; ++i) {
    basis = product(comm, basis, symmetric);
    orthonormalise(basis);
  }
  const Matrix<float> image = product(comm, basis, symmetric);
  Eigenpairs inside;
  comm.all_do([&] {
    Matrix<float> small(count, count);
    small.noalias() = image * basis.transpose();
    inside = eigenvectors(std::move(small));
  });
  Eigenpairs pairs{std::move(inside.values), Matrix<float>(count, symmetric.rows())};
  pairs.vectors.noalias() = inside.vectors * basis;
  return pairs;
}

}  // namespace pool3::svm
