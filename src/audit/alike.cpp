#include "audit/alike.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "pool3/types.hpp"

namespace pool3::audit {
namespace {

constexpr std::int64_t side = SmallPictures::side, colours = 3;
constexpr double furthest = 0.06;  // of half a side
constexpr int steps = 4;
/// Of the contrast. Of the largest differences in known near copies few are above, of other pictures few below.
constexpr double most_largest = 0.6, most_usual = 0.16;
constexpr double unseen = 3;

/// Where a pixel's middle lies, from -1 to 1.
constexpr double middle(std::int64_t i) { return (static_cast<double>(i) + 0.5) / static_cast<double>(side) * 2 - 1; }

/// u -> u (1 + stretch) + shift, of each axis.
struct Fit {
  Eigen::Vector4d p = Eigen::Vector4d::Zero();  // stretch and shift across, then down
  [[nodiscard]] double across(std::int64_t x) const { return middle(x) * (1 + p[0]) + p[1]; }
  [[nodiscard]] double down(std::int64_t y) const { return middle(y) * (1 + p[2]) + p[3]; }
};

/// Between which two pixels of a row a place lies; beyond the edge, the edge.
struct Between {
  std::int64_t low = 0;
  double part = 0;
  explicit Between(double u) {
    const double at = (u + 1) / 2 * static_cast<double>(side) - 0.5;
    low = std::clamp<std::int64_t>(static_cast<std::int64_t>(std::floor(at)), 0, side - 2);
    part = std::clamp(at - static_cast<double>(low), 0.0, 1.0);
  }
};

using Canvas = std::vector<double>;  // [rows, columns, colours]

Canvas warped(Pixels picture, const Fit& fit) {
  Canvas out(index(side * side * colours));
  for (std::int64_t y = 0; y < side; ++y) {
    const Between v(fit.down(y));
    for (std::int64_t x = 0; x < side; ++x) {
      const Between u(fit.across(x));
      const auto* from = picture.data() + (v.low * side + u.low) * colours;
      for (std::int64_t c = 0; c < colours; ++c) {
        const auto at = [&](std::int64_t i) { return static_cast<double>(from[i * colours + c]); };
        const double above = at(0) + u.part * (at(1) - at(0)), below = at(side) + u.part * (at(side + 1) - at(side));
        out[index((y * side + x) * colours + c)] = above + v.part * (below - above);
      }
    }
  }
  return out;
}

/// The step for which `a` step = `b`. What no slope speaks of stays nearly as it is.
Eigen::Vector4d solve(Eigen::Matrix4d a, const Eigen::Vector4d& b) {
  a.diagonal().array() += 1e-3 * a.trace() / 4 + 1e-6;
  return a.llt().solve(b);
}

/// One step of Gauss and Newton towards `target`.
void improve(Fit& fit, const Canvas& now, Pixels target) {
  Eigen::Matrix4d a = Eigen::Matrix4d::Zero();  // least squares: slopes . step = off, as nearly as can be
  Eigen::Vector4d b = Eigen::Vector4d::Zero();
  constexpr std::int64_t line = side * colours;
  for (std::int64_t y = 0; y < side; ++y)
    for (std::int64_t x = 0; x < side; ++x)
      for (std::int64_t c = 0; c < colours; ++c) {
        const std::int64_t i = y * line + x * colours + c;
        const auto slope = [&](std::int64_t at, std::int64_t step) {
          const std::int64_t before = at > 0 ? step : 0, after = at + 1 < side ? step : 0;
          return (now[index(i + after)] - now[index(i - before)]) * static_cast<double>(side) / 2 *
                 static_cast<double>(step) / static_cast<double>(before + after);
        };
        const double gx = slope(x, colours), gy = slope(y, line);
        const double off = static_cast<double>(target[index(i)]) - now[index(i)];
        const Eigen::Vector4d slopes(gx * middle(x), gx, gy * middle(y), gy);
        a += slopes * slopes.transpose();
        b += slopes * off;
      }
  fit.p = (fit.p + solve(a, b)).cwiseMax(-furthest).cwiseMin(furthest);
}

/// What is beyond the edge of the picture that is moved counts for nothing.
Rest rest_of(const Canvas& now, const Fit& fit, Pixels target) {
  std::vector<double> sums(index(cells * cells * colours), 0.0);
  for (std::int64_t y = 0; y < side; ++y)
    for (std::int64_t x = 0; x < side; ++x) {
      if (std::abs(fit.across(x)) > 1 || std::abs(fit.down(y)) > 1) continue;
      for (std::int64_t c = 0; c < colours; ++c) {
        const std::size_t i = index((y * side + x) * colours + c);
        sums[index((y / 3 * cells + x / 3) * colours + c)] += (static_cast<double>(target[i]) - now[i]) / 9;
      }
    }
  Rest rest;
  for (const double v : sums) {
    rest.largest = std::max(rest.largest, std::abs(v));
    rest.usual += v * v;
  }
  rest.usual = std::sqrt(rest.usual / static_cast<double>(sums.size()));
  return rest;
}

/// [side / of, side / of, colours] means over blocks of `of` by `of` pixels.
Canvas block_means(Pixels picture, std::int64_t of) {
  const std::int64_t blocks = side / of;
  Canvas means(index(blocks * blocks * colours), 0.0);
  for (std::int64_t y = 0; y < side; ++y)
    for (std::int64_t x = 0; x < side; ++x)
      for (std::int64_t c = 0; c < colours; ++c)
        means[index((y / of * blocks + x / of) * colours + c)] +=
            static_cast<double>(picture[index((y * side + x) * colours + c)]) / static_cast<double>(of * of);
  return means;
}

/// `moved` laid on `target`: as it is, or as least squares have it.
Rest rest_one_way(Pixels moved, Pixels target) {
  Fit fit;
  Canvas now = warped(moved, fit);
  const Rest as_it_is = rest_of(now, fit, target);
  for (int i = 0; i < steps; ++i) {
    improve(fit, now, target);
    now = warped(moved, fit);
  }
  const Rest laid = rest_of(now, fit, target);
  return laid.usual < as_it_is.usual ? laid : as_it_is;
}

}  // namespace

double contrast(Pixels picture) {
  const Canvas means = block_means(picture, side / cells);
  std::array<double, colours> sum{};
  for (std::size_t i = 0; i < means.size(); ++i) sum[i % colours] += means[i];
  double squares = 0;
  for (std::size_t i = 0; i < means.size(); ++i) {
    const double off = means[i] - sum[i % colours] / static_cast<double>(cells * cells);
    squares += off * off;
  }
  return std::max(unseen, std::sqrt(squares / static_cast<double>(means.size())));
}

Rest rest(Pixels a, Pixels b) {
  const Rest one = rest_one_way(a, b), other = rest_one_way(b, a);
  return one.largest <= other.largest ? one : other;
}

bool is_near(const Rest& rest, double least_contrast) {
  return rest.largest <= std::min(largest_rest, most_largest * least_contrast) &&
         rest.usual <= most_usual * least_contrast;
}

void sketch(Pixels picture, std::span<float> out) {
  const Canvas means = block_means(picture, side / sketch_side);
  std::ranges::transform(means, out.begin(), [](double mean) { return static_cast<float>(mean); });
}

}  // namespace pool3::audit
