#pragma once
// The matrix products of the solver, over BLAS. Row-major throughout.

#include <cstdint>

namespace pool3::detail {

/// Threads of the products that follow (process-wide).
void set_product_threads(int threads);

/// c[m, n] = a[m, k] b[k, n].
void multiply(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b, float* c);
/// c[m, n] += a[k, m]^T b[k, n].
void add_transposed_product(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b, float* c);
/// c[m, n] = a[k, m]^T b[k, n].
void transposed_product(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b, float* c);
/// c[m, m] = a[m, k] a[m, k]^T + shift.
void gram(std::int64_t m, std::int64_t k, const float* a, float shift, float* c);

}  // namespace pool3::detail
