#pragma once
// What a row of scores adds to the derivatives of a softmax by its temperature.

#include <span>

namespace pool3::svm {

/// Sums over the scores' distances x <= 0 from the largest: e = exp(t x), and e with x and x^2; and of x itself.
struct SoftmaxSums {
  double weight = 0, first = 0, second = 0, all = 0;
};

/// REQUIRES: t >= 0, and no score is above `top`.
[[nodiscard]] SoftmaxSums softmax_sums(std::span<const float> scores, float top, double t);

}  // namespace pool3::svm
