#include "svm/matrix.hpp"

#include <cblas.h>

namespace pool3::detail {

// BLAS counts with int here: every product is of one block of rows, so each side stays far below 2^31.
namespace {
int narrow(std::int64_t n) { return static_cast<int>(n); }
}  // namespace

void set_product_threads(int threads) { openblas_set_num_threads(threads); }

void multiply(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b, float* c) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, narrow(m), narrow(n), narrow(k), 1.0F, a, narrow(k), b,
              narrow(n), 0.0F, c, narrow(n));
}

void add_transposed_product(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b, float* c) {
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, narrow(m), narrow(n), narrow(k), 1.0F, a, narrow(m), b,
              narrow(n), 1.0F, c, narrow(n));
}

void transposed_product(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b, float* c) {
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, narrow(m), narrow(n), narrow(k), 1.0F, a, narrow(m), b,
              narrow(n), 0.0F, c, narrow(n));
}

void gram(std::int64_t m, std::int64_t k, const float* a, float shift, float* c) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, narrow(m), narrow(m), narrow(k), 1.0F, a, narrow(k), a,
              narrow(k), 0.0F, c, narrow(m));
  for (std::int64_t i = 0; i < m * m; ++i) c[i] += shift;
}

}  // namespace pool3::detail
