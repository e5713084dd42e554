#pragma once
// Some entries of a row, in vector instructions of the CPU.

#include <cstdint>

namespace pool3::svm {

/// out[c] = row[at[c]], for `count` entries.
void pick(const float* row, const std::int32_t* at, std::int64_t count, float* out);
void pick(const float* row, const std::int32_t* at, std::int64_t count, double* out);
void pick(const double* row, const std::int32_t* at, std::int64_t count, double* out);

}  // namespace pool3::svm
