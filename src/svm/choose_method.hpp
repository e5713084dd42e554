#pragma once
// Which method a solve runs next.

#include <cstdint>
#include <functional>

#include "pool3/svm.hpp"

namespace pool3::svm {

/// Parts of the solver that bench/ablation leaves out to see what they are worth.
struct Stages {
  bool descent = true;           ///< before Newton
  bool hand_over = true;         ///< descent is left for Newton
  bool sample = true;            ///< Newton starts from a part of the rows, where they are many
  bool gram = true;              ///< Newton with the Gram matrix, where rows are few
  bool smoothing = true;         ///< Newton for the hinge at all
  bool eigenbasis = true;        ///< conjugate gradients are preconditioned
  bool support_products = true;  ///< passes over support vectors alone
  bool in_double = true;         ///< what float can't do
};

enum class Method : std::uint8_t {
  none,  ///< before the first, and after the last
  sample_start,
  descent,
  gram_newton,
  newton,
  gram_newton_in_double,
  newton_in_double
};

/// What is known of a problem from the start.
struct Shape {
  Loss loss = Loss::l2;
  double tolerance = 1e-4;
  bool few_rows = false;   ///< the Gram matrix of all rows is small
  bool many_rows = false;  ///< a part of the rows gives a good start
};

/// What is known of a solve so far.
struct Course {
  Method last = Method::none;
  bool descent_is_slow = false;     ///< it was at a smaller C already
  std::function<bool()> gram_pays;  ///< factorisations are cheaper, judged by the dual variables; collective
  bool certified = false;           ///< there is a certificate
  double relative_gap = 0;          ///< by it
  bool out_of_time = false;
  std::int64_t passes_left = 0;
};

/// The method to run next, from the top; `none` when the solve is done.
///
/// | after                     | if                                             | runs                             |
/// |---------------------------|------------------------------------------------|----------------------------------|
/// | any with a certificate    | the gap is at most the tolerance (float is     | none                             |
/// |                           | believed down to float_tolerance() alone), or  |                                  |
/// |                           | time or passes are over                        |                                  |
/// | the start                 | squared hinge, 16 rows or more a feature; the  | sample_start                     |
/// |                           | first C                                        |                                  |
/// |                           | the same, a later C; or descent was slow       | first Newton (below)             |
/// |                           | else                                           | descent                          |
/// | sample_start, descent     | rows are few, and factorisations pay           | gram_newton: the first Newton    |
/// |                           | else                                           | newton: the first Newton         |
/// | gram_newton               | float ended short                              | gram_newton_in_double            |
/// | newton                    | float ended short                              | newton_in_double                 |
/// | gram_newton_in_double     | the gap is still too large                     | newton_in_double                 |
/// | newton_in_double          |                                                | none                             |
///
/// Descent ends when it is done, when Newton looks cheaper (methods.cpp, HandOver), or where float ends. Collective.
[[nodiscard]] Method choose_method(const Shape& shape, const Course& course, const Stages& stages);

}  // namespace pool3::svm
