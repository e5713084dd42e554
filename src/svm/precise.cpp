#include "svm/precise.hpp"

#include <algorithm>
#include <utility>

#include "svm/feature_rows.hpp"
#include "svm/matrix.hpp"

namespace pool3::detail {
namespace {

/// Rows that are doubles at a time: 2 MiB of 2048 features.
constexpr std::int64_t precise_rows = 128;
/// Features that are doubles at a time where rows meet rows.
constexpr std::int64_t strip_columns = 256;

/// Calls `use(rows, their features in double)` on all rows of this rank.
template <typename Use>
void for_each_precise_panel(const Problem& problem, const Use& use) {
  Doubles panel(index(std::min(precise_rows, problem.rows) * problem.dim));
  for_each_panel(problem, precise_rows, [&](RowRange rows, const float* x) {
    std::copy_n(x, rows.size() * problem.dim, panel.begin());
    use(rows, panel.data());
  });
}

/// Some columns of x[rows, dim] in double.
Doubles strip(std::int64_t rows, std::int64_t dim, const float* x, RowRange columns) {
  Doubles out(index(rows * columns.size()));
  for (std::int64_t i = 0; i < rows; ++i)
    std::copy_n(x + i * dim + columns.begin, columns.size(), out.begin() + i * columns.size());
  return out;
}

float to_float(double value) { return static_cast<float>(value); }

}  // namespace

Pair<float> take_pair(Point& point) {
  Pair<float> pair{point.w, std::move(point.alpha)};
  pair.v.insert(pair.v.end(), point.bias_w.begin(), point.bias_w.end());
  return pair;
}

void put_pair(Point& point, Pair<float> pair) {
  const auto bias = pair.v.begin() + std::ssize(point.w);
  point.w.assign(pair.v.begin(), bias);
  point.bias_w.assign(bias, pair.v.end());
  point.alpha = std::move(pair.alpha);
}

Pair<double> precise_pair(const Point& point) {
  Pair<double> pair{Doubles(point.w.begin(), point.w.end()), Doubles(point.alpha.begin(), point.alpha.end())};
  pair.v.insert(pair.v.end(), point.bias_w.begin(), point.bias_w.end());
  return pair;
}

void round_into(Point& point, const Pair<double>& pair) {
  const auto bias = pair.v.begin() + std::ssize(point.w);
  std::transform(pair.v.begin(), bias, point.w.begin(), to_float);
  std::transform(bias, pair.v.end(), point.bias_w.begin(), to_float);
  std::transform(pair.alpha.begin(), pair.alpha.end(), point.alpha.begin(), to_float);
}

Doubles PreciseProducts::margins(const Doubles& v) const {
  const std::int64_t dim = point_.problem.dim;
  Doubles out(index(point_.problem.rows * width_));
  for_each_precise_panel(point_.problem, [&](RowRange rows, const double* x) {
    multiply(rows.size(), width_, dim, x, v.data(), out.data() + rows.begin * width_);
  });
  const double* bias_row = v.data() + dim * width_;
  for_each_entry(out.size(), index(width_), [&](std::size_t i, std::size_t c) { out[i] += point_.bias * bias_row[c]; });
  return out;
}

Doubles PreciseProducts::back(const Doubles& u) const {
  const std::int64_t dim = point_.problem.dim;
  Doubles out(index((dim + 1) * width_), 0.0);
  for_each_precise_panel(point_.problem, [&](RowRange rows, const double* x) {
    add_transposed_product(dim, width_, rows.size(), x, u.data() + rows.begin * width_, out.data());
  });
  double* bias_row = out.data() + dim * width_;
  for_each_entry(u.size(), index(width_), [&](std::size_t i, std::size_t c) { bias_row[c] += point_.bias * u[i]; });
  point_.comm.sum(std::span<double>(out));
  return out;
}

Doubles precise_row_products(std::int64_t m, std::int64_t n, std::int64_t dim, const float* a, const float* b) {
  Doubles out(index(m * n), 0.0);
  for (std::int64_t s = 0; s < block_count(dim, strip_columns); ++s) {
    const RowRange columns = block_range(dim, strip_columns, s);
    add_product_by_transposed(m, n, columns.size(), strip(m, dim, a, columns).data(), strip(n, dim, b, columns).data(),
                              out.data());
  }
  return out;
}

Floats weights_of(const Point& point, const Floats& alpha) {
  const Doubles sums = point.weights_of_duals(alpha);
  Floats out(sums.size());
  std::transform(sums.begin(), sums.end(), out.begin(), to_float);
  return out;
}

Doubles weights_of(const Point& point, const Doubles& alpha) {
  Doubles signed_alpha(alpha.size());
  for (std::int64_t i = 0; i < point.problem.rows; ++i)
    for (std::int64_t j = 0; j < point.padded(); ++j) {
      const auto at = index(i * point.padded() + j);
      signed_alpha[at] = point.table.is_positive(j, point.problem.labels[index(i)]) ? alpha[at] : -alpha[at];
    }
  return PreciseProducts(point, index(point.padded())).back(signed_alpha);
}

Certificate certify_pair(const Point& p, const Pair<double>& pair) {
  const std::int64_t padded = p.padded();
  const bool squared = p.table.loss == Loss::l2;
  const PreciseProducts products(p, index(padded));
  const Doubles f = products.margins(pair.v);
  Doubles signed_alpha(f.size(), 0.0);
  Certificate sums{Doubles(index(padded), 0.0), Doubles(index(padded), 0.0)};
  for (std::int64_t i = 0; i < p.problem.rows; ++i)
    for (std::int64_t j = 0; j < padded; ++j) {
      if (!p.table.counts(j, p.fold(i))) continue;
      const auto at = index(i * padded + j);
      const double y = p.table.is_positive(j, p.problem.labels[index(i)]) ? 1 : -1, a = pair.alpha[at];
      const auto c = static_cast<double>(p.cost(j, i));
      const double slack = 1 - y * f[at], xi = std::max(slack, 0.0);
      const double loss = squared ? c * xi * xi : c * xi;
      signed_alpha[at] = y * a;
      sums.primal[index(j)] += loss;
      sums.gap[index(j)] += loss - a * slack + (squared ? a * a / (4 * c) : 0.0);
    }
  p.comm.sum(std::span<double>(sums.primal));
  p.comm.sum(std::span<double>(sums.gap));
  const Doubles of_duals = products.back(signed_alpha);
  for (std::size_t i = 0; i < of_duals.size(); ++i) {
    const double away = pair.v[i] - of_duals[i];
    sums.primal[i % index(padded)] += 0.5 * pair.v[i] * pair.v[i];
    sums.gap[i % index(padded)] += 0.5 * away * away;
  }
  for (double& gap : sums.gap) gap = std::max(gap, 0.0);  // a sum of nothing but rounding
  return sums;
}

}  // namespace pool3::detail
