#include <algorithm>
#include <cmath>

#include "pool3/report.hpp"

namespace pool3 {
namespace {

/// Between the maps. Neither black nor white, so that it is not taken for a value.
constexpr std::uint8_t gap_grey = 128;

/// Copies one map into the grid; (left, top) is its first pixel there.
void draw_map(std::span<const float> map, std::int64_t map_width, GreyImage& grid, std::int64_t left,
              std::int64_t top) {
  const auto [least, most] = std::ranges::minmax(map);
  const float scale = most > least ? 255.0F / (most - least) : 0.0F;
  for (std::int64_t i = 0; i < std::ssize(map); ++i) {
    const std::int64_t at = (top + i / map_width) * grid.width + left + i % map_width;
    const float grey = (map[static_cast<std::size_t>(i)] - least) * scale;
    grid.pixels[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(std::lround(grey));
  }
}

}  // namespace

GridLayout grid_layout(const StageOutput& stage) {
  const int columns = static_cast<int>(std::ceil(std::sqrt(stage.channels)));
  return {.columns = columns, .rows = (stage.channels + columns - 1) / columns, .gap = stage.width < 64 ? 1 : 2};
}

GreyImage tile_maps(const StageOutput& stage) {
  const GridLayout layout = grid_layout(stage);
  const std::int64_t step_x = stage.width + layout.gap;
  const std::int64_t step_y = stage.height + layout.gap;
  GreyImage grid{layout.columns * step_x - layout.gap, layout.rows * step_y - layout.gap, {}};
  grid.pixels.assign(static_cast<std::size_t>(grid.width * grid.height), gap_grey);
  const std::size_t size = static_cast<std::size_t>(stage.width) * static_cast<std::size_t>(stage.height);
  for (int c = 0; c < stage.channels; ++c) {
    const auto map = std::span(stage.values).subspan(static_cast<std::size_t>(c) * size, size);
    draw_map(map, stage.width, grid, c % layout.columns * step_x, c / layout.columns * step_y);
  }
  return grid;
}

Image picture_of_input(std::span<const float> input, InputProfile profile) {
  // Where black is; white is 1 in all profiles, nearly so in tf2015.
  const float black = profile == InputProfile::nsfwjs ? 0.0F : -1.0F;
  Image picture{input_side, input_side, {}};
  picture.pixels.reserve(input.size());
  for (const float v : input) {
    const float level = std::clamp((v - black) / (1.0F - black), 0.0F, 1.0F);
    picture.pixels.push_back(static_cast<std::uint8_t>(std::lround(level * 255.0F)));
  }
  return picture;
}

}  // namespace pool3
