#pragma once
// Steps along one variable of a box, or two: they find out who is at which limit.

#include <cstdint>

#include "svm/kernel/box/box.hpp"

namespace pool3::svm {

/// All end where no variable can go down a slope steeper than `enough` (a pair: twice that), or after so many steps.
/// The variable that lowers the objective most alone, one after the other.
template <typename Real>
void descend(Box<Real>& box, double enough, std::int64_t most_steps);
/// The pair that goes down steepest, as SMO. The sum stays.
template <typename Real>
void descend_in_pairs(Box<Real>& box, double enough, std::int64_t most_steps);
/// Where all rows are alike: pairs, and single variables where these gain more.
template <typename Real>
void descend_mixed(Box<Real>& box, double enough, std::int64_t most_steps);

}  // namespace pool3::svm
