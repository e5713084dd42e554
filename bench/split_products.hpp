#pragma once
// Not part of the product: docs/solver.md says why.
// Products at several times the speed of BLAS on CPUs with AMX, a little less exact than float: each factor is split
// into two bf16 numbers, and three of their four products are added up in float. An element is off by at most about
// 2^-15 of the sum of its terms' absolute values, and mostly by much less. Good for the inside of an iteration, not for
// a certificate. Row-major throughout, one thread.

#include <cstdint>

namespace pool3::svm {

/// True if this CPU and system can. The same for the life of the process.
[[nodiscard]] bool has_split_products();

/// c[m, n] = a[m, k] b[k, n]. REQUIRES: has_split_products().
void split_multiply(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b, float* c);
/// c[m, n] += a[k, m]^T b[k, n]. REQUIRES: has_split_products().
void split_add_transposed_product(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b,
                                  float* c);

}  // namespace pool3::svm
