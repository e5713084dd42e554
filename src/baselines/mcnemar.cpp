#include <algorithm>

#include "pool3/baselines.hpp"
#include "pool3/evaluation/measures.hpp"

namespace pool3 {

double mcnemar_p(std::int64_t only_first, std::int64_t only_second) {
  double below = 0;
  for (std::int64_t k = 0; k <= std::min(only_first, only_second); ++k)
    below += binomial_probability(k, only_first + only_second, 0.5);
  return std::min(1.0, 2 * below);
}

PairedTest mcnemar(std::span<const std::int32_t> truth, std::span<const std::int32_t> first,
                   std::span<const std::int32_t> second) {
  PairedTest test;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const bool a = first[i] == truth[i], b = second[i] == truth[i];
    test.only_first += a && !b ? 1 : 0;
    test.only_second += b && !a ? 1 : 0;
  }
  test.p = mcnemar_p(test.only_first, test.only_second);
  return test;
}

}  // namespace pool3
