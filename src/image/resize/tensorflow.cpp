#include <algorithm>
#include <array>
#include <cmath>

#include "image/resize/resizers.hpp"

namespace pool3::image {
namespace {

constexpr int row_floats = input_side * 3;
using FloatRow = std::array<float, row_floats>;

/// For each output coordinate of one axis: the two source coordinates and the weight of the second.
struct Axis {
  std::array<std::int64_t, input_side> low;
  std::array<std::int64_t, input_side> high;
  std::array<float, input_side> weight;
};

Axis axis_of(std::int64_t source_size, Corners corners) {
  Axis axis{};
  const std::int64_t last = source_size - 1;
  const float scale = corners == Corners::aligned ? static_cast<float>(last) / static_cast<float>(input_side - 1)
                                                  : static_cast<float>(source_size) / static_cast<float>(input_side);
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

/// One source row, interpolated along x.
void interpolate_row(const std::uint8_t* row, const Columns& columns, const ByteTable& table, FloatRow& out) {
  FloatRow right;
  for (std::size_t i = 0; i < row_floats; ++i) {  // the loads apart, so that the arithmetic below is vector code
    out[i] = table[row[columns.low[i]]];
    right[i] = table[row[columns.high[i]]];
  }
  for (std::size_t i = 0; i < row_floats; ++i) out[i] += (right[i] - out[i]) * columns.weight[i];
}

/// Source rows interpolated along x; the last two are kept, as enlarging asks for them again.
class RowCache {
 public:
  RowCache(const Image& picture, const Columns& columns, const ByteTable& table)
      : picture_(picture), columns_(columns), table_(table) {}

  /// The reference holds until the second call after this.
  const FloatRow& operator[](std::int64_t y) {
    if (y == y_[0]) return rows_[0];
    if (y == y_[1]) return rows_[1];
    const std::size_t slot = y_[0] < y_[1] ? 0 : 1;  // rows are asked for in rising order: drop the lower
    y_[slot] = y;
    interpolate_row(picture_.pixels.data() + y * picture_.width * 3, columns_, table_, rows_[slot]);
    return rows_[slot];
  }

 private:
  const Image& picture_;
  const Columns& columns_;
  const ByteTable& table_;
  std::array<std::int64_t, 2> y_ = {-2, -1};
  std::array<FloatRow, 2> rows_{};
};

}  // namespace

void resize_tensorflow(const Image& picture, Corners corners, const ByteTable& table, std::span<float> out) {
  const Axis y_axis = axis_of(picture.height, corners);
  const Columns columns = columns_of(axis_of(picture.width, corners));
  RowCache rows(picture, columns, table);
  for (std::size_t y = 0; y < input_side; ++y) {
    const FloatRow& top = rows[y_axis.low[y]];
    const FloatRow& bottom = rows[y_axis.high[y]];
    const float weight = y_axis.weight[y];
    float* line = out.data() + y * row_floats;
    for (std::size_t i = 0; i < row_floats; ++i) line[i] = top[i] + (bottom[i] - top[i]) * weight;
  }
}

}  // namespace pool3::image
