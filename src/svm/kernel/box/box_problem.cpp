#include "svm/kernel/box/box_problem.hpp"

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "svm/kernel/box/box_descent.hpp"
#include "svm/kernel/box/box_interior.hpp"
#include "svm/kernel/box/box_newton.hpp"

namespace pool3::svm {
namespace {

constexpr int most_rounds = 4;
constexpr int most_newton_steps = 8;
/// Descent's first share of the violation, and steps for each variable, before Newton is tried.
constexpr double first_share = 0.1;
constexpr std::int64_t descent_steps = 5;
/// Rounds without success before Newton's method is given up for one that does not mind singular matrices.
constexpr int tries_before_inside = 1;
/// How much of the diagonal the other entries are, on average, from where single variables undo each other's steps.
constexpr double alike = 0.93;

template <typename Real>
bool rows_are_alike(const Matrix<Real>& a) {
  const Eigen::Index n = a.rows(), some = std::max<Eigen::Index>(1, n / 32);
  double sum = 0, diagonal = 0;
  for (Eigen::Index i = 0; i < n; i += some) {
    sum += static_cast<double>(a.row(i).sum()) / static_cast<double>(n);
    diagonal += static_cast<double>(a(i, i));
  }
  return sum > alike * diagonal;
}

}  // namespace

template <typename Real>
void solve_box(Box<Real>& box, double enough, bool near) {
  const double first = box.violation();
  if (near && newton(box, most_newton_steps) && box.violation() <= enough * first) return;
  const auto go_down = box.keeps_sum           ? descend_in_pairs<Real>
                       : rows_are_alike(box.a) ? descend_mixed<Real>
                                               : descend<Real>;
  double share = first_share;
  for (int round = 0; round < most_rounds; ++round) {
    go_down(box, share * first, descent_steps * box.size() << (2 * round));
    if (box.violation() <= enough * first) return;
    const bool lower = newton(box, most_newton_steps);
    if (box.violation() <= enough * first) return;
    if constexpr (std::is_same_v<Real, double>)
      if (!lower && round == tries_before_inside && box.high.allFinite() && box.low.allFinite() &&
          descend_inside(box, enough * first))
        return;
    share *= 0.1;
  }
}

template void solve_box(Box<float>&, double, bool);
template void solve_box(Box<double>&, double, bool);

}  // namespace pool3::svm
