#include "svm/newton.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "pool3/partition.hpp"
#include "svm/matrix.hpp"

namespace pool3::detail {
namespace {

/// Residual, relative to the gradient, that a Newton step is solved to.
constexpr double forcing = 0.1;
constexpr std::int64_t most_cg_products = 60;
constexpr int most_line_steps = 12;
/// Rows of one matrix product.
constexpr std::int64_t panel_rows = 4096;

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

/// Calls `use(at, column)` on every entry of [rows, width].
template <typename Use>
void for_each_entry(std::size_t size, std::size_t width, const Use& use) {
  for (std::size_t row = 0; row < size; row += width)
    for (std::size_t c = 0; c < width; ++c) use(row + c, c);
}

/// A copy of some columns of [rows, from_width].
Floats gather(const Floats& from, std::int64_t from_width, const std::vector<std::int64_t>& columns) {
  const std::size_t rows = from.size() / index(from_width);
  Floats to(rows * columns.size());
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns.size(); ++c)
      to[r * columns.size() + c] = from[r * index(from_width) + index(columns[c])];
  return to;
}

/// to[:, columns] += step[c] * from[:, c].
void scatter_add(Floats& to, std::int64_t to_width, const std::vector<std::int64_t>& columns, const Floats& from,
                 const Doubles& step) {
  const std::size_t rows = to.size() / index(to_width);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns.size(); ++c)
      to[r * index(to_width) + index(columns[c])] += static_cast<float>(step[c]) * from[r * columns.size() + c];
}

/// Column sums of a . b, [width].
Doubles dots(const Floats& a, const Floats& b, std::size_t width) {
  Doubles sums(width, 0.0);
  for (std::size_t i = 0; i < a.size(); i += width)
    for (std::size_t c = 0; c < width; ++c) sums[c] += static_cast<double>(a[i + c]) * static_cast<double>(b[i + c]);
  return sums;
}

/// Weights with their bias row below: [dim + 1, width]. `rows` of margins or their like: [rows, width].
class Products {
 public:
  Products(const Point& point, std::size_t width) : point_(point), width_(static_cast<std::int64_t>(width)) {}

  /// x [v; b] of this rank's rows. Not collective.
  [[nodiscard]] Floats margins(const Floats& v) const {
    const std::int64_t dim = point_.problem.dim;
    Floats out(index(point_.problem.rows * width_));
    for_each_panel([&](RowRange rows) {
      multiply(rows.size(), width_, dim, point_.features(rows.begin), v.data(), out.data() + rows.begin * width_);
    });
    const auto bias = static_cast<float>(point_.bias);
    const float* bias_row = v.data() + dim * width_;
    for_each_entry(out.size(), index(width_), [&](std::size_t i, std::size_t c) { out[i] += bias * bias_row[c]; });
    return out;
  }

  /// x^T u, bias row included, over all ranks. Collective.
  [[nodiscard]] Floats back(const Floats& u) const {
    const std::int64_t dim = point_.problem.dim;
    Floats out(index((dim + 1) * width_), 0.0F);
    for_each_panel([&](RowRange rows) {
      add_transposed_product(dim, width_, rows.size(), point_.features(rows.begin), u.data() + rows.begin * width_,
                             out.data());
    });
    Doubles sums(index(width_), 0.0);
    for_each_entry(u.size(), sums.size(), [&](std::size_t i, std::size_t c) { sums[c] += static_cast<double>(u[i]); });
    for (std::size_t c = 0; c < sums.size(); ++c)
      out[index(dim * width_) + c] = static_cast<float>(point_.bias * sums[c]);
    point_.comm.sum(std::span<float>(out));
    return out;
  }

 private:
  template <typename Use>
  void for_each_panel(const Use& use) const {
    for (std::int64_t b = 0; b < block_count(point_.problem.rows, panel_rows); ++b)
      use(block_range(point_.problem.rows, panel_rows, b));
  }
  const Point& point_;
  std::int64_t width_;
};

/// w with its bias row below: [dim + 1, padded].
Floats weights_with_bias(const Point& point) {
  Floats v = point.w;
  v.insert(v.end(), point.bias_w.begin(), point.bias_w.end());
  return v;
}

class Newton {
 public:
  Newton(Point& point, const Spectrum& spectrum)
      : p_(point),
        spectrum_(spectrum),
        padded_(point.padded()),
        rows_(static_cast<double>(point.comm.sum(point.problem.rows))),
        v_(weights_with_bias(point)),
        f_(Products(point, index(padded_)).margins(v_)) {}

  /// Loss, alpha, gradient and gap at v. Collective.
  void evaluate();
  /// One Newton step of the columns whose gap is not small. Collective.
  void step(double tolerance, std::int64_t max_products);
  /// Writes v and alpha back.
  void store();

  Certificate certificate;
  std::int64_t products = 0;

 private:
  struct Direction {
    Floats d;   ///< [dim + 1, width]
    Floats xd;  ///< [rows, width]
  };
  [[nodiscard]] std::vector<std::int64_t> open_columns(double tolerance) const;
  [[nodiscard]] Floats curvatures(const std::vector<std::int64_t>& columns) const;
  Direction conjugate_gradients(const std::vector<std::int64_t>& columns, std::int64_t max_products);
  [[nodiscard]] Preconditioner preconditioner(const Floats& curvature, std::size_t width) const;
  struct Slopes {
    Doubles slope, curve;  ///< [width]
  };
  [[nodiscard]] Slopes loss_slopes(const std::vector<std::int64_t>& columns, const Floats& xd, const Doubles& t) const;
  [[nodiscard]] Doubles line_search(const std::vector<std::int64_t>& columns, const Direction& direction) const;

  Point& p_;
  const Spectrum& spectrum_;
  std::int64_t padded_;
  double rows_;      ///< of all ranks
  Floats v_;         ///< [dim + 1, padded]: w, then its bias row
  Floats f_;         ///< [rows, padded] margins at v
  Floats gradient_;  ///< [dim + 1, padded]
};

void Newton::evaluate() {
  certificate = {Doubles(index(padded_), 0.0), Doubles(index(padded_), 0.0)};
  Floats signed_alpha(f_.size());
  for (std::int64_t i = 0; i < p_.problem.rows; ++i) {
    const std::int32_t label = p_.problem.labels[index(i)], fold = p_.fold(i);
    for (std::int64_t j = 0; j < padded_; ++j) {
      const auto at = index(i * padded_ + j);
      const float y = p_.table.is_positive(j, label) ? 1.0F : -1.0F;
      const float xi = p_.table.counts(j, fold) ? std::max(1.0F - y * f_[at], 0.0F) : 0.0F;
      const float c = p_.table.cost(j, label);
      certificate.primal[index(j)] += static_cast<double>(c * xi * xi);
      p_.alpha[at] = 2.0F * c * xi;
      signed_alpha[at] = y * p_.alpha[at];
    }
  }
  p_.comm.sum(std::span<double>(certificate.primal));
  gradient_ = Products(p_, index(padded_)).back(signed_alpha);
  for (std::size_t i = 0; i < v_.size(); ++i) gradient_[i] = v_[i] - gradient_[i];
  const Doubles norms = dots(v_, v_, index(padded_)), squares = dots(gradient_, gradient_, index(padded_));
  for (std::size_t j = 0; j < norms.size(); ++j) {
    certificate.primal[j] += 0.5 * norms[j];
    certificate.gap[j] = 0.5 * squares[j];
  }
}

std::vector<std::int64_t> Newton::open_columns(double tolerance) const {
  std::vector<std::int64_t> columns;
  for (std::int64_t j = 0; j < padded_; ++j)
    if (certificate.gap[index(j)] > 0.5 * tolerance * certificate.primal[index(j)]) columns.push_back(j);
  return columns;
}

/// 2 C of the rows inside the margin, 0 of the others: [rows, width].
Floats Newton::curvatures(const std::vector<std::int64_t>& columns) const {
  Floats out(index(p_.problem.rows) * columns.size());
  for (std::int64_t i = 0; i < p_.problem.rows; ++i)
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const bool inside = p_.alpha[index(i * padded_ + columns[c])] > 0.0F;
      out[index(i) * columns.size() + c] =
          inside ? 2.0F * p_.table.cost(columns[c], p_.problem.labels[index(i)]) : 0.0F;
    }
  return out;
}

/// Collective.
Preconditioner Newton::preconditioner(const Floats& curvature, std::size_t width) const {
  Doubles mean(width, 0.0);
  for_each_entry(curvature.size(), width,
                 [&](std::size_t i, std::size_t c) { mean[c] += static_cast<double>(curvature[i]) / rows_; });
  p_.comm.sum(std::span<double>(mean));
  return {spectrum_, p_.bias * p_.bias * rows_, std::move(mean)};
}

Newton::Direction Newton::conjugate_gradients(const std::vector<std::int64_t>& columns, std::int64_t max_products) {
  const std::size_t width = columns.size();
  const Products product(p_, width);
  const Floats curvature = curvatures(columns);
  const Preconditioner inverse = preconditioner(curvature, width);
  Floats r = gather(gradient_, padded_, columns);
  for (float& value : r) value = -value;
  Direction out{Floats(r.size(), 0.0F), Floats(curvature.size(), 0.0F)};
  Floats z = inverse.apply(r);
  Floats direction = z;
  Doubles rz = dots(r, z, width);
  Doubles goal = dots(r, r, width);
  for (double& g : goal) g *= forcing * forcing;
  for (std::int64_t k = 0; k < most_cg_products && products < max_products; ++k) {
    const Floats xd = product.margins(direction);
    Floats weighted(xd.size());
    std::transform(xd.begin(), xd.end(), curvature.begin(), weighted.begin(), std::multiplies<>());
    Floats h = product.back(weighted);
    for (std::size_t i = 0; i < h.size(); ++i) h[i] += direction[i];
    ++products;
    const Doubles curve = dots(direction, h, width);
    const Doubles residual = dots(r, r, width);
    Floats step(width, 0.0F);  // a column that has reached its goal stands still
    for (std::size_t c = 0; c < width; ++c)
      if (curve[c] > 0 && residual[c] > goal[c]) step[c] = static_cast<float>(rz[c] / curve[c]);
    for_each_entry(r.size(), width, [&](std::size_t i, std::size_t c) {
      out.d[i] += step[c] * direction[i];
      r[i] -= step[c] * h[i];
    });
    for_each_entry(xd.size(), width, [&](std::size_t i, std::size_t c) { out.xd[i] += step[c] * xd[i]; });
    const Doubles now = dots(r, r, width);
    if (std::equal(now.begin(), now.end(), goal.begin(), std::less_equal<>())) break;
    z = inverse.apply(r);
    const Doubles next = dots(r, z, width);
    Floats keep(width, 0.0F);
    for (std::size_t c = 0; c < width; ++c)
      if (rz[c] > 0) keep[c] = static_cast<float>(next[c] / rz[c]);
    for_each_entry(direction.size(), width,
                   [&](std::size_t i, std::size_t c) { direction[i] = z[i] + keep[c] * direction[i]; });
    rz = next;
  }
  return out;
}

/// Derivatives of P along the direction at step lengths t, but for the terms of 1/2 |v|^2. Collective.
Newton::Slopes Newton::loss_slopes(const std::vector<std::int64_t>& columns, const Floats& xd, const Doubles& t) const {
  const std::size_t width = columns.size();
  Slopes out{Doubles(width, 0.0), Doubles(width, 0.0)};
  for (std::int64_t i = 0; i < p_.problem.rows; ++i) {
    const std::int32_t label = p_.problem.labels[index(i)], fold = p_.fold(i);
    for (std::size_t c = 0; c < width; ++c) {
      if (!p_.table.counts(columns[c], fold)) continue;
      const double y = p_.table.is_positive(columns[c], label) ? 1.0 : -1.0;
      const auto x = static_cast<double>(xd[index(i) * width + c]);
      const double xi = 1.0 - y * (static_cast<double>(f_[index(i * padded_ + columns[c])]) + t[c] * x);
      if (xi <= 0) continue;
      const double twice = 2.0 * static_cast<double>(p_.table.cost(columns[c], label));
      out.slope[c] -= twice * y * x * xi;
      out.curve[c] += twice * x * x;
    }
  }
  p_.comm.sum(std::span<double>(out.slope));
  p_.comm.sum(std::span<double>(out.curve));
  return out;
}

/// The zero of the derivative of P along the direction, for each column: Newton's method on a piecewise linear
/// function, kept inside a bracket. Collective.
Doubles Newton::line_search(const std::vector<std::int64_t>& columns, const Direction& direction) const {
  const std::size_t width = columns.size();
  const Doubles vd = dots(gather(v_, padded_, columns), direction.d, width);
  const Doubles dd = dots(direction.d, direction.d, width);
  Doubles t(width, 1.0), low(width, 0.0), high(width, std::numeric_limits<double>::infinity());
  for (int k = 0; k < most_line_steps; ++k) {
    const Slopes loss = loss_slopes(columns, direction.xd, t);
    bool moved = false;
    for (std::size_t c = 0; c < width; ++c) {
      const double slope = loss.slope[c] + vd[c] + t[c] * dd[c];
      if (!(dd[c] > 0) || slope == 0) continue;
      (slope > 0 ? high : low)[c] = t[c];
      double next = t[c] - slope / (loss.curve[c] + dd[c]);
      if (next <= low[c] || next >= high[c]) next = std::isinf(high[c]) ? 2 * t[c] : 0.5 * (low[c] + high[c]);
      moved = moved || std::abs(next - t[c]) > 1e-6 * t[c];
      t[c] = next;
    }
    if (!moved) break;
  }
  return t;
}

void Newton::step(double tolerance, std::int64_t max_products) {
  const auto columns = open_columns(tolerance);
  const Direction direction = conjugate_gradients(columns, max_products);
  const Doubles t = line_search(columns, direction);
  scatter_add(v_, padded_, columns, direction.d, t);
  scatter_add(f_, padded_, columns, direction.xd, t);
}

void Newton::store() {
  const auto split = v_.begin() + p_.problem.dim * padded_;
  p_.w.assign(v_.begin(), split);
  p_.bias_w.assign(split, v_.end());
}

}  // namespace

NewtonResult newton(Point& point, const Spectrum& spectrum, double tolerance, std::int64_t max_products,
                    const std::function<void(const NewtonProgress&)>& progress) {
  Newton solver(point, spectrum);
  solver.evaluate();
  while (solver.certificate.relative_gap() > tolerance && solver.products < max_products) {
    solver.step(tolerance, max_products);
    solver.evaluate();
    progress({solver.products, solver.certificate.relative_gap()});
  }
  solver.store();
  return {solver.certificate, solver.products};
}

}  // namespace pool3::detail
