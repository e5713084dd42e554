#include "svm/probabilities/softmax_sums.hpp"

#include <array>
#include <cstddef>

#include "pool3/numbers/target_clones.hpp"
#include "svm/algebra/exponential.hpp"

namespace pool3::svm {
namespace {

constexpr std::size_t lanes = 8;

POOL3_TARGET_CLONES SoftmaxSums sum_up(const float* scores, std::size_t count, double top, double t) {
  std::array<double, lanes> weight{}, first{}, second{}, all{};
  const auto add = [&](std::size_t j, std::size_t l) __attribute__((always_inline)) {
    const double x = static_cast<double>(scores[j]) - top, e = exp_of(t * x);
    weight[l] += e;
    first[l] += e * x;
    second[l] += e * x * x;
    all[l] += x;
  };
  std::size_t j = 0;
  for (; j + lanes <= count; j += lanes)
    for (std::size_t l = 0; l < lanes; ++l) add(j + l, l);
  for (; j < count; ++j) add(j, 0);
  SoftmaxSums sums;
  for (std::size_t l = 0; l < lanes; ++l) {
    sums.weight += weight[l];
    sums.first += first[l];
    sums.second += second[l];
    sums.all += all[l];
  }
  return sums;
}

}  // namespace

SoftmaxSums softmax_sums(std::span<const float> scores, float top, double t) {
  return sum_up(scores.data(), scores.size(), static_cast<double>(top), t);
}

}  // namespace pool3::svm
