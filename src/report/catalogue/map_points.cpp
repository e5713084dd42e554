#include "report/catalogue/map_points.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "report/base64.hpp"

namespace pool3::report {
namespace {

using Json = nlohmann::ordered_json;
constexpr double most = 65535;

/// The square that holds all positions.
struct Frame {
  double left = 0, bottom = 0, side = 1;
  [[nodiscard]] std::array<double, 2> place(const std::array<float, 2>& p) const {
    return {(static_cast<double>(p[0]) - left) / side, (static_cast<double>(p[1]) - bottom) / side};
  }
};

bool is_placed(const std::array<float, 2>& p) { return std::isfinite(p[0]) && std::isfinite(p[1]); }

Frame frame_of(const MapOfRows& map) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  std::array<double, 2> low = {infinity, infinity}, high = {-infinity, -infinity};
  for (const auto& p : map.positions)
    for (std::size_t i = 0; is_placed(p) && i < 2; ++i) {
      low[i] = std::min(low[i], static_cast<double>(p[i]));
      high[i] = std::max(high[i], static_cast<double>(p[i]));
    }
  const double side = std::max({high[0] - low[0], high[1] - low[1], 1e-9}) * 1.04;
  return {(low[0] + high[0] - side) / 2, (low[1] + high[1] - side) / 2, side};
}

/// How many rows lie in each pixel, from 0 to 255 by their logarithm.
std::string density(const MapOfRows& map, const Frame& frame, std::int64_t side) {
  std::vector<double> counts(static_cast<std::size_t>(side * side), 0);
  for (const auto& p : map.positions) {
    if (!is_placed(p)) continue;
    const auto [x, y] = frame.place(p);
    const auto column = std::clamp(static_cast<std::int64_t>(x * static_cast<double>(side)), std::int64_t{0}, side - 1);
    const auto line = std::clamp(static_cast<std::int64_t>(y * static_cast<double>(side)), std::int64_t{0}, side - 1);
    ++counts[static_cast<std::size_t>(line * side + column)];
  }
  const double largest = std::log1p(*std::ranges::max_element(counts));
  std::vector<std::uint8_t> levels;
  levels.reserve(counts.size());
  for (const double n : counts) levels.push_back(static_cast<std::uint8_t>(std::lround(255 * std::log1p(n) / largest)));
  return base64_of(std::span<const std::uint8_t>(levels));
}

}  // namespace

Json map_for_page(const CataloguePage& page, const MapLimits& limits) {
  const MapOfRows& map = *page.map;
  std::vector<std::size_t> placed;
  for (std::size_t i = 0; i < map.positions.size(); ++i)
    if (is_placed(map.positions[i])) placed.push_back(i);
  if (placed.empty()) return {};
  const Frame frame = frame_of(map);
  Json out;
  out["total"] = placed.size();
  if (std::ssize(placed) > limits.all_up_to) {
    out["density"] = density(map, frame, limits.density_side);
    out["density_side"] = limits.density_side;
    std::vector<std::size_t> sample;
    for (std::int64_t i = 0; i < limits.sample; ++i)
      sample.push_back(placed[static_cast<std::size_t>(i * std::ssize(placed) / limits.sample)]);
    placed = std::move(sample);
  }
  std::vector<std::uint16_t> xy;
  std::vector<std::int32_t> rows;
  std::vector<std::int32_t> labels;
  std::vector<std::uint8_t> said;
  for (const std::size_t i : placed) {
    const Row row = map.rows[i];
    const auto [x, y] = frame.place(map.positions[i]);
    xy.push_back(static_cast<std::uint16_t>(std::lround(x * most)));
    xy.push_back(static_cast<std::uint16_t>(std::lround(y * most)));
    rows.push_back(static_cast<std::int32_t>(row));
    labels.push_back(page.labels[static_cast<std::size_t>(row)]);
    const auto judged = std::ranges::lower_bound(page.judged, row, {}, &JudgedRow::row);
    const bool is_judged = judged != page.judged.end() && judged->row == row;
    said.push_back(!is_judged ? 0 : judged->truth == judged->predicted ? 1 : 2);
  }
  out["xy"] = base64_of(std::span<const std::uint16_t>(xy));
  out["rows"] = base64_of(std::span<const std::int32_t>(rows));
  out["labels"] = base64_of(std::span<const std::int32_t>(labels));
  out["said"] = base64_of(std::span<const std::uint8_t>(said));
  out["facts"] = Json::array();
  for (const auto& [name, value] : map.facts) out["facts"].push_back({name, value});
  return out;
}

}  // namespace pool3::report
