#include "svm/newton/eigenbasis.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "svm/algebra/eigenvectors.hpp"
#include "svm/algebra/subspace.hpp"
#include "svm/model/feature_rows.hpp"

namespace pool3::svm {
namespace {

/// With few rows, eigenvalues below this part of the first are noise.
constexpr double noise = 1e-5;

/// Rows, for each feature, that stand for all: a preconditioner need not be exact.
constexpr std::int64_t rows_per_feature = 8;
/// Of one matrix product.
constexpr std::int64_t rows_of_moments = 1024;

/// Eigenvectors that are found where there are more than twice as many: conjugate gradients take as many passes as with
/// all of them.
constexpr std::int64_t leading = 512;

/// Sets the eigenbasis to the leading eigenpairs of `moments`, times `each`, and the mean of all others. Collective.
void set_leading(const Communicator& comm, Matrix<float> moments, double each, Eigenbasis& basis) {
  mirror(moments);
  const std::int64_t others = moments.rows() - leading;
  Eigenpairs pairs = largest_eigenpairs(comm, moments, leading);
  basis.vectors = std::move(pairs.vectors);
  basis.values.head(leading) = each * pairs.values.transpose().cast<double>().array().max(0.0);
  const double rest = each * moments.diagonal().cast<double>().sum() - basis.values.head(leading).sum();
  basis.values.tail(others) = std::max(0.0, rest) / static_cast<double>(others);
}

/// Sets the root's eigenbasis from X^T X. Collective.
void from_moments(const Objective& objective, Eigenbasis& basis) {
  const std::int64_t dim = objective.dim();
  Matrix<float> moments = Matrix<float>::Zero(dim, dim);
  const double part = std::min(1.0, static_cast<double>(rows_per_feature * dim) / basis.rows);
  const auto used = static_cast<std::int64_t>(std::ceil(part * static_cast<double>(objective.rows())));
  for_each_panel<float>(objective.problem, rows_of_moments, [&](RowRange rows, const RowsView<float>& x) {
    const auto some = std::clamp<std::int64_t>(used - rows.begin, 0, rows.size());
    if (some > 0) moments.selfadjointView<Eigen::Upper>().rankUpdate(x.topRows(some).transpose());
  });
  const double each = basis.rows / static_cast<double>(objective.comm.sum(used));
  objective.comm.sum(numbers(moments));
  if (dim > 2 * leading) return set_leading(objective.comm, std::move(moments), each, basis);
  objective.comm.root_does([&] {
    Eigenpairs pairs = eigenvectors(std::move(moments));
    basis.values = each * pairs.values.transpose().cast<double>().array().max(0.0);
    basis.vectors = std::move(pairs.vectors);
  });
}

/// The rows of all ranks, on the root. They are fewer than the columns. Collective.
Matrix<float> gather_rows(const Objective& objective) {
  FeatureRows features(objective.problem);
  const auto mine = features({0, objective.rows()});
  const auto* bytes = reinterpret_cast<const char*>(mine.data());
  std::string all;
  for (const std::string& part :
       objective.comm.gather(std::string(bytes, static_cast<std::size_t>(mine.size()) * sizeof(float))))
    all += part;
  Matrix<float> rows(static_cast<Eigen::Index>(all.size() / sizeof(float)) / objective.dim(), objective.dim());
  std::copy_n(all.data(), all.size(), reinterpret_cast<char*>(rows.data()));
  return rows;
}

/// Sets the root's eigenbasis from X X^T: if u is an eigenvector of it, X^T u is one of X^T X. Collective.
void from_rows(const Objective& objective, Eigenbasis& basis) {
  const Matrix<float> x = gather_rows(objective);
  objective.comm.root_does([&] {
    Matrix<float> products;
    set_row_products(x, products);
    const Eigenpairs pairs = eigenvectors(std::move(products));
    basis.vectors.noalias() = pairs.vectors * x;
    for (Eigen::Index k = 0; k < x.rows(); ++k) {
      const auto value = static_cast<double>(pairs.values[k]);
      if (value <= noise * static_cast<double>(pairs.values[0])) break;
      basis.values[k] = value;
      basis.vectors.row(k) *= static_cast<float>(1.0 / std::sqrt(value));
    }
  });
}

}  // namespace

Eigenbasis compute_eigenbasis(const Objective& objective) {
  const std::int64_t dim = objective.dim(), rows = objective.rows_of_all_ranks();
  const bool few_rows = rows < dim && (rows <= 2 * leading || dim <= 2 * leading);
  const std::int64_t found = few_rows ? rows : dim > 2 * leading ? leading : dim;
  Eigenbasis basis{Matrix<float>(found, dim), Sums::Zero(dim), static_cast<double>(rows)};
  if (few_rows)
    from_rows(objective, basis);
  else
    from_moments(objective, basis);
  objective.comm.broadcast(numbers(basis.values));
  objective.comm.broadcast(numbers(basis.vectors));
  return basis;
}

Eigenbasis no_eigenbasis(const Objective& objective) {
  return {{}, Sums::Zero(objective.dim()), static_cast<double>(objective.rows_of_all_ranks())};
}

}  // namespace pool3::svm
