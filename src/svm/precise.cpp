#include <algorithm>

#include "pool3/partition.hpp"
#include "svm/matrix.hpp"
#include "svm/products.hpp"

namespace pool3::detail {
namespace {

/// Rows that are doubles at a time: 2 MiB of 2048 features.
constexpr std::int64_t panel_rows = 128;
/// Features that are doubles at a time where rows meet rows.
constexpr std::int64_t strip_columns = 256;

/// Calls `use(rows, their features in double)` on all rows of this rank.
template <typename Use>
void for_each_panel(const Problem& problem, const Use& use) {
  Doubles panel(index(std::min(panel_rows, problem.rows) * problem.dim));
  for (std::int64_t b = 0; b < block_count(problem.rows, panel_rows); ++b) {
    const RowRange rows = block_range(problem.rows, panel_rows, b);
    std::copy_n(problem.x.data() + rows.begin * problem.dim, rows.size() * problem.dim, panel.begin());
    use(rows, panel.data());
  }
}

/// Some columns of x[rows, dim] in double.
Doubles strip(std::int64_t rows, std::int64_t dim, const float* x, RowRange columns) {
  Doubles out(index(rows * columns.size()));
  for (std::int64_t i = 0; i < rows; ++i)
    std::copy_n(x + i * dim + columns.begin, columns.size(), out.begin() + i * columns.size());
  return out;
}

}  // namespace

Doubles Products::margins(const Doubles& v) const {
  const std::int64_t dim = point_.problem.dim;
  Doubles out(index(point_.problem.rows * width_));
  for_each_panel(point_.problem, [&](RowRange rows, const double* x) {
    multiply(rows.size(), width_, dim, x, v.data(), out.data() + rows.begin * width_);
  });
  const double* bias_row = v.data() + dim * width_;
  for_each_entry(out.size(), index(width_), [&](std::size_t i, std::size_t c) { out[i] += point_.bias * bias_row[c]; });
  return out;
}

Doubles Products::back(const Doubles& u) const {
  const std::int64_t dim = point_.problem.dim;
  Doubles out(index((dim + 1) * width_), 0.0);
  for_each_panel(point_.problem, [&](RowRange rows, const double* x) {
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

}  // namespace pool3::detail
