#pragma once
// A start for problems with very many rows.

#include <functional>

#include "svm/model/columns.hpp"
#include "svm/newton/newton.hpp"

namespace pool3::svm {

/// True if there are so many rows that a part of them gives a good start. The same on every rank. Collective.
[[nodiscard]] bool has_many_rows(const Point& point);

/// Sets point.w to the answer for an eighth of every rank's rows with eight times the cost, found by Newton's method,
/// not to the end; that starts from an eighth of these, and so on. REQUIRES: rows in random order. `spectrum` is
/// that of all rows. Returns passes over all rows that this was worth. Collective.
double start_from_sample(Point& point, const std::function<const Spectrum&()>& spectrum, const NewtonLimits& limits);

}  // namespace pool3::svm
