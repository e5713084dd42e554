#include "map/repulsion/interpolated_repulsion.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "map/repulsion/grid_convolution.hpp"
#include "pool3/threads.hpp"

namespace pool3::map {
namespace {

constexpr std::int64_t nodes = 3;  ///< of a box, in each direction
constexpr std::int64_t least_boxes = 50, most_boxes = 512;
constexpr std::int64_t points_of_a_piece = 4096;

/// True if Fourier transforms of this size are fast.
bool is_smooth(std::int64_t size) {
  for (const std::int64_t prime : {2, 3, 5})
    while (size % prime == 0) size /= prime;
  return size == 1;
}

std::int64_t boxes_for(double span) {
  auto boxes = std::clamp(static_cast<std::int64_t>(std::ceil(span)), least_boxes, most_boxes);
  while (!is_smooth(boxes)) ++boxes;
  return boxes;
}

/// The square that the points lie in.
struct Square {
  double x = 0, y = 0;  ///< its middle
  double side = 0;
};

Square square_around(const Plane& points) {
  const auto [left, right] = std::ranges::minmax(points.x);
  const auto [low, high] = std::ranges::minmax(points.y);
  const double width = static_cast<double>(right) - static_cast<double>(left);
  const double height = static_cast<double>(high) - static_cast<double>(low);
  constexpr double least_side = 1e-6;
  return {(static_cast<double>(left) + static_cast<double>(right)) / 2,
          (static_cast<double>(low) + static_cast<double>(high)) / 2, std::max({width, height, least_side})};
}

/// Where a coordinate lies on the grid: its first node, and the weights of three.
struct Spot {
  std::int64_t node = 0;
  std::array<double, nodes> weights{};
};

/// `at`: in boxes, from 0 to `boxes`. Lagrange's polynomials on nodes at 1/6, 1/2 and 5/6 of the box.
Spot spot_of(double at, std::int64_t boxes) {
  const std::int64_t box = std::clamp(static_cast<std::int64_t>(at), std::int64_t{0}, boxes - 1);
  const double t = 3 * (at - static_cast<double>(box)) - 1.5;  // nodes at -1, 0, 1
  return {nodes * box, {t * (t - 1) / 2, 1 - t * t, t * (t + 1) / 2}};
}

}  // namespace

/// Its size, its arrays, and what is done with them.
struct InterpolatedRepulsion::Grid {
  explicit Grid(std::int64_t boxes_wanted) : boxes(boxes_wanted), fields(nodes * boxes_wanted) {}

  void place(const Plane& points, const Square& square, int threads) {
    const double scale = static_cast<double>(boxes) / square.side, middle = static_cast<double>(boxes) / 2;
    spots.resize(points.x.size());
    for_points(threads, [&](std::size_t i) {
      spots[i] = {spot_of((static_cast<double>(points.x[i]) - square.x) * scale + middle, boxes),
                  spot_of((static_cast<double>(points.y[i]) - square.y) * scale + middle, boxes)};
    });
  }

  /// Calls `use(node, weight)` for the nine nodes around a point.
  template <typename Use>
  void for_nodes(std::size_t point, Use&& use) const {
    const auto& [x, y] = spots[point];
    for (std::int64_t row = 0; row < nodes; ++row)
      for (std::int64_t column = 0; column < nodes; ++column)
        use(fields.at(y.node + row, x.node + column), y.weights[index(row)] * x.weights[index(column)]);
  }

  /// A charge of 1 for each point, in the order of the points.
  void spread() const {
    fields.clear_charges();
    double* charges = fields.charges();
    for (std::size_t i = 0; i < spots.size(); ++i)
      for_nodes(i, [&](std::size_t node, double weight) { charges[node] += weight; });
  }

  [[nodiscard]] Repulsion gather(int threads) const {
    Repulsion all;
    all.force.x.resize(spots.size());
    all.force.y.resize(spots.size());
    std::vector<double> near(spots.size());
    for_points(threads, [&](std::size_t i) {
      std::array<double, Convolution::fields> sums{};
      for_nodes(i, [&](std::size_t node, double weight) {
        for (int f = 0; f < Convolution::fields; ++f) sums[index(f)] += weight * fields.field(f)[node];
      });
      near[i] = sums[0];
      all.force.x[i] = static_cast<float>(sums[1]);
      all.force.y[i] = static_cast<float>(sums[2]);
    });
    for (const double q : near) all.sum += q - 1;  // without the point itself
    return all;
  }

  template <typename Work>
  void for_points(int threads, Work&& work) const {
    run_pieces(threads, std::ssize(spots), points_of_a_piece, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) work(index(i));
    });
  }

  std::int64_t boxes;
  Convolution fields;
  std::vector<std::array<Spot, 2>> spots;
};

InterpolatedRepulsion::InterpolatedRepulsion(int threads) : threads_(threads) {}
InterpolatedRepulsion::~InterpolatedRepulsion() = default;

Repulsion InterpolatedRepulsion::operator()(const Plane& points) {
  const Square square = square_around(points);
  const std::int64_t boxes = boxes_for(square.side);
  if (!grid_ || grid_->boxes != boxes) grid_ = std::make_unique<Grid>(boxes);
  grid_->place(points, square, threads_);
  grid_->spread();
  grid_->fields.convolve(square.side / static_cast<double>(nodes * boxes), threads_);
  return grid_->gather(threads_);
}

}  // namespace pool3::map
