#include <cblas.h>
#include <lapacke.h>

#include <algorithm>
#include <cmath>
#include <new>

#include "neighbours/projection.hpp"
#include "pool3/error.hpp"
#include "pool3/neighbours/sketches.hpp"
#include "pool3/threads.hpp"
#include "pool3/types.hpp"

namespace pool3 {
namespace {

constexpr std::int64_t most_components = 128;
constexpr std::int64_t most_sample_rows = 1024, most_sample_numbers = std::int64_t{1} << 22;
/// Steps reach a little farther than the sample does.
constexpr double reach = 1.25;
constexpr double most_code = 127;

void check(lapack_int status, const char* function) {
  if (status == 0) return;
  if (status == LAPACK_WORK_MEMORY_ERROR) throw std::bad_alloc();
  throw Error({.stage = "neighbours", .cause = std::string("LAPACK's ") + function + " failed"});
}

std::vector<double> take_mean(std::vector<double>& rows, std::int64_t count, std::int64_t width) {
  std::vector<double> mean(index(width), 0.0);
  for (std::int64_t r = 0; r < count; ++r)
    for (std::int64_t i = 0; i < width; ++i) mean[index(i)] += rows[index(r * width + i)] / static_cast<double>(count);
  for (std::int64_t r = 0; r < count; ++r)
    for (std::int64_t i = 0; i < width; ++i) rows[index(r * width + i)] -= mean[index(i)];
  return mean;
}

/// The eigenvectors of the largest eigenvalues of x x^T, [components, count].
std::vector<double> largest_eigenvectors(const std::vector<double>& x, std::int64_t count, std::int64_t width,
                                         std::int64_t components) {
  const auto n = static_cast<lapack_int>(count), k = static_cast<lapack_int>(components);
  std::vector<double> products(index(count * count)), values(index(count)), vectors(index(components * count));
  cblas_dsyrk(CblasRowMajor, CblasUpper, CblasNoTrans, n, static_cast<int>(width), 1, x.data(), static_cast<int>(width),
              0, products.data(), n);
  std::vector<lapack_int> support(2 * index(components));
  lapack_int found = 0;
  // LAPACK's columns are our rows, and its lower half is our upper half.
  check(LAPACKE_dsyevr(LAPACK_COL_MAJOR, 'V', 'I', 'L', n, products.data(), n, 0, 0, n - k + 1, n, 0, &found,
                       values.data(), vectors.data(), n, support.data()),
        "dsyevr");
  return vectors;
}

/// Makes the rows of [components, width] orthonormal, whatever they are.
void make_orthonormal(std::vector<double>& rows, std::int64_t components, std::int64_t width) {
  const auto n = static_cast<lapack_int>(width), k = static_cast<lapack_int>(components);
  std::vector<double> factors(index(components));
  check(LAPACKE_dgeqrf(LAPACK_COL_MAJOR, n, k, rows.data(), n, factors.data()), "dgeqrf");
  check(LAPACKE_dorgqr(LAPACK_COL_MAJOR, n, k, k, rows.data(), n, factors.data()), "dorgqr");
}

}  // namespace

std::int64_t sketch_sample_rows(std::int64_t width) {
  return std::clamp<std::int64_t>(most_sample_numbers / width, 16, most_sample_rows);
}

SketchBasis sketch_basis(const RowsView& sample) {
  take_single_products(1);
  const std::int64_t width = sample.width, count = sample.count();
  SketchBasis basis{.width = width, .components = std::min({most_components, width, count}), .mean = {}};
  std::vector<double> lengths;
  std::vector<double> x = neighbours::unit_rows(sample, lengths);
  basis.mean = take_mean(x, count, width);
  const std::int64_t k = basis.components;
  basis.directions.resize(index(k * width));
  if (k > 0) {
    const std::vector<double> weights = largest_eigenvectors(x, count, width, k);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, static_cast<int>(k), static_cast<int>(width),
                static_cast<int>(count), 1, weights.data(), static_cast<int>(count), x.data(), static_cast<int>(width),
                0, basis.directions.data(), static_cast<int>(width));
    make_orthonormal(basis.directions, k, width);
  }
  const std::vector<double> parts = neighbours::project(basis, x);
  for (std::int64_t c = 0; c < k; ++c) {
    double most = 0;
    for (std::int64_t r = 0; r < count; ++r) most = std::max(most, std::abs(parts[index(r * k + c)]));
    basis.steps.push_back(static_cast<float>(std::max(most, 1e-6) * reach / most_code));
  }
  return basis;
}

}  // namespace pool3
