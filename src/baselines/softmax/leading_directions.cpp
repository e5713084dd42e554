#include "baselines/softmax/leading_directions.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <random>

namespace pool3::baselines {
namespace {

/// Up to so many directions, all are taken; else `few` of them.
constexpr std::int64_t many = 384, few = 256;
/// Of the trace: what keeps the Cholesky factor of dependent rows from failing.
constexpr double noise = 1e-12;

Matrix start(std::int64_t dim, std::int64_t count) {
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same numbers each time
  Matrix numbers(dim, count);
  for (float& value : baselines::numbers(numbers)) value = static_cast<float>(random()) * 0x1p-31F - 1;
  return numbers;
}

/// Makes columns orthonormal, by the Cholesky factor of their products in double. Twice, for what rounding leaves.
Matrix orthonormal(const Matrix& columns) {
  Eigen::MatrixXd wide = columns.cast<double>();
  for (int i = 0; i < 2; ++i) {
    Eigen::MatrixXd products = wide.transpose() * wide;
    products.diagonal().array() += noise * products.trace();
    const Eigen::LLT<Eigen::MatrixXd> factor(products);
    factor.matrixU().solveInPlace<Eigen::OnTheRight>(wide);
  }
  return wide.cast<float>();
}

}  // namespace

double dot(const Matrix& a, const Matrix& b) {
  double sum = 0;
  for (Eigen::Index i = 0; i < a.rows(); ++i) sum += (a.row(i).array() * b.row(i).array()).cast<double>().sum();
  return sum;
}

Leading leading_directions(const Communicator& comm, const View& x) {
  const std::int64_t dim = x.cols(), count = dim <= many ? dim : few;
  Matrix basis = Matrix::Identity(dim, count);
  if (count < dim) {
    basis.noalias() = x.transpose() * (x * start(dim, count));
    comm.sum(numbers(basis));
    basis = orthonormal(basis);
  }
  Leading lead{.rows = x * basis};
  Matrix products = lead.rows.transpose() * lead.rows;
  comm.sum(numbers(products));
  double squares = 0;
  for (Eigen::Index i = 0; i < x.rows(); ++i) squares += x.row(i).cast<double>().squaredNorm();
  squares = comm.sum(squares);
  lead.total_rows = static_cast<float>(comm.sum(static_cast<std::int64_t>(x.rows())));
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> pairs(products.cast<double>());
  const Matrix turn = pairs.eigenvectors().cast<float>();
  lead.values = pairs.eigenvalues().transpose().array().max(0.0).cast<float>();
  lead.rows = (lead.rows * turn).eval();
  lead.vectors = basis * turn;
  const double left = squares - static_cast<double>(lead.values.sum());
  if (count < dim) lead.rest = static_cast<float>(std::max(0.0, left) / static_cast<double>(dim - count));
  return lead;
}

}  // namespace pool3::baselines
