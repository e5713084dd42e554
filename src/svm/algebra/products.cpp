#include "svm/algebra/products.hpp"

#include <algorithm>
#include <type_traits>

#include "svm/algebra/matrix.hpp"
#include "svm/model/feature_rows.hpp"

namespace pool3::svm {
namespace {

/// Calls `use(rows, their features as Real)` on one panel of this rank's rows after another.
template <typename Real, typename Use>
void for_each_panel_of(const Problem& problem, std::int64_t rows_of_panel, const Use& use) {
  std::vector<Real> copy(std::is_same_v<Real, float> ? 0 : index(std::min(rows_of_panel, problem.rows) * problem.dim));
  for_each_panel(problem, rows_of_panel, [&](RowRange rows, const float* x) {
    if constexpr (std::is_same_v<Real, float>) {
      use(rows, x);
    } else {
      std::copy_n(x, rows.size() * problem.dim, copy.begin());
      use(rows, copy.data());
    }
  });
}

}  // namespace

template <typename Real>
std::vector<Real> Products::margins(const std::vector<Real>& v) const {
  const std::int64_t dim = point_.problem.dim;
  std::vector<Real> out(index(point_.problem.rows * width_));
  for_each_panel_of<Real>(point_.problem, margin_rows, [&](RowRange rows, const Real* x) {
    multiply(rows.size(), width_, dim, x, v.data(), out.data() + rows.begin * width_);
  });
  const auto bias = static_cast<Real>(point_.bias);
  const Real* bias_row = v.data() + dim * width_;
  for_each_entry(out.size(), index(width_), [&](std::size_t i, std::size_t c) { out[i] += bias * bias_row[c]; });
  return out;
}

template <typename Real>
std::vector<Real> Products::back(const std::vector<Real>& u) const {
  const std::int64_t dim = point_.problem.dim;
  std::vector<Real> out(index((dim + 1) * width_), Real{0});
  for_each_panel_of<Real>(point_.problem, back_rows, [&](RowRange rows, const Real* x) {
    add_transposed_product(dim, width_, rows.size(), x, u.data() + rows.begin * width_, out.data());
  });
  Doubles sums(index(width_), 0.0);
  for_each_entry(u.size(), sums.size(), [&](std::size_t i, std::size_t c) { sums[c] += static_cast<double>(u[i]); });
  for (std::size_t c = 0; c < sums.size(); ++c) out[index(dim * width_) + c] = static_cast<Real>(point_.bias * sums[c]);
  point_.comm.sum(std::span<Real>(out));
  return out;
}

template <typename Real>
std::vector<Real> gather(const std::vector<Real>& from, std::int64_t from_width,
                         const std::vector<std::int64_t>& columns) {
  const std::size_t rows = from.size() / index(from_width);
  std::vector<Real> to(rows * columns.size());
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns.size(); ++c)
      to[r * columns.size() + c] = from[r * index(from_width) + index(columns[c])];
  return to;
}

template <typename Real>
void scatter_add(std::vector<Real>& to, std::int64_t to_width, const std::vector<std::int64_t>& columns,
                 const std::vector<Real>& from, const Doubles& step) {
  const std::size_t rows = to.size() / index(to_width);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns.size(); ++c)
      to[r * index(to_width) + index(columns[c])] += static_cast<Real>(step[c]) * from[r * columns.size() + c];
}

template <typename Real>
Doubles dots(const std::vector<Real>& a, const std::vector<Real>& b, std::size_t width) {
  Doubles sums(width, 0.0);
  for (std::size_t i = 0; i < a.size(); i += width)
    for (std::size_t c = 0; c < width; ++c) sums[c] += static_cast<double>(a[i + c]) * static_cast<double>(b[i + c]);
  return sums;
}

template Floats Products::margins(const Floats&) const;
template Doubles Products::margins(const Doubles&) const;
template Floats Products::back(const Floats&) const;
template Doubles Products::back(const Doubles&) const;
template Floats gather(const Floats&, std::int64_t, const std::vector<std::int64_t>&);
template Doubles gather(const Doubles&, std::int64_t, const std::vector<std::int64_t>&);
template void scatter_add(Floats&, std::int64_t, const std::vector<std::int64_t>&, const Floats&, const Doubles&);
template void scatter_add(Doubles&, std::int64_t, const std::vector<std::int64_t>&, const Doubles&, const Doubles&);
template Doubles dots(const Floats&, const Floats&, std::size_t);
template Doubles dots(const Doubles&, const Doubles&, std::size_t);

}  // namespace pool3::svm
