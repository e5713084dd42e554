#pragma once
// The matrix products of the solver, over BLAS. Row-major throughout.

#include <cstdint>
#include <vector>

namespace pool3::svm {

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

/// c[m, n] = a[m, k] b[n, k]^T.
void multiply_by_transposed(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b, float* c);
/// c[m, m] = a[m, k] a[m, k]^T, at half the cost.
void row_products(std::int64_t m, std::int64_t k, const float* a, float* c);
/// c[k, k] += a[m, k]^T a[m, k], above the diagonal only.
void add_moments(std::int64_t m, std::int64_t k, const float* a, float* c);
/// Copies the upper half of a[n, n] to the lower.
void mirror(std::int64_t n, float* a);
// In double.
/// c[m, n] = a[m, k] b[k, n].
void multiply(std::int64_t m, std::int64_t n, std::int64_t k, const double* a, const double* b, double* c);
/// c[m, n] += a[k, m]^T b[k, n].
void add_transposed_product(std::int64_t m, std::int64_t n, std::int64_t k, const double* a, const double* b,
                            double* c);
/// c[m, n] = a[m, k] b[n, k]^T.
void multiply_by_transposed(std::int64_t m, std::int64_t n, std::int64_t k, const double* a, const double* b,
                            double* c);
/// c[m, n] += a[m, k] b[n, k]^T.
void add_product_by_transposed(std::int64_t m, std::int64_t n, std::int64_t k, const double* a, const double* b,
                               double* c);

/// Replaces the symmetric matrix a[n, n] by its eigenvectors, one a row, and returns the eigenvalues, rising. Throws
/// Error if LAPACK gives up.
[[nodiscard]] std::vector<float> eigenvectors(std::int64_t n, float* a);

}  // namespace pool3::svm
