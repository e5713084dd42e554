#include "network/onednn/kernels.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define POOL3_CPU_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define POOL3_CPU_CLONES
#endif

namespace pool3::onednn {
namespace {

/// Most channels that a pool branch has.
constexpr int most_channels = 256;

inline float widen(Bf16 value) { return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16U); }

inline Bf16 narrow(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t rounded = (bits + 0x7fffU + ((bits >> 16U) & 1U)) >> 16U;
  // A NaN must not become infinite by rounding.
  return static_cast<Bf16>((bits & 0x7fffffffU) > 0x7f800000U ? (bits >> 16U) | 0x40U : rounded);
}

inline Bf16* at(const View& v, int y, int x) {
  return v.data + (static_cast<std::int64_t>(y) * v.width + x) * v.stride;
}

}  // namespace

POOL3_CPU_CLONES void to_bf16(const float* from, Bf16* to, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) to[i] = narrow(from[i]);
}

POOL3_CPU_CLONES void relu_slice(const View& from, int first, const View& to) {
  for (std::int64_t p = 0; p < static_cast<std::int64_t>(to.height) * to.width; ++p) {
    const Bf16* source = from.data + p * from.stride + first;
    Bf16* target = to.data + p * to.stride;
    for (int c = 0; c < to.channels; ++c) target[c] = (source[c] & 0x8000U) != 0 ? Bf16{0} : source[c];
  }
}

void copy(const View& from, const View& to) {
  for (std::int64_t p = 0; p < static_cast<std::int64_t>(to.height) * to.width; ++p)
    std::memcpy(to.data + p * to.stride, from.data + p * from.stride,
                static_cast<std::size_t>(to.channels) * sizeof(Bf16));
}

// Numbers that are not negative have the order of their bits, NaN above all.
POOL3_CPU_CLONES void max_pool(const View& from, int stride, const View& to) {
  const int pad = stride == 1 ? 1 : 0;
  for (int y = 0; y < to.height; ++y) {
    for (int x = 0; x < to.width; ++x) {
      Bf16* target = at(to, y, x);
      std::memset(target, 0, static_cast<std::size_t>(to.channels) * sizeof(Bf16));
      for (int dy = 0; dy < 3; ++dy) {
        for (int dx = 0; dx < 3; ++dx) {
          const int sy = y * stride + dy - pad, sx = x * stride + dx - pad;
          if (sy < 0 || sx < 0 || sy >= from.height || sx >= from.width) continue;
          const Bf16* source = at(from, sy, sx);
          for (int c = 0; c < to.channels; ++c) target[c] = std::max(target[c], source[c]);
        }
      }
    }
  }
}

POOL3_CPU_CLONES void average_pool(const View& from, int first, const float* bias, bool count_padding, const View& to) {
  alignas(64) std::array<float, most_channels> sum{};
  for (int y = 0; y < to.height; ++y) {
    for (int x = 0; x < to.width; ++x) {
      sum.fill(0.0F);
      int inside = 0;
      for (int sy = std::max(y - 1, 0); sy <= std::min(y + 1, from.height - 1); ++sy) {
        for (int sx = std::max(x - 1, 0); sx <= std::min(x + 1, from.width - 1); ++sx) {
          const Bf16* source = at(from, sy, sx) + first;
          for (int c = 0; c < to.channels; ++c) sum[static_cast<std::size_t>(c)] += widen(source[c]);
          ++inside;
        }
      }
      const float factor = 1.0F / static_cast<float>(count_padding ? 9 : inside);
      Bf16* target = at(to, y, x);
      for (int c = 0; c < to.channels; ++c)
        target[c] = narrow(std::max(sum[static_cast<std::size_t>(c)] * factor + bias[c], 0.0F));
    }
  }
}

POOL3_CPU_CLONES void spatial_mean(const View& from, float* out) {
  std::fill_n(out, from.channels, 0.0F);
  const int positions = from.height * from.width;
  for (int p = 0; p < positions; ++p) {
    const Bf16* source = from.data + static_cast<std::int64_t>(p) * from.stride;
    for (int c = 0; c < from.channels; ++c) out[c] += widen(source[c]);
  }
  for (int c = 0; c < from.channels; ++c) out[c] /= static_cast<float>(positions);
}

std::vector<float> to_planes(const View& view) {
  const std::int64_t positions = static_cast<std::int64_t>(view.height) * view.width;
  std::vector<float> planes(static_cast<std::size_t>(view.channels * positions));
  for (std::int64_t p = 0; p < positions; ++p)
    for (int c = 0; c < view.channels; ++c)
      planes[static_cast<std::size_t>(c * positions + p)] = widen(view.data[p * view.stride + c]);
  return planes;
}

}  // namespace pool3::onednn
