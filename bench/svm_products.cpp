// The products inside the solver beside the BLAS's square product of 2048, in turn on one core.
//   bench_svm_products [COLUMNS [REPEATS]]
// Prints GFLOP/s of CPU time, the median of the repeats, and the ratio to the square, the median of ratios in a round.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "pool3/numbers.hpp"
#include "split_products.hpp"
#include "svm/algebra/matrix.hpp"
#include "svm/model/feature_rows.hpp"

namespace {

using pool3::svm::add_transposed_product;
using pool3::svm::for_each_panel;
using pool3::svm::multiply;
using pool3::svm::multiply_by_transposed;

struct Case {
  std::string name;
  double flops;  ///< of one call
  std::function<void()> run;
};

/// GFLOP/s over about 2e10 flops.
double rate(const Case& c) {
  const int calls = std::max(1, static_cast<int>(2e10 / c.flops));
  const std::clock_t start = std::clock();
  for (int i = 0; i < calls; ++i) c.run();
  return 1e-9 * calls * c.flops * CLOCKS_PER_SEC / static_cast<double>(std::clock() - start);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Largest error of some rows of a b, relative to the sum of the terms' absolute values.
double error_of(void (*product)(std::int64_t, std::int64_t, std::int64_t, const float*, const float*, float*),
                std::int64_t rows, std::int64_t columns, std::int64_t depth, const std::vector<float>& a,
                const std::vector<float>& b) {
  std::vector<float> c(static_cast<std::size_t>(rows * columns));
  product(rows, columns, depth, a.data(), b.data(), c.data());
  double worst = 0;
  for (std::int64_t i = 0; i < rows; i += 64)
    for (std::int64_t j = 0; j < columns; ++j) {
      double sum = 0, size = 0;
      for (std::int64_t k = 0; k < depth; ++k) {
        const double term = static_cast<double>(a[static_cast<std::size_t>(i * depth + k)]) *
                            static_cast<double>(b[static_cast<std::size_t>(k * columns + j)]);
        sum += term;
        size += std::abs(term);
      }
      worst = std::max(worst, std::abs(static_cast<double>(c[static_cast<std::size_t>(i * columns + j)]) - sum) / size);
    }
  return worst;
}

std::vector<float> noise(std::int64_t size) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> out(static_cast<std::size_t>(size));
  for (float& v : out) v = normal(random);
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t columns = argc > 1 ? std::atoll(argv[1]) : 112, dim = 2048, panel = 4096, block = 128;
  const int repeats = argc > 2 ? std::atoi(argv[2]) : 5;
  pool3::svm::set_product_threads(1);
  const std::vector<float> x = noise(panel * dim), b = noise(panel * 2048);
  std::vector<float> c(static_cast<std::size_t>(panel * 2048));
  const auto flops = [](std::int64_t m, std::int64_t n, std::int64_t k) {
    return 2.0 * static_cast<double>(m * n * k);
  };
  pool3::Problem floats{.rows = panel, .dim = dim}, halves = floats;
  floats.x = x;
  std::transform(x.begin(), x.end(), std::back_inserter(halves.halves), pool3::half_of_float);
  const auto margins = [&](const pool3::Problem& p) {
    for_each_panel(p, pool3::svm::margin_rows, [&](pool3::RowRange rows, const float* of) {
      multiply(rows.size(), columns, dim, of, b.data(), c.data() + rows.begin * columns);
    });
  };
  const auto back = [&](const pool3::Problem& p) {
    for_each_panel(p, pool3::svm::back_rows, [&](pool3::RowRange rows, const float* of) {
      add_transposed_product(dim, columns, rows.size(), of, b.data() + rows.begin * columns, c.data());
    });
  };
  std::vector<Case> cases = {
      {"square, 2048", flops(dim, dim, dim), [&] { multiply(dim, dim, dim, x.data(), b.data(), c.data()); }},
      {"margins of 4096 rows, in panels (Newton)", flops(panel, columns, dim), [&] { margins(floats); }},
      {"back from 4096 rows, in panels (Newton)", flops(panel, columns, dim), [&] { back(floats); }},
      {"the same margins, float16", flops(panel, columns, dim), [&] { margins(halves); }},
      {"the same back, float16", flops(panel, columns, dim), [&] { back(halves); }},
      {"margins of 128 rows (descent)", flops(block, columns, dim),
       [&] { multiply(block, columns, dim, x.data(), b.data(), c.data()); }},
      {"back from 128 rows (descent)", flops(block, columns, dim),
       [&] { add_transposed_product(dim, columns, block, x.data(), b.data(), c.data()); }},
      {"columns times a Gram matrix of 2048", flops(columns, dim, dim),
       [&] { multiply_by_transposed(columns, dim, dim, b.data(), x.data(), c.data()); }},
      {"tried: margins of 4096 rows at once", flops(panel, columns, dim),
       [&] { multiply(panel, columns, dim, x.data(), b.data(), c.data()); }},
      {"tried: back from 4096 rows at once", flops(panel, columns, dim),
       [&] { add_transposed_product(dim, columns, panel, x.data(), b.data(), c.data()); }},
      {"tried: back from 2048 rows", flops(2048, columns, dim),
       [&] { add_transposed_product(dim, columns, 2048, x.data(), b.data(), c.data()); }},
      {"tried: back from 4096 rows, other way round", flops(panel, columns, dim),
       [&] { add_transposed_product(columns, dim, panel, b.data(), x.data(), c.data()); }},
      {"tried: a Gram matrix of 2048 times columns", flops(columns, dim, dim),
       [&] { multiply(dim, columns, dim, x.data(), b.data(), c.data()); }},
      {"tried: the same, columns given as rows", flops(columns, dim, dim),
       [&] { multiply_by_transposed(dim, columns, dim, x.data(), b.data(), c.data()); }},
      {"tried: columns times the matrix, not transposed", flops(columns, dim, dim),
       [&] { multiply(columns, dim, dim, b.data(), x.data(), c.data()); }},
  };
  if (pool3::svm::has_split_products()) {
    using pool3::svm::split_add_transposed_product;
    using pool3::svm::split_multiply;
    cases.push_back({"split: margins of 4096 rows", flops(panel, columns, dim),
                     [&] { split_multiply(panel, columns, dim, x.data(), b.data(), c.data()); }});
    cases.push_back({"split: back from 4096 rows", flops(panel, columns, dim),
                     [&] { split_add_transposed_product(dim, columns, panel, x.data(), b.data(), c.data()); }});
    std::printf("split products: error up to %.1e of the terms' sum, sgemm's %.1e\n",
                error_of(split_multiply, panel, columns, dim, x, b), error_of(multiply, panel, columns, dim, x, b));
  }
  std::vector<std::vector<double>> rates(cases.size()), ratios(cases.size());
  for (int r = 0; r < repeats; ++r)
    for (std::size_t i = 0; i < cases.size(); ++i) {
      rates[i].push_back(rate(cases[i]));
      ratios[i].push_back(rates[i].back() / rates[0].back());
    }
  std::printf("%lld columns\n%-46s%10s%10s\n", static_cast<long long>(columns), "product", "GFLOP/s", "ratio");
  for (std::size_t i = 0; i < cases.size(); ++i)
    std::printf("%-46s%10.1f%10.2f\n", cases[i].name.c_str(), median(rates[i]), median(ratios[i]));
  return 0;
}
