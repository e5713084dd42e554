// The products inside the solver beside the BLAS's square product of 2048, in turn on one core.
//   bench_svm_products [COLUMNS [REPEATS]]
// Prints GFLOP/s of CPU time, the median of the repeats, and the ratio to the square, the median of ratios in a round.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "svm/matrix.hpp"

namespace {

using pool3::detail::add_transposed_product;
using pool3::detail::multiply;

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
  pool3::detail::set_product_threads(1);
  const std::vector<float> x = noise(panel * dim), b = noise(panel * 2048);
  std::vector<float> c(static_cast<std::size_t>(panel * 2048));
  const auto flops = [](std::int64_t m, std::int64_t n, std::int64_t k) {
    return 2.0 * static_cast<double>(m * n * k);
  };
  const std::vector<Case> cases = {
      {"square, 2048", flops(dim, dim, dim), [&] { multiply(dim, dim, dim, x.data(), b.data(), c.data()); }},
      {"margins of 4096 rows (Newton)", flops(panel, columns, dim),
       [&] { multiply(panel, columns, dim, x.data(), b.data(), c.data()); }},
      {"back from 4096 rows (Newton)", flops(panel, columns, dim),
       [&] { add_transposed_product(dim, columns, panel, x.data(), b.data(), c.data()); }},
      {"margins of 128 rows (descent)", flops(block, columns, dim),
       [&] { multiply(block, columns, dim, x.data(), b.data(), c.data()); }},
      {"back from 128 rows (descent)", flops(block, columns, dim),
       [&] { add_transposed_product(dim, columns, block, x.data(), b.data(), c.data()); }},
      {"columns times a Gram matrix of 2048", flops(columns, dim, dim),
       [&] { multiply(columns, dim, dim, b.data(), x.data(), c.data()); }},
  };
  std::vector<std::vector<double>> rates(cases.size()), ratios(cases.size());
  for (int r = 0; r < repeats; ++r)
    for (std::size_t i = 0; i < cases.size(); ++i) {
      rates[i].push_back(rate(cases[i]));
      ratios[i].push_back(rates[i].back() / rates[0].back());
    }
  std::printf("%lld columns\n%-40s%10s%10s\n", static_cast<long long>(columns), "product", "GFLOP/s", "ratio");
  for (std::size_t i = 0; i < cases.size(); ++i)
    std::printf("%-40s%10.1f%10.2f\n", cases[i].name.c_str(), median(rates[i]), median(ratios[i]));
  return 0;
}
