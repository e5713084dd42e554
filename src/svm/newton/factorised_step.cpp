#include "svm/newton/factorised_step.hpp"

#include <Eigen/Cholesky>
#include <cmath>

#include "svm/model/feature_rows.hpp"

namespace pool3::svm {
namespace {

constexpr std::int64_t few_features = 256;
constexpr std::int64_t panel_rows = 64;

/// sum h x x^T of a column over the rows of all ranks, bias included, below the diagonal. Collective.
Matrix<double> curvature_matrix(const Objective& objective, const Matrix<double>& curvature, std::int64_t column) {
  const std::int64_t dim = objective.dim();
  Matrix<double> out = Matrix<double>::Zero(dim + 1, dim + 1), panel(panel_rows, dim + 1);
  FeatureRows features(objective.problem);
  std::int64_t filled = 0;
  const auto add_panel = [&] {
    if (filled > 0) out.selfadjointView<Eigen::Lower>().rankUpdate(panel.topRows(filled).transpose());
    filled = 0;
  };
  for (std::int64_t i = 0; i < objective.rows(); ++i) {
    const double root = std::sqrt(curvature(i, column));
    if (root == 0) continue;
    panel.row(filled).head(dim) = root * features({i, i + 1}).cast<double>();
    panel(filled++, dim) = root * objective.bias;
    if (filled == panel_rows) add_panel();
  }
  add_panel();
  objective.comm.sum(numbers(out));
  return out;
}

}  // namespace

bool has_few_features(const Objective& objective) { return objective.dim() < few_features; }

Matrix<double> factorised_step(const Objective& objective, const Matrix<double>& curvature,
                               const Matrix<double>& right) {
  Matrix<double> out = Matrix<double>::Zero(right.rows(), right.cols());
  for (Eigen::Index c = 0; c < right.cols(); ++c) {
    Matrix<double> matrix = curvature_matrix(objective, curvature, c);
    matrix.diagonal().array() += 1;
    const Eigen::LLT<Matrix<double>> factor(matrix);
    if (factor.info() == Eigen::Success) out.col(c) = factor.solve(right.col(c));
  }
  return out;
}

}  // namespace pool3::svm
