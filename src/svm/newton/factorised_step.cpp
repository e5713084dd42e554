#include "svm/newton/factorised_step.hpp"

#include <algorithm>
#include <cmath>

#include "svm/algebra/cholesky.hpp"
#include "svm/algebra/matrix.hpp"
#include "svm/model/feature_rows.hpp"

namespace pool3::svm {
namespace {

constexpr std::int64_t few_features = 256;
constexpr std::int64_t panel_rows = 64;

/// sum h x x^T of a column over the rows of all ranks, bias included: [dim + 1, dim + 1]. Collective.
Doubles curvature_matrix(const Point& point, const Doubles& curvature, std::size_t column, std::size_t width) {
  const std::int64_t side = point.problem.dim + 1;
  Doubles out(index(side * side), 0.0), panel(index(panel_rows * side));
  FeatureRows features(point.problem);
  std::int64_t filled = 0;
  const auto add_panel = [&] {
    add_transposed_product(side, side, filled, panel.data(), panel.data(), out.data());
    filled = 0;
  };
  for (std::int64_t i = 0; i < point.problem.rows; ++i) {
    const double root = std::sqrt(curvature[index(i) * width + column]);
    if (root == 0) continue;
    const float* x = features({i, i + 1});
    double* row = panel.data() + filled++ * side;
    std::transform(x, x + side - 1, row, [&](float value) { return root * static_cast<double>(value); });
    row[side - 1] = root * point.bias;
    if (filled == panel_rows) add_panel();
  }
  add_panel();
  point.comm.sum(std::span<double>(out));
  return out;
}

}  // namespace

bool has_few_features(const Problem& problem) { return problem.dim < few_features; }

Doubles solve_directly(const Point& point, const Doubles& curvature, const Doubles& right) {
  const std::size_t side = index(point.problem.dim + 1), width = right.size() / side;
  Doubles out(right.size(), 0.0);
  for (std::size_t c = 0; c < width; ++c) {
    const Doubles matrix = curvature_matrix(point, curvature, c, width);
    PositiveSystem<double> system(static_cast<std::int64_t>(side));
    for (std::size_t k = 0; k < side; ++k) {
      double* row = system.row(static_cast<std::int64_t>(k));
      std::copy_n(matrix.data() + k * side, k + 1, row);
      row[k] += 1;
      system.right()[k] = right[k * width + c];
    }
    if (!system.solve()) continue;
    for (std::size_t k = 0; k < side; ++k) out[k * width + c] = system.right()[k];
  }
  return out;
}

}  // namespace pool3::svm
