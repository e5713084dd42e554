#include "baselines/softmax/point.hpp"

#include <cmath>

#include "pool3/partition.hpp"

namespace pool3::baselines {
namespace {

/// Rows whose margins stay in the cache between the two products of a pass.
constexpr std::int64_t panel_rows = 256;
constexpr double enough_descent = 1e-4, rounding = 1e-8, least_step = 1e-6;

/// Sum over this rank's rows of rows^T u, u made by `make(range, panel of rows)`: [directions + 1, classes].
/// Collective.
template <typename Make>
Matrix combined(const CrossEntropy& loss, const View& rows, Eigen::Index classes, const Make& make) {
  const Eigen::Index directions = rows.cols();
  Matrix sum = Matrix::Zero(directions + 1, classes), u;
  for (std::int64_t b = 0; b < block_count(rows.rows(), panel_rows); ++b) {
    const RowRange range = block_range(rows.rows(), panel_rows, b);
    const auto panel = rows.middleRows(range.begin, range.size());
    make(range, panel, u);
    sum.topRows(directions).noalias() += panel.transpose() * u;
    sum.row(directions) += u.colwise().sum();
  }
  loss.comm.sum(numbers(sum));
  return sum;
}

/// Half the square of all weights but the intercepts.
double penalty(const Matrix& w) {
  double sum = 0;
  for (Eigen::Index j = 0; j + 1 < w.rows(); ++j) sum += w.row(j).cast<double>().squaredNorm();
  return sum / 2;
}

}  // namespace

double probabilities(const CrossEntropy& loss, const Matrix& f, Matrix& p) {
  double sum = 0;
  p.resize(f.rows(), f.cols());
  for (Eigen::Index i = 0; i < f.rows(); ++i) {
    const float truth = f(i, loss.labels[index(i)]);
    p.row(i).array() = f.row(i).array() + loss.closed;
    const float most = p.row(i).maxCoeff();
    p.row(i).array() = (p.row(i).array() - most).exp();
    const float total = p.row(i).sum();
    p.row(i) /= total;
    const double lost = std::log(static_cast<double>(total)) + static_cast<double>(most) - static_cast<double>(truth);
    if (loss.cost[i] > 0) sum += static_cast<double>(loss.cost[i]) * lost;
  }
  return loss.comm.sum(sum);
}

Matrix margins(const View& rows, const Matrix& w) {
  Matrix f(rows.rows(), w.cols());
  f.noalias() = rows * w.topRows(rows.cols());
  f.rowwise() += w.row(rows.cols());
  return f;
}

Matrix gradient(const CrossEntropy& loss, const View& rows, const Point& at) {
  Matrix sum = combined(loss, rows, at.p.cols(), [&](RowRange range, const auto&, Matrix& u) {
    u = at.p.middleRows(range.begin, range.size());
    for (Eigen::Index i = 0; i < u.rows(); ++i) {
      u(i, loss.labels[index(range.begin + i)]) -= 1;
      u.row(i) *= loss.cost[range.begin + i];
    }
  });
  sum.topRows(rows.cols()) += at.w.topRows(rows.cols());
  return sum;
}

Matrix curved(const CrossEntropy& loss, const View& rows, const Point& at, const Matrix& direction) {
  const Eigen::Index directions = rows.cols();
  Matrix sum = combined(loss, rows, at.p.cols(), [&](RowRange range, const auto& panel, Matrix& u) {
    u.noalias() = panel * direction.topRows(directions);
    for (Eigen::Index i = 0; i < u.rows(); ++i) {
      const auto p = at.p.row(range.begin + i).array();
      auto row = u.row(i).array();
      row = (row + direction.row(directions).array()) * p;
      row = (row - p * row.sum()) * loss.cost[range.begin + i];
    }
  });
  sum.topRows(directions) += direction.topRows(directions);
  return sum;
}

int newton_step(const CrossEntropy& loss, const Space& space, const Matrix& gradient, const StepOptions& options,
                Point& at) {
  space.prepare(at.p, loss);
  Matrix step = Matrix::Zero(gradient.rows(), gradient.cols()), left = -gradient;
  Matrix better = space.precondition(left), direction = better;
  double before = dot(left, better);
  const double enough = options.accuracy * options.accuracy * before;
  int passes = 0;
  while (before > enough && before > 0 && passes < options.most) {
    const Matrix image = curved(loss, space.rows, at, direction);
    ++passes;
    const double curvature = dot(direction, image);
    if (!(curvature > 0)) break;
    const auto length = static_cast<float>(before / curvature);
    step += length * direction;
    left -= length * image;
    better = space.precondition(left);
    const double now = dot(left, better);
    direction = better + static_cast<float>(now / before) * direction;
    before = now;
  }
  const Matrix change = margins(space.rows, step);
  const double slope = dot(gradient, step);
  Point next;
  for (double size = 1; size > least_step; size /= 2) {
    const auto s = static_cast<float>(size);
    next.w = at.w + s * step;
    next.f = at.f + s * change;
    next.objective = probabilities(loss, next.f, next.p) + penalty(next.w) + options.constant;
    if (next.objective <= at.objective + enough_descent * size * slope + rounding * std::abs(at.objective)) {
      at = std::move(next);
      break;
    }
  }
  return passes;
}

}  // namespace pool3::baselines
