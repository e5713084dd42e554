#pragma once
// A start for problems with very many rows.

#include "svm/newton/newton.hpp"

namespace pool3::svm {

/// True if there are so many rows that a part of them gives a good start. The same on every rank. Collective.
[[nodiscard]] bool has_many_rows(const Objective& objective);

/// Sets v to the answer for an eighth of every rank's rows with eight times the cost, found by Newton's method, not to
/// the end; that starts from an eighth of these, and so on. REQUIRES: rows in random order. The eigenbasis of `tools`
/// is that of all rows. Returns passes over all rows that this was worth. Collective.
double start_from_sample(const Objective& objective, Matrix<float>& v, const NewtonTools& tools,
                         const StoppingRules& rules);

}  // namespace pool3::svm
