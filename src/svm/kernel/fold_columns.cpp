#include "svm/kernel/fold_columns.hpp"

#include <utility>

#include "svm/algebra/add_row.hpp"
#include "svm/algebra/cholesky.hpp"
#include "svm/kernel/shared_inverse.hpp"
#include "svm/model/columns.hpp"

namespace pool3::svm {
namespace {

constexpr int most_steps = 8;
/// Rows whose margin is nearer to 1 than this may get a dual variable in a fold.
constexpr double reach = 0.25;
/// At most such a share of the others, or so many. Twice the rows take eight times as long, but a column that lacks
/// some is solved again where the tolerance is below a coarse one.
struct Near {
  double share;
  std::size_t count;
};
constexpr double coarse = 5e-3;
Near most_near(double tolerance) { return tolerance < coarse ? Near{0.1, 64} : Near{0.03, 16}; }

/// Rows with a dual variable, and the nearest of the others.
RowList base_rows(const KernelColumn& c, const KernelPoint& p, const Near& most) {
  RowList rows;
  std::vector<NearRow> near;
  for (std::size_t i = 0; i < p.v.size(); ++i) {
    if (!(c.cost[i] > 0)) continue;
    const double slack = 1 - static_cast<double>(c.y[i]) * p.f[i];
    const auto row = static_cast<std::int32_t>(i);
    if (p.v[i] != 0) {
      rows.push_back(row);
    } else if (slack > -reach) {
      near.push_back({-slack, row});
    }
  }
  return with_nearest(std::move(rows), std::move(near), most.share, most.count);
}

template <typename Real>
class FoldSteps {
 public:
  FoldSteps(const KernelMatrix& kernel, const KernelColumn& c, const RowList& rows)
      : inverse_(std::ssize(rows)), y_(std::ssize(rows)), all_(Vector<Real>::Zero(std::ssize(rows))) {
    for (std::int64_t r = 0; r < std::ssize(rows); ++r) {
      gather_row(kernel, rows, r, inverse_.row(r));
      inverse_.row(r)[r] += static_cast<Real>(0.5 / static_cast<double>(c.cost[index(rows[index(r)])]));
      y_[r] = static_cast<Real>(c.y[index(rows[index(r)])]);
    }
    sound_ = inverse_.invert();
    for (std::int64_t r = 0; r < std::ssize(rows) && sound_; ++r)
      add_row(inverse_.row(r), y_[r], y_.size(), all_.data());
    sound_ = sound_ && all_.allFinite();
  }
  [[nodiscard]] bool is_sound() const { return sound_; }

  /// v of the rows, where `left_out` and all that would have the wrong sign have none. `out`: who starts without.
  [[nodiscard]] Vector<Real> solve(const std::vector<std::uint8_t>& left_out, std::vector<std::uint8_t> out) const {
    Vector<Real> v = all_;
    for (int step = 0; step < most_steps; ++step) {
      RowList none;
      for (std::size_t r = 0; r < out.size(); ++r)
        if (out[r] != 0) none.push_back(static_cast<std::int32_t>(r));
      const Vector<Real> lambda = slopes(none);
      v = all_;
      for (std::size_t t = 0; t < none.size(); ++t)
        add_row(inverse_.row(none[t]), lambda[Eigen::Index(t)], v.size(), v.data());
      bool changed = false;
      for (std::size_t r = 0; r < out.size(); ++r)
        if (out[r] == 0 && !(y_[Eigen::Index(r)] * v[Eigen::Index(r)] >= 0)) {
          out[r] = 1;
          changed = true;
        }
      for (std::size_t t = 0; t < none.size(); ++t) {
        const auto r = index(none[t]);
        v[none[t]] = 0;
        if (left_out[r] != 0 || !(y_[none[t]] * lambda[Eigen::Index(t)] < 0)) continue;
        out[r] = 0;
        changed = true;
      }
      if (!changed) break;
    }
    for (Eigen::Index r = 0; r < v.size(); ++r)
      if (!(y_[r] * v[r] > 0)) v[r] = 0;
    return v;
  }

 private:
  /// Of the dual along the variables of these rows, where they are 0: inverse_NN slopes = -all_N.
  [[nodiscard]] Vector<Real> slopes(const RowList& none) const {
    PositiveSystem<Real> system(std::ssize(none));
    for (std::int64_t r = 0; r < std::ssize(none); ++r) {
      const Real* from = inverse_.row(none[index(r)]);
      Real* to = system.row(r);
      for (std::int64_t s = 0; s <= r; ++s) to[s] = from[none[index(s)]];
      system.right()[r] = -all_[none[index(r)]];
    }
    if (!system.solve()) return Vector<Real>::Zero(std::ssize(none));
    return system.right();
  }

  PositiveInverse<Real> inverse_;
  Vector<Real> y_, all_;  ///< all_: v where every row has one
  bool sound_ = false;
};

template <typename Real>
std::vector<KernelPoint> start(const KernelMatrix& kernel, const KernelColumn& column, const KernelPoint& answer,
                               const RowList& rows, std::span<const std::int32_t> fold_of_row,
                               std::span<const std::int32_t> folds, double tolerance) {
  const FoldSteps<Real> steps(kernel, column, rows);
  if (!steps.is_sound()) return {};
  Matrix<double> v(std::ssize(folds), std::ssize(rows));
  for (std::size_t k = 0; k < folds.size(); ++k) {
    std::vector<std::uint8_t> left_out, out;
    for (const std::int32_t i : rows) {
      left_out.push_back(fold_of_row[index(i)] == folds[k] ? 1 : 0);
      out.push_back(left_out.back() != 0 || answer.v[index(i)] == 0 ? 1 : 0);
    }
    v.row(Eigen::Index(k)) = steps.solve(left_out, std::move(out)).template cast<double>();
  }
  return points_with(kernel, rows, v, answer, tolerance);
}

}  // namespace

std::vector<KernelPoint> start_folds(const KernelMatrix& kernel, const KernelColumn& column, const KernelPoint& answer,
                                     std::span<const std::int32_t> fold_of_row, std::span<const std::int32_t> folds,
                                     double tolerance) {
  const RowList rows = base_rows(column, answer, most_near(tolerance));
  const double conditioned = condition(kernel, column, rows);
  if (rows.empty() || !(conditioned < hopeless)) return {};
  return conditioned < well_conditioned ? start<float>(kernel, column, answer, rows, fold_of_row, folds, tolerance)
                                        : start<double>(kernel, column, answer, rows, fold_of_row, folds, tolerance);
}

}  // namespace pool3::svm
