#pragma once
// A layer's output as pictures to look at.

#include <string>
#include <vector>

#include "pool3/image.hpp"
#include "pool3/network.hpp"

namespace pool3::jobs {

/// How the maps of a stage lie in their grid: near square, row by row, thin grey lines between them.
struct GridLayout {
  int columns = 0, rows = 0, gap = 0;  ///< gap in pixels
};
[[nodiscard]] GridLayout grid_layout(const StageOutput& stage);

/// All maps of a stage, each scaled so that its smallest value is black and its largest white. A map of one value
/// is black. REQUIRES: stage.channels >= 1.
[[nodiscard]] GreyImage tile_maps(const StageOutput& stage);

/// The network's input as the picture it was: [299, 299, 3] floats of that profile.
[[nodiscard]] Image picture_of_input(std::span<const float> input, InputProfile profile);

/// Bar chart of a feature row, an SVG file.
[[nodiscard]] std::string feature_chart(std::span<const float> feature, const std::string& title);

}  // namespace pool3::jobs
