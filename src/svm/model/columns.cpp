#include "svm/model/columns.hpp"

#include <algorithm>
#include <numeric>

#include "svm/algebra/matrix.hpp"
#include "svm/model/feature_rows.hpp"

namespace pool3::svm {
namespace {

constexpr std::int64_t block_rows = 256;

/// Gap and loss of one row at exact margins, added to the columns' sums.
void add_row(const Point& p, std::int64_t row, const float* margins, Certificate& sums) {
  const bool squared = p.table.loss == Loss::l2;
  const std::int32_t label = p.problem.labels[index(row)];
  for (std::int64_t j = 0; j < p.padded(); ++j) {
    if (!p.table.counts(j, p.fold(row))) continue;
    const auto c = static_cast<double>(p.cost(j, row));
    const auto a = static_cast<double>(p.alpha[index(row * p.padded() + j)]);
    const auto f = static_cast<double>(margins[j]) + p.bias * static_cast<double>(p.bias_w[index(j)]);
    const double slack = 1.0 - (p.table.is_positive(j, label) ? f : -f);
    const double xi = std::max(slack, 0.0);
    const double loss = squared ? c * xi * xi : c * xi;
    sums.primal[index(j)] += loss;
    sums.gap[index(j)] += loss - a * slack + (squared ? a * a / (4.0 * c) : 0.0);
  }
}

}  // namespace

double Certificate::relative_gap() const {
  const double total = std::accumulate(primal.begin(), primal.end(), 0.0);
  const double gaps = std::accumulate(gap.begin(), gap.end(), 0.0);
  return total > 0 ? gaps / total : gaps;
}

std::vector<double> Point::half_norms() const {
  std::vector<double> sums(index(padded()), 0.0);
  const auto add = [&](const float* row) {
    for (std::int64_t j = 0; j < padded(); ++j)
      sums[index(j)] += 0.5 * static_cast<double>(row[j]) * static_cast<double>(row[j]);
  };
  for (std::int64_t r = 0; r < problem.dim; ++r) add(w.data() + r * padded());
  add(bias_w.data());
  return sums;
}

std::vector<double> Point::weights_of_duals(const std::vector<float>& duals) const {
  std::vector<double> sum(w.size() + bias_w.size(), 0.0);
  std::vector<float> part(w.size()), signed_alpha(index(block_rows * padded()));
  for_each_panel(problem, block_rows, [&](RowRange rows, const float* x) {
    for (std::int64_t i = 0; i < rows.size(); ++i) {
      const std::int32_t label = problem.labels[index(rows.begin + i)];
      for (std::int64_t j = 0; j < padded(); ++j) {
        const float a = duals[index((rows.begin + i) * padded() + j)];
        const float v = table.is_positive(j, label) ? a : -a;
        signed_alpha[index(i * padded() + j)] = v;
        sum[w.size() + index(j)] += bias * static_cast<double>(v);
      }
    }
    transposed_product(problem.dim, padded(), rows.size(), x, signed_alpha.data(), part.data());
    for (std::size_t i = 0; i < w.size(); ++i) sum[i] += static_cast<double>(part[i]);
  });
  comm.sum(std::span<double>(sum));
  return sum;
}

void Point::rebuild_w() {
  const auto sum = weights_of_duals(alpha);
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(sum[i]);
  for (std::size_t j = 0; j < bias_w.size(); ++j) bias_w[j] = static_cast<float>(sum[w.size() + j]);
}

namespace {

/// Primal, and the gap's terms of the rows, at the point's w and alpha. Collective.
Certificate sum_rows(const Point& p) {
  const std::size_t padded = index(p.padded());
  Certificate sums{std::vector<double>(padded, 0.0), std::vector<double>(padded, 0.0)};
  std::vector<float> margins(index(block_rows) * padded);
  for_each_panel(p.problem, block_rows, [&](RowRange rows, const float* x) {
    multiply(rows.size(), p.padded(), p.problem.dim, x, p.w.data(), margins.data());
    for (std::int64_t i = 0; i < rows.size(); ++i) add_row(p, rows.begin + i, margins.data() + i * p.padded(), sums);
  });
  p.comm.sum(std::span<double>(sums.primal));
  p.comm.sum(std::span<double>(sums.gap));
  const auto norms = p.half_norms();
  for (std::size_t j = 0; j < padded; ++j) sums.primal[j] += norms[j];
  return sums;
}

}  // namespace

Certificate certify(Point& p) {
  p.rebuild_w();
  return sum_rows(p);
}

Certificate certify_pair(const Point& p) {
  Certificate sums = sum_rows(p);
  const auto of_duals = p.weights_of_duals(p.alpha);
  for (std::size_t i = 0; i < of_duals.size(); ++i) {
    const float w = i < p.w.size() ? p.w[i] : p.bias_w[i - p.w.size()];
    const double away = static_cast<double>(w) - of_duals[i];
    sums.gap[i % sums.gap.size()] += 0.5 * away * away;
  }
  return sums;
}

}  // namespace pool3::svm
