#include "svm/algebra/matrix.hpp"

#include <cblas.h>

#include <algorithm>
#include <string>

#include "pool3/error.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): LAPACK's own
extern "C" void ssyevd_(const char* job, const char* part, const int* n, float* a, const int* lda, float* values,
                        float* work, const int* work_size, int* int_work, const int* int_work_size, int* info);

namespace pool3::svm {

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

void multiply_by_transposed(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b, float* c) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, narrow(m), narrow(n), narrow(k), 1.0F, a, narrow(k), b,
              narrow(k), 0.0F, c, narrow(n));
}

void row_products(std::int64_t m, std::int64_t k, const float* a, float* c) {
  cblas_ssyrk(CblasRowMajor, CblasUpper, CblasNoTrans, narrow(m), narrow(k), 1.0F, a, narrow(k), 0.0F, c, narrow(m));
  mirror(m, c);
}

void add_moments(std::int64_t m, std::int64_t k, const float* a, float* c) {
  cblas_ssyrk(CblasRowMajor, CblasUpper, CblasTrans, narrow(k), narrow(m), 1.0F, a, narrow(k), 1.0F, c, narrow(k));
}

void mirror(std::int64_t n, float* a) {
  constexpr std::int64_t tile = 32;
  for (std::int64_t top = 0; top < n; top += tile)
    for (std::int64_t left = 0; left <= top; left += tile)
      for (std::int64_t i = top; i < std::min(top + tile, n); ++i)
        for (std::int64_t j = left; j < std::min(left + tile, i); ++j) a[i * n + j] = a[j * n + i];
}

void multiply(std::int64_t m, std::int64_t n, std::int64_t k, const double* a, const double* b, double* c) {
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, narrow(m), narrow(n), narrow(k), 1.0, a, narrow(k), b,
              narrow(n), 0.0, c, narrow(n));
}

void add_transposed_product(std::int64_t m, std::int64_t n, std::int64_t k, const double* a, const double* b,
                            double* c) {
  cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, narrow(m), narrow(n), narrow(k), 1.0, a, narrow(m), b, narrow(n),
              1.0, c, narrow(n));
}

void multiply_by_transposed(std::int64_t m, std::int64_t n, std::int64_t k, const double* a, const double* b,
                            double* c) {
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, narrow(m), narrow(n), narrow(k), 1.0, a, narrow(k), b, narrow(k),
              0.0, c, narrow(n));
}

void add_product_by_transposed(std::int64_t m, std::int64_t n, std::int64_t k, const double* a, const double* b,
                               double* c) {
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, narrow(m), narrow(n), narrow(k), 1.0, a, narrow(k), b, narrow(k),
              1.0, c, narrow(n));
}

std::vector<float> eigenvectors(std::int64_t n, float* a) {
  std::vector<float> values(static_cast<std::size_t>(n));
  const int order = narrow(n);
  int status = 0, int_size = -1, float_size = -1;
  std::vector<float> floats(1);
  std::vector<int> ints(1);
  for (const bool ask_sizes : {true, false}) {
    // LAPACK's columns are our rows.
    ssyevd_("V", "U", &order, a, &order, values.data(), floats.data(), &float_size, ints.data(), &int_size, &status);
    if (status != 0) throw Error({.stage = "train", .cause = "LAPACK's ssyevd failed with " + std::to_string(status)});
    if (!ask_sizes) break;
    // A size told as a float may have been rounded down.
    float_size = static_cast<int>(static_cast<double>(floats[0]) * (1 + 1e-6)) + 1;
    int_size = ints[0];
    floats.resize(static_cast<std::size_t>(float_size));
    ints.resize(static_cast<std::size_t>(int_size));
  }
  return values;
}

}  // namespace pool3::svm
