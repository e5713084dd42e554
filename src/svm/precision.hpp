#pragma once
// What a precision changes in Newton's methods.

namespace pool3::detail {

/// Of the smoothed hinge (newton.hpp): at first, its growth with each move of the centres, and at most. The squared
/// hinge has 2.
struct Stiffness {
  double first, growth, most;
};

template <typename Real>
struct Precision;

/// More stiffness than this would make dual variables of the noise in float margins: these, times k C, are what a dual
/// variable comes from. With the Gram matrix float ends early, since double goes on after it.
template <>
struct Precision<float> {
  static constexpr Stiffness gradients{3, 2, 100};  ///< with conjugate gradients
  static constexpr Stiffness gram{3, 2, 100};
  static constexpr int gram_stall_steps = 10;  ///< without a clearly better gap, which end it
};

/// Margins have 8 digits more, so k may grow 10^4 times further. Conjugate gradients begin where float has ended. With
/// the Gram matrix a step is cheap, and a start from next to no stiffness solves what a stiff one fails at; there the
/// smoothed loss falls with each step, but the gap may grow for some sixty.
template <>
struct Precision<double> {
  static constexpr Stiffness gradients{100, 2, 1e6};
  static constexpr Stiffness gram{0.01, 4, 1e6};
  static constexpr int gram_stall_steps = 100;
};

}  // namespace pool3::detail
