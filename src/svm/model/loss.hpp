#pragma once
// The losses: all that a method needs to know of one, row by row. A new loss is one more class here.
//
// A row of cost C in a column has the slack s = 1 - y f and the dual variable a. Its loss phi(s) has the conjugate
// phi*(a), and phi(s) + phi*(a) - a s >= 0 is its part of the duality gap.
// Newton's methods minimise a smoothed loss with the derivative phi' = a = clip(c + k C s, 0, U): of stiffness k around
// the centre c. It has the second derivative k C where 0 < a < U.

#include <limits>

#include "pool3/svm.hpp"

namespace pool3::svm {

// As std::max and std::min, but by value: loops with these become vector instructions, those with references do not.
template <typename Real>
[[gnu::always_inline]] inline Real positive_part(Real x) {
  return x > Real{0} ? x : Real{0};
}
template <typename Real>
[[gnu::always_inline]] inline Real negative_part(Real x) {
  return x < Real{0} ? x : Real{0};
}
template <typename Real>
[[gnu::always_inline]] inline Real smaller(Real a, Real b) {
  return a < b ? a : b;
}

/// phi(s) = C max(0, s). Smoothed, its minimum is a proximal point step of the dual from c (Rockafellar 1976), and the
/// fixed point of these steps is the optimum.
struct Hinge {
  static constexpr bool is_smooth = false;
  /// U.
  template <typename Real>
  [[gnu::always_inline]] static Real upper_limit(Real cost) {
    return cost;
  }
  /// D: the dual has 1/2 D a^2 in it.
  template <typename Real>
  [[gnu::always_inline]] static Real diagonal(Real /*cost*/) {
    return 0;
  }
  template <typename Real>
  [[gnu::always_inline]] static Real loss(Real cost, Real slack) {
    return cost * positive_part(slack);
  }
  /// C max(0, s) - a s, as terms that don't cancel. REQUIRES: 0 <= a <= C.
  template <typename Real>
  [[gnu::always_inline]] static Real gap(Real cost, Real slack, Real a) {
    return (cost - a) * positive_part(slack) - a * negative_part(slack);
  }
  /// The gap of the row at a = smoothed_dual(): what the smoothing leaves.
  template <typename Real>
  [[gnu::always_inline]] static Real smoothing_gap(Real cost, Real slack, Real a) {
    return gap(cost, slack, a);
  }
  template <typename Real>
  [[gnu::always_inline]] static Real smoothed_dual(Real cost, Real slack, Real centre, Real stiffness) {
    return smaller(positive_part(centre + stiffness * cost * slack), cost);
  }
  /// True if the smoothed loss has a second derivative there.
  template <typename Real>
  [[gnu::always_inline]] static bool is_curved(Real cost, Real a) {
    return a > Real{0} && a < cost;
  }
};

/// phi(s) = C max(0, s)^2. It is smooth itself: c = 0, k = 2 and no upper limit give a = phi'(s).
struct SquaredHinge {
  static constexpr bool is_smooth = true;
  template <typename Real>
  [[gnu::always_inline]] static Real upper_limit(Real /*cost*/) {
    return std::numeric_limits<Real>::max();
  }
  template <typename Real>
  [[gnu::always_inline]] static Real diagonal(Real cost) {
    return Real{0.5} / cost;
  }
  template <typename Real>
  [[gnu::always_inline]] static Real loss(Real cost, Real slack) {
    const Real xi = positive_part(slack);
    return cost * xi * xi;
  }
  /// C max(0, s)^2 - a s + a^2 / (4 C), as terms that don't cancel. REQUIRES: a >= 0.
  template <typename Real>
  [[gnu::always_inline]] static Real gap(Real cost, Real slack, Real a) {
    const Real off = positive_part(slack) - diagonal(cost) * a;
    return cost * off * off - a * negative_part(slack);
  }
  template <typename Real>
  [[gnu::always_inline]] static Real smoothing_gap(Real /*cost*/, Real /*slack*/, Real /*a*/) {
    return 0;
  }
  template <typename Real>
  [[gnu::always_inline]] static Real smoothed_dual(Real cost, Real slack, Real /*centre*/, Real stiffness) {
    return positive_part(stiffness * cost * slack);
  }
  template <typename Real>
  [[gnu::always_inline]] static bool is_curved(Real /*cost*/, Real a) {
    return a > Real{0};
  }
  static constexpr double stiffness = 2;
};

/// Calls `use` with the loss.
template <typename Use>
auto with_loss(Loss loss, const Use& use) {
  return loss == Loss::l2 ? use(SquaredHinge{}) : use(Hinge{});
}

/// Relative gap that float is asked for, whatever the tolerance: below it, margins in float tell nothing.
[[nodiscard]] constexpr double float_tolerance(Loss loss) { return loss == Loss::l2 ? 1e-6 : 1e-5; }

}  // namespace pool3::svm
