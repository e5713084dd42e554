#include "map/repulsion/exact_repulsion.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "pool3/numbers/target_clones.hpp"
#include "pool3/threads.hpp"
#include "pool3/types.hpp"

namespace pool3::map {
namespace {

constexpr std::size_t lanes = 16;
constexpr std::int64_t rows_of_a_piece = 64;
/// Where padding lies: so far that it repels nobody.
constexpr float nowhere = 1e18F;

using Vector [[gnu::vector_size(lanes * sizeof(float))]] = float;
// aligned: to floats alone. may_alias: it is read from an array of floats.
using Loose [[gnu::vector_size(lanes * sizeof(float)), gnu::aligned(4), gnu::may_alias]] = float;

/// Sums of one row over all points.
struct Sums {
  float x = 0, y = 0, q = 0;
};

float total(const Vector& v) {
  float sum = 0;
  for (std::size_t l = 0; l < lanes; ++l) sum += v[l];
  return sum;
}

/// Of the points [begin, begin + sums.size()) with all `count` points; a multiple of `lanes`.
POOL3_TARGET_CLONES
void repel(const float* x, const float* y, std::size_t count, std::size_t begin, std::span<Sums> sums) {
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const float px = x[begin + i], py = y[begin + i];
    Vector sum_x = {}, sum_y = {}, sum_q = {};
    for (std::size_t j = 0; j < count; j += lanes) {
      const Vector dx = px - *reinterpret_cast<const Loose*>(x + j);
      const Vector dy = py - *reinterpret_cast<const Loose*>(y + j);
      const Vector q = 1.0F / (1.0F + dx * dx + dy * dy);
      const Vector q2 = q * q;
      sum_q += q;
      sum_x += q2 * dx;
      sum_y += q2 * dy;
    }
    sums[i] = {total(sum_x), total(sum_y), total(sum_q)};
  }
}

std::vector<float> padded(const std::vector<float>& values) {
  std::vector<float> all = values;
  all.resize((values.size() + lanes - 1) / lanes * lanes, nowhere);
  return all;
}

}  // namespace

Repulsion exact_repulsion(const Plane& points, int threads) {
  const std::vector<float> x = padded(points.x), y = padded(points.y);
  std::vector<Sums> sums(points.x.size());
  run_pieces(threads, std::ssize(sums), rows_of_a_piece, [&](std::int64_t begin, std::int64_t end) {
    repel(x.data(), y.data(), x.size(), index(begin), std::span(sums).subspan(index(begin), index(end - begin)));
  });
  Repulsion all;
  for (const Sums& s : sums) {
    all.force.x.push_back(s.x);
    all.force.y.push_back(s.y);
    all.sum += static_cast<double>(s.q) - 1;  // without the point itself
  }
  return all;
}

}  // namespace pool3::map
