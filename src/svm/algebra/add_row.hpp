#pragma once
// A multiple of a row is added to another, in vector instructions of the CPU.

#include <cstdint>

namespace pool3::svm {

/// to += step row, of `count` numbers.
void add_row(const float* row, double step, std::int64_t count, double* to);
void add_row(const double* row, double step, std::int64_t count, double* to);
void add_row(const float* row, float step, std::int64_t count, float* to);

}  // namespace pool3::svm
