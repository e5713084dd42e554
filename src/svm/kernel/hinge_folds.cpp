#include "svm/kernel/hinge_folds.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "pool3/numbers/target_clones.hpp"
#include "svm/algebra/add_row.hpp"
#include "svm/algebra/cholesky.hpp"
#include "svm/kernel/shared_inverse.hpp"
#include "svm/model/columns.hpp"

namespace pool3::svm {
namespace {

constexpr int most_steps = 12;
/// Rows at a limit whose slope is below this are near to leaving it; at most such a share of those between, or so many.
constexpr double reach = 0.25, most_near = 0.25;
constexpr std::size_t few_near = 96;
/// What is added to the diagonal, as a share of it: rows may be copies, or as near as floats can tell.
constexpr double ridge = 1e-9, large_ridge = 1e-6;

POOL3_TARGET_CLONES void add_picked(const float* row, double step, double constant, const std::int32_t* at,
                                    std::int64_t count, double* h) {
  for (std::int64_t j = 0; j < count; ++j) h[j] += step * (static_cast<double>(row[at[j]]) + constant);
}

enum class Side : std::int8_t { low, between, high };

/// Rows between their limits, and the nearest of the others.
RowList base_rows(const KernelColumn& c, const KernelPoint& p) {
  RowList rows;
  std::vector<NearRow> near;
  for (std::size_t i = 0; i < p.v.size(); ++i) {
    if (!(c.cost[i] > 0)) continue;
    const double slope = std::abs(p.f[i] - static_cast<double>(c.y[i]));
    const auto row = static_cast<std::int32_t>(i);
    if (p.v[i] != 0 && std::abs(p.v[i]) < static_cast<double>(c.cost[i])) {
      rows.push_back(row);
    } else if (slope < reach) {
      near.push_back({slope, row});
    }
  }
  return with_nearest(std::move(rows), std::move(near), most_near, few_near);
}

/// Of the base rows: their inverse, limits and sides in all rows' answer.
class HingeSteps {
 public:
  HingeSteps(const KernelMatrix& kernel, const KernelColumn& c, const KernelPoint& answer, const RowList& rows)
      : count_(std::ssize(rows)), inverse_(count_), low_(count_), high_(count_) {
    for (std::int64_t r = 0; r < count_; ++r) {
      const auto i = index(rows[index(r)]);
      const auto cost = static_cast<double>(c.cost[i]);
      low_[r] = c.y[i] > 0 ? 0.0 : -cost;
      high_[r] = c.y[i] > 0 ? cost : 0.0;
      sides_.push_back(answer.v[i] <= low_[r] ? Side::low : answer.v[i] >= high_[r] ? Side::high : Side::between);
    }
    const Matrix<double> k = gather<double>(kernel, rows);
    for (const double added : {ridge, large_ridge}) {
      if (sound_) break;
      inverse_ = PositiveInverse<double>(count_);
      for (std::int64_t r = 0; r < count_; ++r) {
        std::copy_n(k.row(r).data(), r + 1, inverse_.row(r));
        inverse_.row(r)[r] *= 1 + added;
      }
      sound_ = inverse_.invert();
    }
  }
  [[nodiscard]] bool is_sound() const { return sound_; }

  /// Towards the optimum without the fold: v, whose slopes are h. Rows that are left out have v = 0.
  [[nodiscard]] Vector<double> solve(const Vector<double>& v, const Vector<double>& h,
                                     const std::vector<std::uint8_t>& left_out) const {
    std::vector<Side> sides = sides_;
    for (std::size_t r = 0; r < sides.size(); ++r)
      if (left_out[r] != 0) sides[r] = Side::low;
    Vector<double> free = v;  // if no row stayed at its limit
    for (std::int64_t r = 0; r < count_; ++r) add_row(inverse_.row(r), -h[r], count_, free.data());
    Vector<double> now = free;
    for (int step = 0; step < most_steps; ++step) {
      RowList held;
      for (std::int64_t r = 0; r < count_; ++r)
        if (sides[index(r)] != Side::between) held.push_back(static_cast<std::int32_t>(r));
      const Vector<double> slopes = hold(held, sides, left_out, free);
      now = free;
      for (std::size_t t = 0; t < held.size(); ++t)
        add_row(inverse_.row(held[t]), slopes[Eigen::Index(t)], count_, now.data());
      if (!update(now, held, slopes, left_out, sides)) break;
    }
    for (std::int64_t r = 0; r < count_; ++r)
      now[r] = left_out[index(r)] != 0 ? 0.0 : std::clamp(now[r], low_[r], high_[r]);
    return now;
  }

 private:
  [[nodiscard]] double limit(std::int64_t r, Side side, const std::vector<std::uint8_t>& left_out) const {
    return left_out[index(r)] != 0 ? 0.0 : side == Side::low ? low_[r] : high_[r];
  }
  /// The slopes that hold these rows at their limits: inverse_HH slopes = limits - free_H.
  [[nodiscard]] Vector<double> hold(const RowList& held, const std::vector<Side>& sides,
                                    const std::vector<std::uint8_t>& left_out, const Vector<double>& free) const {
    PositiveSystem<double> system(std::ssize(held));
    for (std::int64_t r = 0; r < std::ssize(held); ++r) {
      const std::int32_t at = held[index(r)];
      const double* from = inverse_.row(at);
      double* to = system.row(r);
      for (std::int64_t s = 0; s <= r; ++s) to[s] = from[held[index(s)]];
      system.right()[r] = limit(at, sides[index(at)], left_out) - free[at];
    }
    if (!system.solve()) return Vector<double>::Zero(std::ssize(held));
    return system.right();
  }
  /// True if a row has changed its side.
  [[nodiscard]] bool update(const Vector<double>& v, const RowList& held, const Vector<double>& slopes,
                            const std::vector<std::uint8_t>& left_out, std::vector<Side>& sides) const {
    bool changed = false;
    std::vector<Side> to = sides;
    for (std::int64_t r = 0; r < count_; ++r) {
      if (sides[index(r)] != Side::between) continue;
      if (v[r] <= low_[r]) to[index(r)] = Side::low;
      if (v[r] >= high_[r]) to[index(r)] = Side::high;
      changed = changed || to[index(r)] != Side::between;
    }
    for (std::size_t t = 0; t < held.size(); ++t) {
      const auto r = index(held[t]);
      const double slope = slopes[Eigen::Index(t)];
      if (left_out[r] != 0 || !(sides[r] == Side::low ? slope < 0 : slope > 0)) continue;
      to[r] = Side::between;
      changed = true;
    }
    sides = std::move(to);
    return changed;
  }

  std::int64_t count_;
  PositiveInverse<double> inverse_;
  Vector<double> low_, high_;
  std::vector<Side> sides_;
  bool sound_ = false;
};

/// h_r, of base rows: their slopes where the dual variables of each fold's rows are gone. [folds, base rows]
Matrix<double> slopes_without(const KernelMatrix& kernel, const KernelColumn& c, const KernelPoint& answer,
                              const RowList& rows, std::span<const std::int32_t> fold_of_row,
                              std::span<const std::int32_t> folds) {
  Matrix<double> h(std::ssize(folds), std::ssize(rows));
  for (Eigen::Index r = 0; r < h.cols(); ++r) {
    const auto i = index(rows[index(r)]);
    h.col(r).setConstant(answer.f[i] - static_cast<double>(c.y[i]));
  }
  for (std::size_t i = 0; i < answer.v.size(); ++i) {
    if (answer.v[i] == 0) continue;
    const auto found = std::ranges::find(folds, fold_of_row[i]);
    if (found == folds.end()) continue;
    double* const out = h.row(found - folds.begin()).data();
    const double shift = kernel.shift_of(static_cast<std::int64_t>(i)) + kernel.constant;
    add_picked(kernel.row(static_cast<std::int64_t>(i)), -answer.v[i], shift, rows.data(), h.cols(), out);
    if (!kernel.shift.empty())
      for (Eigen::Index r = 0; r < h.cols(); ++r) out[r] -= answer.v[i] * kernel.shift_of(rows[index(r)]);
  }
  return h;
}

}  // namespace

std::vector<KernelPoint> start_hinge_folds(const KernelMatrix& kernel, const KernelColumn& column,
                                           const KernelPoint& answer, std::span<const std::int32_t> fold_of_row,
                                           std::span<const std::int32_t> folds, double tolerance) {
  const RowList rows = base_rows(column, answer);
  if (rows.empty()) return {};
  const HingeSteps steps(kernel, column, answer, rows);
  if (!steps.is_sound()) return {};
  const Matrix<double> h = slopes_without(kernel, column, answer, rows, fold_of_row, folds);
  RowList all;  // with a dual variable in any fold, perhaps
  std::vector<std::int64_t> place(answer.v.size(), -1);
  for (std::size_t r = 0; r < rows.size(); ++r) place[index(rows[r])] = static_cast<std::int64_t>(r);
  for (std::size_t i = 0; i < answer.v.size(); ++i)
    if (answer.v[i] != 0 || place[i] >= 0) all.push_back(static_cast<std::int32_t>(i));
  Matrix<double> v(std::ssize(folds), std::ssize(all));
  for (std::size_t k = 0; k < folds.size(); ++k) {
    Vector<double> of_base(std::ssize(rows));
    std::vector<std::uint8_t> left_out;
    for (std::size_t r = 0; r < rows.size(); ++r) {
      left_out.push_back(fold_of_row[index(rows[r])] == folds[k] ? 1 : 0);
      of_base[Eigen::Index(r)] = left_out[r] != 0 ? 0.0 : answer.v[index(rows[r])];
    }
    const Vector<double> to = steps.solve(of_base, h.row(Eigen::Index(k)).transpose(), left_out);
    for (std::size_t t = 0; t < all.size(); ++t) {
      const auto i = index(all[t]);
      const double kept = fold_of_row[i] == folds[k] ? 0.0 : answer.v[i];
      v(Eigen::Index(k), Eigen::Index(t)) = place[i] >= 0 ? to[place[i]] : kept;
    }
  }
  return points_with(kernel, all, v, answer, tolerance);
}

}  // namespace pool3::svm
