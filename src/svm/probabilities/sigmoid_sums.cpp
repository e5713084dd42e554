#include "svm/probabilities/sigmoid_sums.hpp"

#include <array>
#include <cmath>

#include "pool3/numbers/target_clones.hpp"
#include "svm/algebra/exponential.hpp"

namespace pool3::svm {
namespace {

/// Factors from 1 to 2 whose product, after one below the second of these, a double holds.
constexpr int most_in_product = 500;
constexpr double large_product = 0x1p500;

constexpr std::size_t lanes = 8;
using Lanes = std::array<double, lanes>;

/// Where the sums of all columns lie.
struct Places {
  double *value, *g_a, *g_b, *h_aa, *h_bb, *h_ab, *product;
};

/// `Count` columns from j on. What a row adds is in arrays of its own first: they overlap nothing.
template <std::size_t Count>
[[gnu::always_inline]] inline void add_lanes(std::size_t j, const float* scores, const double* a, const double* b,
                                             const double* targets, const Places& to) {
  Lanes f, part, off, factor, curve;
  for (std::size_t l = 0; l < Count; ++l) {
    f[l] = static_cast<double>(scores[j + l]);
    const double z = f[l] * a[j + l] + b[j + l], e = exp_of(z > 0 ? -z : z), over = 1 / (1 + e);
    part[l] = targets[j + l] * z - (z > 0 ? 0.0 : z);
    off[l] = targets[j + l] - (z > 0 ? e * over : over);
    factor[l] = 1 + e;
    curve[l] = e * over * over;
  }
  for (std::size_t l = 0; l < Count; ++l) to.value[j + l] += part[l];
  for (std::size_t l = 0; l < Count; ++l) to.product[j + l] *= factor[l];
  for (std::size_t l = 0; l < Count; ++l) to.g_a[j + l] += f[l] * off[l];
  for (std::size_t l = 0; l < Count; ++l) to.g_b[j + l] += off[l];
  for (std::size_t l = 0; l < Count; ++l) to.h_aa[j + l] += f[l] * f[l] * curve[l];
  for (std::size_t l = 0; l < Count; ++l) to.h_bb[j + l] += curve[l];
  for (std::size_t l = 0; l < Count; ++l) to.h_ab[j + l] += f[l] * curve[l];
}

POOL3_TARGET_CLONES void add_scores(std::size_t columns, const float* scores, const double* a, const double* b,
                                    const double* targets, const Places& to) {
  std::size_t j = 0;
  for (; j + lanes <= columns; j += lanes) add_lanes<lanes>(j, scores, a, b, targets, to);
  for (; j < columns; ++j) add_lanes<1>(j, scores, a, b, targets, to);
}

}  // namespace

SigmoidSums::SigmoidSums(std::size_t columns) : columns_(columns), product_(columns, 1.0) {
  sums_.fill(std::vector<double>(columns, 0.0));
}

void SigmoidSums::add_row(const float* scores, const double* a, const double* b, const double* targets) {
  add_scores(columns_, scores, a, b, targets,
             {sums_[value].data(), sums_[g_a].data(), sums_[g_b].data(), sums_[h_aa].data(), sums_[h_bb].data(),
              sums_[h_ab].data(), product_.data()});
  if (++rows_in_product_ == most_in_product) add_logarithms();
}

void SigmoidSums::add(std::size_t column, float score, double a, double b, double target) {
  add_scores(1, &score, &a, &b, &target,
             {&sums_[value][column], &sums_[g_a][column], &sums_[g_b][column], &sums_[h_aa][column],
              &sums_[h_bb][column], &sums_[h_ab][column], &product_[column]});
  if (product_[column] > large_product) add_logarithm(column);
}

void SigmoidSums::raise_target(std::size_t column, double score, double z, double more) {
  sums_[value][column] += more * z;
  sums_[g_a][column] += more * score;
  sums_[g_b][column] += more;
}

Sums SigmoidSums::of(std::size_t column) {
  add_logarithm(column);
  Sums of_column{};
  for (std::size_t k = 0; k < sums; ++k) of_column[k] = sums_[k][column];
  return of_column;
}

void SigmoidSums::add_logarithm(std::size_t column) {
  sums_[value][column] += std::log(product_[column]);
  product_[column] = 1;
}

void SigmoidSums::add_logarithms() {
  for (std::size_t j = 0; j < columns_; ++j) add_logarithm(j);
  rows_in_product_ = 0;
}

}  // namespace pool3::svm
