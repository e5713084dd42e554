#pragma once
// Pages and charts to look at, each in one file, without a network.

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pool3/image.hpp"
#include "pool3/network.hpp"

namespace pool3 {

/// How the maps of a stage lie in their grid: near square, row by row, thin grey lines between them.
struct GridLayout {
  int columns = 0, rows = 0, gap = 0;  ///< gap in pixels
};
/// Of the channels of a layer.
[[nodiscard]] GridLayout grid_layout(const StageOutput& stage);

/// All maps of a stage, each scaled so that its smallest value is black and its largest white. A map of one value
/// is black. REQUIRES: stage.channels >= 1.
[[nodiscard]] GreyImage tile_maps(const StageOutput& stage);

/// The network's input as the picture it was: [299, 299, 3] floats of that profile.
[[nodiscard]] Image picture_of_input(std::span<const float> input, InputProfile profile);

/// Bar chart of a feature row, an SVG file.
[[nodiscard]] std::string feature_chart(std::span<const float> feature, const std::string& title);

/// one_line(text), escaped for HTML and XML.
[[nodiscard]] std::string escaped(const std::string& text);

/// One picture of the page. `file` holds the bytes of `file_name`, a PNG or SVG file.
struct Figure {
  std::string title, caption, file_name, file;
  int width = 0;           ///< pixels on the page, at most; the picture is enlarged to it
  bool pixelated = false;  ///< enlarge without smoothing
};

/// What the network makes of one picture, to look at.
struct Page {
  std::string title;
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<Figure> figures;
  std::string config;  ///< JSON
};

/// The page as HTML.
[[nodiscard]] std::string html_of(const Page& page);

}  // namespace pool3
