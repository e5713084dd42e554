#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "pool3/image.hpp"

namespace pool3 {
namespace {

constexpr int row_floats = input_side * 3;
using FloatRow = std::array<float, row_floats>;

/// For each output coordinate of one axis: the two source coordinates and the weight of the second.
struct Axis {
  std::array<std::int64_t, input_side> low;
  std::array<std::int64_t, input_side> high;
  std::array<float, input_side> weight;
};

/// Bilinear with align_corners = true: the corner pixels of source and target coincide.
Axis align_corners(std::int64_t source_size) {
  Axis axis{};
  const std::int64_t last = source_size - 1;
  const float scale = static_cast<float>(last) / static_cast<float>(input_side - 1);
  for (std::size_t i = 0; i < input_side; ++i) {
    const float source = static_cast<float>(i) * scale;
    const float floor = std::floor(source);
    axis.low[i] = std::min(static_cast<std::int64_t>(floor), last);  // rounding may overshoot in huge pictures
    axis.high[i] = std::min(axis.low[i] + 1, last);
    axis.weight[i] = source - floor;
  }
  return axis;
}

/// Byte offsets and weights of the x axis, for each of the floats in an output row.
struct Columns {
  std::array<std::int64_t, row_floats> low;
  std::array<std::int64_t, row_floats> high;
  FloatRow weight;
};

Columns columns_of(const Axis& x_axis) {
  Columns columns{};
  for (std::size_t i = 0; i < row_floats; ++i) {
    const auto channel = static_cast<std::int64_t>(i % 3);
    columns.low[i] = x_axis.low[i / 3] * 3 + channel;
    columns.high[i] = x_axis.high[i / 3] * 3 + channel;
    columns.weight[i] = x_axis.weight[i / 3];
  }
  return columns;
}

/// x / 255 for every byte.
std::array<float, 256> unit_table() {
  std::array<float, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<float>(i) / 255.0F;
  return table;
}

/// One source row, interpolated along x.
void interpolate_row(const std::uint8_t* row, const Columns& columns, FloatRow& out) {
  static const std::array<float, 256> unit = unit_table();
  FloatRow right;
  for (std::size_t i = 0; i < row_floats; ++i) {  // the loads apart, so that the arithmetic below is vector code
    out[i] = unit[row[columns.low[i]]];
    right[i] = unit[row[columns.high[i]]];
  }
  for (std::size_t i = 0; i < row_floats; ++i) out[i] += (right[i] - out[i]) * columns.weight[i];
}

/// Source rows interpolated along x; the last two are kept, as enlarging asks for them again.
class RowCache {
 public:
  RowCache(const Image& picture, const Columns& columns) : picture_(picture), columns_(columns) {}

  /// The reference holds until the second call after this.
  const FloatRow& operator[](std::int64_t y) {
    if (y == y_[0]) return rows_[0];
    if (y == y_[1]) return rows_[1];
    const std::size_t slot = y_[0] < y_[1] ? 0 : 1;  // rows are asked for in rising order: drop the lower
    y_[slot] = y;
    interpolate_row(picture_.pixels.data() + y * picture_.width * 3, columns_, rows_[slot]);
    return rows_[slot];
  }

 private:
  const Image& picture_;
  const Columns& columns_;
  std::array<std::int64_t, 2> y_ = {-2, -1};
  std::array<FloatRow, 2> rows_{};
};

void to_unit_align_corners(const Image& picture, std::span<float> out) {
  const Axis y_axis = align_corners(picture.height);
  const Columns columns = columns_of(align_corners(picture.width));
  RowCache rows(picture, columns);
  for (std::size_t y = 0; y < input_side; ++y) {
    const FloatRow& top = rows[y_axis.low[y]];
    const FloatRow& bottom = rows[y_axis.high[y]];
    const float weight = y_axis.weight[y];
    float* line = out.data() + y * row_floats;
    for (std::size_t i = 0; i < row_floats; ++i) line[i] = top[i] + (bottom[i] - top[i]) * weight;
  }
}

constexpr std::array<std::string_view, 4> profile_names = {"nsfwjs", "tf2015", "keras", "torchvision"};

}  // namespace

std::string_view to_string(InputProfile profile) {
  const auto place = static_cast<std::size_t>(profile);
  if (place >= profile_names.size()) throw std::invalid_argument("unknown input profile");
  return profile_names.at(place);
}

InputProfile parse_input_profile(std::string_view name) {
  const auto* const found = std::ranges::find(profile_names, name);
  if (found != profile_names.end()) return static_cast<InputProfile>(found - profile_names.begin());
  throw std::invalid_argument("unknown input profile \"" + std::string(name) +
                              "\"; known: nsfwjs, tf2015, keras, torchvision");
}

void to_input(const Image& image, InputProfile profile, std::span<float> out) {
  assert(static_cast<std::int64_t>(out.size()) == input_floats && !image.pixels.empty());
  if (profile != InputProfile::nsfwjs) throw std::invalid_argument("no pixels for this input profile");
  to_unit_align_corners(image, out);
}

}  // namespace pool3
