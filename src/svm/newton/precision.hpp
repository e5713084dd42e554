#pragma once
// What a precision changes in Newton's methods.

namespace pool3::svm {

/// Stiffness k of the smoothed hinge (loss.hpp): at first, its growth with each move of the centres, and at most. And
/// steps without a better certificate after which there is nothing more to gain.
struct Pace {
  double first, growth, most;
  int stall_steps;
};

/// The smoothing's centres move when so much of the gap, compared with that of the smoothing, is left in the gradient.
inline constexpr double near_minimum = 0.3;

template <typename Real>
struct Precision;

/// More stiffness than this would make dual variables of the noise in float margins: these, times k C, are what a dual
/// variable comes from. With the Gram matrix float ends early, since double takes over.
template <>
struct Precision<float> {
  static constexpr Pace newton{3, 2, 100, 30};
  static constexpr Pace gram{3, 2, 100, 10};
  static constexpr bool factorises = false;
};

/// Margins have 8 digits more, so k may grow 10^4 times further. Each smoothed loss falls from step to step, but the
/// gap may grow for some sixty. newton() begins where float has ended; with the Gram matrix, a start from next to no
/// stiffness solves what a stiff one fails at. Where features are few, steps are found by factorisation.
template <>
struct Precision<double> {
  static constexpr Pace newton{100, 2, 1e6, 100};
  static constexpr Pace gram{0.01, 4, 1e6, 100};
  static constexpr bool factorises = true;
};

}  // namespace pool3::svm
