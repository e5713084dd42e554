// The pool feature as a bar chart, drawn as SVG.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "pool3/report.hpp"

namespace pool3 {
namespace {

// Pixels of the chart.
constexpr double left = 70, right = 20, top = 56, bottom = 56, plot_width = 1024, plot_height = 320;
constexpr double width = left + plot_width + right, height = top + plot_height + bottom;

/// 1, 2 or 5 times a power of ten, so that about five steps make `range`.
double tick_step(double range) {
  const double rough = range / 5;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (rough <= factor * power) return factor * power;
  return 10 * power;
}

struct ValueAxis {
  double end, step;
  int digits;  // after the point
};

ValueAxis value_axis(double largest) {
  if (!(largest > 0)) return {1, 0.2, 1};
  const double step = tick_step(largest);
  return {std::ceil(largest / step) * step, step, std::max(0, static_cast<int>(-std::floor(std::log10(step))))};
}

std::string text_at(double x, double y, const char* anchor, const std::string& text, const char* more = "") {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n", x, y, anchor, more,
                     escaped(text));
}

std::string line_at(double x1, double y1, double x2, double y2, const char* colour) {
  return fmt::format("<path d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\" stroke=\"{}\"/>\n", x1, y1, x2, y2, colour);
}

double x_of(double channel, std::size_t count) { return left + plot_width * channel / static_cast<double>(count); }
double y_of(double value, const ValueAxis& axis) { return top + plot_height * (1 - value / axis.end); }

std::string axes(const ValueAxis& axis, std::size_t count) {
  std::string out;
  const int steps = static_cast<int>(std::lround(axis.end / axis.step));
  for (int i = 0; i <= steps; ++i) {
    const double y = y_of(i * axis.step, axis);
    if (i > 0) out += line_at(left, y, left + plot_width, y, "#ddd");
    out += line_at(left - 5, y, left, y, "#333");
    out += text_at(left - 9, y + 4, "end", fmt::format("{:.{}f}", i * axis.step, axis.digits));
  }
  for (std::size_t channel = 0; channel <= count; channel += std::max<std::size_t>(1, count / 8)) {
    const double x = x_of(static_cast<double>(channel), count);
    out += line_at(x, top + plot_height, x, top + plot_height + 5, "#333");
    out += text_at(x, top + plot_height + 19, "middle", fmt::to_string(channel));
  }
  out += line_at(left, top, left, top + plot_height, "#333");
  out += line_at(left, top + plot_height, left + plot_width, top + plot_height, "#333");
  out += text_at(left + plot_width / 2, height - 12, "middle", "channel");
  return out +
         fmt::format(
             "<text transform=\"translate(18 {:.1f}) rotate(-90)\" text-anchor=\"middle\">mean activation</text>\n",
             top + plot_height / 2);
}

/// One stroke a channel.
std::string bars(std::span<const float> feature, const ValueAxis& axis) {
  std::string path;
  for (std::size_t i = 0; i < feature.size(); ++i) {
    const double value = std::max(0.0, static_cast<double>(feature[i]));
    path += fmt::format("M{:.2f} {:.0f}V{:.2f}", x_of(static_cast<double>(i) + 0.5, feature.size()), top + plot_height,
                        y_of(value, axis));
  }
  // A pixel wide, though channels are half a pixel apart: thinner strokes are too pale to see.
  return fmt::format("<path id=\"bars\" d=\"{}\" stroke=\"#1f5fa8\" stroke-width=\"1\"/>\n", path);
}

}  // namespace

std::string feature_chart(std::span<const float> feature, const std::string& title) {
  const float largest = *std::ranges::max_element(feature);
  const double mean = std::accumulate(feature.begin(), feature.end(), 0.0) / static_cast<double>(feature.size());
  const ValueAxis axis = value_axis(static_cast<double>(largest));
  return fmt::format(
             R"(<svg xmlns="http://www.w3.org/2000/svg" width="{0:.0f}" height="{1:.0f}" viewBox="0 0 {0:.0f} {1:.0f}")"
             R"( font-family="sans-serif" font-size="13" fill="#333">)"
             "\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
             width, height) +
         text_at(left, 24, "start", title, R"( font-size="17" font-weight="bold")") +
         text_at(left, 43, "start",
                 fmt::format("{} channels, mean {:.3f}, largest {:.3f}", feature.size(), mean, largest)) +
         axes(axis, feature.size()) + bars(feature, axis) + "</svg>\n";
}

}  // namespace pool3
