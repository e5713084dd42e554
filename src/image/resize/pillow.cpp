// Pillow's antialiased bilinear resize, bit by bit: a triangle filter whose weights are fixed-point numbers of 22 bits,
// along x first, rounded to bytes, then along y.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "image/resize/resizers.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace pool3::image {
namespace {

constexpr int precision_bits = 32 - 8 - 2;
constexpr std::int32_t half = 1 << (precision_bits - 1);
/// Weights held at one time. More only for pictures with sides of over 500,000 pixels; those are done in pieces.
constexpr std::int64_t max_weights = 1 << 20;
constexpr std::size_t block = 24;  ///< bytes taken at a time along x: whole pixels, and whole vector registers

/// The source pixels of one output pixel: [first, first + count), and where their weights begin.
struct Tap {
  std::int64_t first, count;
  std::size_t weights;
};

/// The filter of output pixels [begin, end) along one axis.
struct Filter {
  std::vector<Tap> taps;
  std::vector<std::int32_t> weights;
};

/// Pillow's rounding: a half more, cut off.
std::int64_t rounded(double x) {
  return static_cast<std::int64_t>(x + 0.5);  // NOLINT(bugprone-incorrect-roundings): as Pillow does
}

/// Geometry of one axis; Pillow's arithmetic, in its order.
class Axis {
 public:
  Axis(std::int64_t source_size, const TargetAxis& target)
      : source_size_(source_size),
        target_(target),
        // Pillow takes the box to be resized as float32.
        scale_(static_cast<double>(static_cast<float>(source_size)) / static_cast<double>(target.size)),
        support_(std::max(scale_, 1.0)) {}

  /// Output pixels whose weights may be held together.
  [[nodiscard]] std::int64_t piece() const {
    const auto window = static_cast<std::int64_t>(std::ceil(support_)) * 2 + 1;
    return std::clamp<std::int64_t>(max_weights / window, 1, input_side);
  }

  [[nodiscard]] Filter filter(std::int64_t begin, std::int64_t end) const {
    Filter filter;
    std::vector<double> values;
    for (std::int64_t i = begin; i < end; ++i) {
      const double center = (static_cast<double>(target_.first + i) + 0.5) * scale_;
      const auto first = std::max<std::int64_t>(rounded(center - support_), 0);
      const auto last = std::min(rounded(center + support_), source_size_);
      filter.taps.push_back({first, last - first, filter.weights.size()});
      triangle(first, last, center, values);
      for (const double value : values) {
        filter.weights.push_back(static_cast<std::int32_t>(rounded(value * (1 << precision_bits))));
      }
    }
    return filter;
  }

 private:
  /// Weights of source pixels [first, last), which sum to 1.
  void triangle(std::int64_t first, std::int64_t last, double center, std::vector<double>& values) const {
    const double inverse = 1.0 / support_;
    double sum = 0;
    values.clear();
    for (std::int64_t x = 0; x < last - first; ++x) {
      const double distance = std::abs((static_cast<double>(x + first) - center + 0.5) * inverse);
      values.push_back(distance < 1.0 ? 1.0 - distance : 0.0);
      sum += values.back();
    }
    if (sum == 0.0) return;
    for (double& value : values) value /= sum;
  }

  std::int64_t source_size_;
  TargetAxis target_;
  double scale_, support_;
};

std::uint8_t to_byte(std::int32_t sum) { return static_cast<std::uint8_t>(std::clamp(sum >> precision_bits, 0, 255)); }

/// One row, filtered along x. Weights are there three times, one for each channel. A tap's `first` is a byte of `row`.
/// `out` gets three bytes a tap.
void filter_row(const std::uint8_t* row, std::span<const Tap> taps, const std::int32_t* all_weights,
                std::uint8_t* out) {
  for (const Tap& tap : taps) {
    const std::uint8_t* in = row + tap.first;
    const std::int32_t* weights = all_weights + tap.weights;
    std::array<std::int32_t, 3> sums = {half, half, half};
    for (std::int64_t at = 0; at < tap.count * 3; at += 3) {
      for (std::size_t c = 0; c < 3; ++c) sums[c] += in[c] * weights[c];
      in += 3;
      weights += 3;
    }
    for (const std::int32_t sum : sums) *out++ = to_byte(sum);
  }
}

#if defined(__x86_64__)
/// The same for CPUs with AVX2. Takes whole blocks: weights are filled up with zeros, and `row` may be read as far.
[[gnu::target("avx2")]] void filter_row_avx2(const std::uint8_t* row, std::span<const Tap> taps,
                                             const std::int32_t* all_weights, std::uint8_t* out) {
  for (const Tap& tap : taps) {
    const std::uint8_t* in = row + tap.first;
    const std::int32_t* weights = all_weights + tap.weights;
    __m256i sums[3] = {};  // NOLINT(modernize-avoid-c-arrays): std::array would drop the type's alignment
    for (std::int64_t at = 0; at < tap.count * 3; at += std::int64_t{block}) {
      for (std::int64_t j = 0; j < 3; ++j) {
        const auto* eight = reinterpret_cast<const __m128i*>(in + at + j * 8);
        const auto* weight = reinterpret_cast<const __m256i*>(weights + at + j * 8);
        const __m256i bytes = _mm256_cvtepu8_epi32(_mm_loadl_epi64(eight));
        sums[j] = _mm256_add_epi32(sums[j], _mm256_mullo_epi32(bytes, _mm256_loadu_si256(weight)));
      }
    }
    std::array<std::int32_t, block> values{};
    std::memcpy(values.data(), sums, sizeof(values));
    for (std::size_t c = 0; c < 3; ++c) {
      std::int32_t sum = half;
      for (std::size_t j = c; j < block; j += 3) sum += values[j];
      *out++ = to_byte(sum);
    }
  }
}
bool has_avx2() { return __builtin_cpu_supports("avx2") != 0; }
#else
constexpr auto filter_row_avx2 = filter_row;
constexpr bool has_avx2() { return false; }
#endif

/// Filters rows along x. Holds a buffer: one thread at a time.
class RowFilter {
 public:
  explicit RowFilter(Filter filter)
      : taps_(std::move(filter.taps)),
        first_byte_(taps_.front().first * 3),
        bytes_(static_cast<std::size_t>((taps_.back().first + taps_.back().count) * 3 - first_byte_)),
        row_(bytes_ + block),
        // Blocks pay where a pixel is made of more than two of them; enlarging takes two or three pixels.
        wide_(has_avx2() && taps_[taps_.size() / 2].count * 3 > std::int64_t{block}) {
    for (Tap& tap : taps_) {
      const std::size_t from = tap.weights;
      tap.first = tap.first * 3 - first_byte_;
      tap.weights = weights_.size();
      for (std::int64_t i = 0; i < tap.count * 3; ++i) {
        weights_.push_back(filter.weights[from + static_cast<std::size_t>(i / 3)]);
      }
      weights_.resize((weights_.size() + block - 1) / block * block);
    }
  }

  /// Pixels that a row becomes.
  [[nodiscard]] std::size_t size() const { return taps_.size(); }

  /// `row` is a whole source row; `out` gets three bytes a pixel.
  void run(const std::uint8_t* row, std::uint8_t* out) {
    std::copy_n(row + first_byte_, bytes_, row_.begin());
    const auto filter = wide_ ? filter_row_avx2 : filter_row;
    filter(row_.data(), taps_, weights_.data(), out);
  }

 private:
  std::vector<Tap> taps_;
  std::int64_t first_byte_;
  std::size_t bytes_;
  std::vector<std::uint8_t> row_;  // a copy with room behind it, so that whole blocks may be read
  bool wide_;
  std::vector<std::int32_t> weights_;
};

void add_row(const std::uint8_t* row, std::int32_t weight, std::size_t size, std::int32_t* sums) {
  for (std::size_t i = 0; i < size; ++i) sums[i] += row[i] * weight;
}

/// Where a piece of the output begins.
struct Corner {
  std::int64_t x, y;
};

void resize_piece(const Image& picture, RowFilter& x, const Filter& y, Corner corner, const ByteTable& table,
                  std::span<float> out) {
  const std::size_t width = x.size() * 3;
  std::vector<std::uint8_t> row(width);
  std::vector<std::int32_t> sums(width * y.taps.size(), half);
  const std::int64_t end = y.taps.back().first + y.taps.back().count;
  std::size_t open = 0;  // output rows before this are complete
  for (std::int64_t source = y.taps.front().first; source < end; ++source) {
    x.run(picture.pixels.data() + source * picture.width * 3, row.data());
    while (y.taps[open].first + y.taps[open].count <= source) ++open;
    for (std::size_t i = open; i < y.taps.size() && y.taps[i].first <= source; ++i) {
      const std::int32_t weight = y.weights[y.taps[i].weights + static_cast<std::size_t>(source - y.taps[i].first)];
      add_row(row.data(), weight, width, sums.data() + i * width);
    }
  }
  for (std::size_t i = 0; i < y.taps.size(); ++i) {
    float* line = out.data() + ((corner.y + static_cast<std::int64_t>(i)) * input_side + corner.x) * 3;
    for (std::size_t j = 0; j < width; ++j) line[j] = table[to_byte(sums[i * width + j])];
  }
}

/// The filter of the piece that begins at `begin`.
Filter piece_of(const Axis& axis, std::int64_t begin) {
  return axis.filter(begin, std::min<std::int64_t>(begin + axis.piece(), input_side));
}

}  // namespace

void resize_pillow(const Image& picture, TargetAxis x, TargetAxis y, const ByteTable& table, std::span<float> out) {
  const Axis x_axis(picture.width, x);
  const Axis y_axis(picture.height, y);
  for (std::int64_t x_begin = 0; x_begin < input_side; x_begin += x_axis.piece()) {
    RowFilter columns(piece_of(x_axis, x_begin));
    for (std::int64_t y_begin = 0; y_begin < input_side; y_begin += y_axis.piece()) {
      resize_piece(picture, columns, piece_of(y_axis, y_begin), {x_begin, y_begin}, table, out);
    }
  }
}

}  // namespace pool3::image
