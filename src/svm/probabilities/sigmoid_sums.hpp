#pragma once
// Cross-entropy of sigmoids with its derivatives, of all columns at once.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace pool3::svm {

/// Cross-entropy of p = 1 / (1 + exp(a f + b)) and a target, and its derivatives by a and b.
enum Sum : std::size_t { value, g_a, g_b, h_aa, h_bb, h_ab, sums };
using Sums = std::array<double, sums>;

/// Of the scores of each column.
class SigmoidSums {
 public:
  explicit SigmoidSums(std::size_t columns);

  /// A row of scores. All have [columns] numbers.
  void add_row(const float* scores, const double* a, const double* b, const double* targets);
  /// A score of one column.
  void add(std::size_t column, float score, double a, double b, double target);
  /// A score that was added with a target that was too low by `more`.
  void raise_target(std::size_t column, double score, double z, double more);
  [[nodiscard]] Sums of(std::size_t column);

 private:
  void add_logarithm(std::size_t column);
  void add_logarithms();

  std::size_t columns_;
  std::array<std::vector<double>, sums> sums_;
  std::vector<double> product_;  ///< of 1 + exp(-|z|): one logarithm for many
  int rows_in_product_ = 0;
};

}  // namespace pool3::svm
