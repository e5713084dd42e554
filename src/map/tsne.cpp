#include "map/tsne.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "map/repulsion/exact_repulsion.hpp"
#include "map/repulsion/interpolated_repulsion.hpp"
#include "pool3/numbers/target_clones.hpp"
#include "pool3/threads.hpp"

namespace pool3::map {
namespace {

constexpr std::int64_t most_exact = 10'000;
constexpr float exaggeration = 12;
/// Of the step, and of it beside the number of points: a larger one flings few points apart.
constexpr float least_rate = 200, least_rate_of_point = 1;
constexpr float early_momentum = 0.5F, late_momentum = 0.8F;
constexpr float gain_step = 0.2F, gain_decay = 0.8F, least_gain = 0.01F;
constexpr std::int64_t rows_of_a_piece = 512;

/// sum over j of p_ij q_ij (y_i - y_j) for rows [begin, end).
POOL3_TARGET_CLONES
void attract(const Affinities& p, const Plane& at, std::int64_t begin, std::int64_t end, Plane& force) {
  for (std::int64_t i = begin; i < end; ++i) {
    const float x = at.x[index(i)], y = at.y[index(i)];
    float fx = 0, fy = 0;
    for (std::int64_t k = p.begin[index(i)]; k < p.begin[index(i + 1)]; ++k) {
      const std::size_t j = index(p.columns[index(k)]);
      const float dx = x - at.x[j], dy = y - at.y[j];
      const float weight = p.values[index(k)] / (1.0F + dx * dx + dy * dy);
      fx += weight * dx;
      fy += weight * dy;
    }
    force.x[index(i)] = fx;
    force.y[index(i)] = fy;
  }
}

/// One coordinate of all points, with its speed and gains.
class Coordinate {
 public:
  explicit Coordinate(std::size_t count) : speed_(count, 0.0F), gain_(count, 1.0F) {}

  void step(std::vector<float>& at, const std::vector<float>& gradient, float rate, float momentum) {
    for (std::size_t i = 0; i < at.size(); ++i) {
      const bool turned = (gradient[i] > 0) != (speed_[i] > 0);
      gain_[i] = std::max(turned ? gain_[i] + gain_step : gain_[i] * gain_decay, least_gain);
      speed_[i] = momentum * speed_[i] - rate * gain_[i] * gradient[i];
      at[i] += speed_[i];
    }
    const double mean = std::accumulate(at.begin(), at.end(), 0.0) / static_cast<double>(at.size());
    for (float& v : at) v -= static_cast<float>(mean);
  }
  /// What was learnt under another attraction says nothing: few points would be flung apart by it.
  void begin_anew() {
    std::ranges::fill(speed_, 0.0F);
    std::ranges::fill(gain_, 1.0F);
  }

 private:
  std::vector<float> speed_, gain_;
};

/// pull x attraction - repulsion / its sum.
void combine(std::vector<float>& attraction, const std::vector<float>& repulsion, float pull, double sum) {
  const auto push = static_cast<float>(1 / sum);
  for (std::size_t i = 0; i < attraction.size(); ++i) attraction[i] = pull * attraction[i] - push * repulsion[i];
}

}  // namespace

bool is_exact(std::int64_t points) { return points <= most_exact; }

Plane lay_out(const Affinities& affinities, Plane start, const LayoutOptions& options, const Show& show) {
  Plane at = std::move(start);
  const std::int64_t count = affinities.rows();
  Coordinate x(at.x.size()), y(at.y.size());
  Plane force{std::vector<float>(at.x.size()), std::vector<float>(at.y.size())};
  std::optional<InterpolatedRepulsion> interpolated;
  if (!is_exact(count)) interpolated.emplace(options.threads);
  for (int step = 0; step < options.steps; ++step) {
    const bool early = step < options.steps / 3;
    if (step == options.steps / 3) {
      x.begin_anew();
      y.begin_anew();
    }
    run_pieces(options.threads, count, rows_of_a_piece,
               [&](std::int64_t begin, std::int64_t end) { attract(affinities, at, begin, end, force); });
    const Repulsion repulsion = interpolated ? (*interpolated)(at) : exact_repulsion(at, options.threads);
    const float pull = early ? exaggeration : 1.0F;
    const auto points = static_cast<float>(count);
    const float rate = std::max(std::min(least_rate, least_rate_of_point * points), points / pull);
    combine(force.x, repulsion.force.x, pull, repulsion.sum);
    combine(force.y, repulsion.force.y, pull, repulsion.sum);
    x.step(at.x, force.x, rate, early ? early_momentum : late_momentum);
    y.step(at.y, force.y, rate, early ? early_momentum : late_momentum);
    if (show) show(step + 1, options.steps);
  }
  return at;
}

}  // namespace pool3::map
