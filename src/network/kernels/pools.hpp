#pragma once
// Pools and patches, written once for all sets of instructions. Every file that includes this is compiled for its own:
// all that is here has internal linkage, or the linker would keep one copy for all.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "network/kernels/kernels.hpp"
#include "network/kernels/thread_scratch.hpp"
#include "pool3/numbers.hpp"

namespace pool3::network {
namespace {

inline float widen(Bf16 value) { return float_of_bf16(value); }
inline float widen(float value) { return value; }

template <typename T>
inline T narrow(float value) {
  if constexpr (sizeof(T) == sizeof(float)) {
    return value;
  } else {
    return bf16_of_float(value);
  }
}

template <typename T>
T* values(std::byte* data) {
  return reinterpret_cast<T*>(data);
}
template <typename T>
const T* values(const std::byte* data) {
  return reinterpret_cast<const T*>(data);
}

/// The calling thread's, see thread_scratch(). T: of plain numbers.
template <typename T>
T& thread_memory(Scratch use) {
  return *reinterpret_cast<T*>(thread_scratch(use, sizeof(T)));
}

template <typename T>
void narrow(const float* from, int count, T* to) {
  for (int i = 0; i < count; ++i) to[i] = narrow<T>(from[i]);
}

template <typename T>
void patches(const float* pictures, int count, int y, const View& to) {
  constexpr int length = input_side * 3, run = 9;  // three values of three neighbours
  constexpr int wide = 16;                         // copied at once: what is too much is overwritten, or left
  using Lines = std::array<std::array<T, length + wide>, lanes * 3>;
  Lines& lines = thread_memory<Lines>(sizeof(T) == 4 ? Scratch::lines_of_floats : Scratch::lines_of_bf16);
  for (int n = 0; n < count; ++n) {
    const float* picture = pictures + n * input_floats + static_cast<std::int64_t>(y) * 2 * length;
    for (int ky = 0; ky < 3; ++ky) {
      T* line = lines[n * 3 + ky].data();
      narrow<T>(picture + ky * length, length, line);
      // The next call reads two lines more; there are too many pictures for the CPU to foresee it.
      const float* next = picture + std::min(ky + 3, input_side - 1 - 2 * y) * length;
      for (int i = 0; ky < 2 && i < length; i += 16) __builtin_prefetch(next + i, 0, 2);
    }
  }
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): written before it is read
  std::array<T, patch_channels + wide> last;  // may not be exceeded in the target
  for (int x = 0; x < to.width; ++x) {
    T* out = values<T>(to.at(y, x));
    for (int n = 0; n < count; ++n, out += patch_channels) {
      T* target = n + 1 < count ? out : last.data();
      for (int ky = 0; ky < 3; ++ky) std::memcpy(target + ky * run, lines[n * 3 + ky].data() + x * 6, wide * sizeof(T));
    }
    std::memcpy(out - patch_channels, last.data(), patch_channels * sizeof(T));
  }
}

template <typename T>
using BitsOf = std::conditional_t<sizeof(T) == 4, std::int32_t, std::conditional_t<sizeof(T) == 2, std::int16_t, T>>;

/// Numbers that are not negative have the order of their bits, NaN above all.
template <typename T>
void max_pool(const View& from, int stride, int y, const View& to) {
  constexpr int at_once = sizeof(T) == 1 ? 32 : 64;  // bytes of 32 channels, or fewer
  using Bits [[gnu::vector_size(at_once), gnu::aligned(4), gnu::may_alias]] = BitsOf<T>;
  const int pad = stride == 1 ? 1 : 0;
  const int top = std::max(y * stride - pad, 0), bottom = std::min(y * stride - pad + 2, from.height - 1);
  const std::int64_t bytes = to.channels * std::int64_t{sizeof(T)};
  for (int x = 0; x < to.width; ++x) {
    const int left = std::max(x * stride - pad, 0), right = std::min(x * stride - pad + 2, from.width - 1);
    for (int n = 0; n < to.pictures; ++n) {
      for (std::int64_t c = 0; c < bytes; c += at_once) {
        Bits most = {};
        for (int sy = top; sy <= bottom; ++sy) {
          const std::byte* in = from.at(sy, left) + n * from.stride + c;
          for (int sx = left; sx <= right; ++sx, in += from.step) {
            const Bits some = *reinterpret_cast<const Bits*>(in);
            most = some > most ? some : most;
          }
        }
        *reinterpret_cast<Bits*>(to.at(y, x) + n * to.stride + c) = most;
      }
    }
  }
}

/// Sums of three rows, of one position and picture: the columns that average_pool() adds up.
template <typename T>
void add_column(const View& from, int top, int bottom, int x, int channels, float* sums) {
  for (int n = 0; n < from.pictures; ++n, sums += channels) {
    std::fill_n(sums, channels, 0.0F);
    for (int y = top; y <= bottom; ++y) {
      const T* in = values<T>(static_cast<const std::byte*>(from.at(y, x)) + n * from.stride);
      for (int c = 0; c < channels; ++c) sums[c] += widen(in[c]);
    }
  }
}

inline std::uint8_t to_code(float value) {
  const float most = value < 255.0F ? value : 255.0F;
  // NOLINTNEXTLINE(bugprone-incorrect-roundings): one instruction for many; nothing is negative
  return static_cast<std::uint8_t>(static_cast<int>(most + 0.5F));
}

template <typename T>  // NOLINTNEXTLINE(readability-function-cognitive-complexity): loops over the axes
void average_pool(const View& from, const float* bias, const float* codes, bool count_padding, int y, const View& to) {
  constexpr int most_channels = 192;
  using Columns = std::array<std::array<float, lanes * most_channels>, 3>;
  Columns& columns = thread_memory<Columns>(Scratch::columns);
  const int top = std::max(y - 1, 0), bottom = std::min(y + 1, from.height - 1);
  add_column<T>(from, top, bottom, 0, to.channels, columns[0].data());
  for (int x = 0; x < to.width; ++x) {
    const int left = std::max(x - 1, 0), right = std::min(x + 1, from.width - 1);
    if (x < right) add_column<T>(from, top, bottom, right, to.channels, columns[right % 3].data());
    const float factor = 1.0F / static_cast<float>(count_padding ? 9 : (bottom - top + 1) * (right - left + 1));
    const float* a = columns[left % 3].data();
    const float* b = columns[x % 3].data();
    const float* c = columns[right % 3].data();
    const float first = left < x ? 1.0F : 0.0F, last = x < right ? 1.0F : 0.0F;
    for (int n = 0; n < from.pictures; ++n) {
      std::byte* out = to.at(y, x) + n * to.stride;
      const auto average = [&](int i) {
        const int at = n * to.channels + i;
        const float value = (first * a[at] + b[at] + last * c[at]) * factor + bias[i];
        return value < 0.0F ? 0.0F : value;
      };
      if (codes == nullptr) {
        for (int i = 0; i < to.channels; ++i) values<T>(out)[i] = narrow<T>(average(i));
      } else {
        for (int i = 0; i < to.channels; ++i) values<std::uint8_t>(out)[i] = to_code(average(i) * codes[i]);
      }
    }
  }
}

template <typename T>
void mean(const View& from, int count, float* out) {
  const float positions = static_cast<float>(from.height) * static_cast<float>(from.width);
  std::fill_n(out, static_cast<std::int64_t>(count) * from.channels, 0.0F);
  for (int y = 0; y < from.height; ++y) {
    for (int x = 0; x < from.width; ++x) {
      for (int n = 0; n < count; ++n) {
        const auto* in = reinterpret_cast<const T*>(from.at(y, x) + n * from.stride);
        float* sum = out + static_cast<std::int64_t>(n) * from.channels;
        for (int c = 0; c < from.channels; ++c) sum[c] += widen(in[c]);
      }
    }
  }
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(count) * from.channels; ++i) out[i] /= positions;
}

}  // namespace
}  // namespace pool3::network
