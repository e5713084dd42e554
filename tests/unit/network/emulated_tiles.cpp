#include "unit/network/emulated_tiles.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "network/kernels/tile_convolution.hpp"
#include "pool3/numbers.hpp"
#include "pool3/numbers/target_clones.hpp"

namespace pool3::network {
namespace {

/// Sixteen floats, and what AmxVectors does with them.
struct PlainVectors {
  using Floats = std::array<float, 16>;

  template <typename Make>
  static Floats each(const Make& make) {
    Floats out{};
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(make(i));
    return out;
  }
  static Floats load(const float* from) {
    return each([&](std::size_t i) { return from[i]; });
  }
  template <typename Sum>
  static Floats load_sums(const Sum* sums) {
    return each([&](std::size_t i) { return sums[i]; });
  }
  static Floats all_of(float value) {
    return each([&](std::size_t) { return value; });
  }
  static Floats add(const Floats& a, const Floats& b) {
    return each([&](std::size_t i) { return a[i] + b[i]; });
  }
  static Floats multiply_add(const Floats& a, const Floats& b, const Floats& c) {
    return each([&](std::size_t i) { return std::fma(a[i], b[i], c[i]); });
  }
  static Floats at_least(const Floats& floor, const Floats& value) {
    return each([&](std::size_t i) { return value[i] < floor[i] ? floor[i] : value[i]; });
  }

  static unsigned code(float value, float most) {
    return static_cast<unsigned>(value < most ? std::nearbyint(value) : most);  // a NaN becomes the largest one
  }
  static void store_codes(const Floats& low, const Floats& high, std::byte* to) {
    for (std::size_t i = 0; i < 32; ++i) to[i] = static_cast<std::byte>(code(i < 16 ? low[i] : high[i - 16], 255));
  }
  static void store_fine_codes(const Floats& value, std::byte* upper, std::byte* lower) {
    for (std::size_t i = 0; i < 16; ++i) {
      const unsigned fine = code(value[i], 2047);
      upper[i] = static_cast<std::byte>(fine / fine_unit);
      lower[i] = static_cast<std::byte>(fine % fine_unit);
    }
  }
  static void store_bf16(const Floats& low, const Floats& high, std::byte* to) {
    for (std::size_t i = 0; i < 32; ++i) {
      const float value = i < 16 ? low[i] : high[i - 16];
      Bf16 bits = bf16_of_float(value);
      if (std::fpclassify(value) == FP_SUBNORMAL) bits = static_cast<Bf16>(std::signbit(value) ? 0x8000 : 0);
      std::memcpy(to + 2 * i, &bits, sizeof bits);
    }
  }
};

constexpr std::size_t columns = 16;
struct alignas(64) Tile : std::array<std::byte, tile_bytes> {};
using Chains = std::array<std::array<float, columns>, 2>;

/// TDPBUSD: of each word, four numbers without a sign by four with one.
POOL3_TARGET_CLONES void add_products_of_codes(const std::uint8_t* a, const std::int8_t* b, std::int32_t* sums) {
  for (std::size_t k = 0; k < columns; ++k)
    for (std::size_t n = 0; n < columns; ++n)
      for (std::size_t i = 0; i < 4; ++i)
        sums[n] += std::int32_t{a[4 * k + i]} * std::int32_t{b[row_bytes * k + 4 * n + i]};
}

/// What is below the normal floats is zero.
[[gnu::always_inline]] inline float flushed(float value) {
  return std::abs(value) < std::numeric_limits<float>::min() ? std::copysign(0.0F, value) : value;
}

/// TDPBF16PS: the even ones of a row in one chain, the odd ones in another; their sum is added to what is there.
POOL3_TARGET_CLONES void add_products_of_bf16(const Bf16* a, const Bf16* b, float* sums) {
  Chains chains{};
  for (std::size_t k = 0; k < columns; ++k)
    for (std::size_t odd = 0; odd < 2; ++odd)
      for (std::size_t n = 0; n < columns; ++n)
        chains[odd][n] = flushed(std::fma(flushed(float_of_bf16(a[2 * k + odd])),
                                          flushed(float_of_bf16(b[2 * columns * k + 2 * n + odd])), chains[odd][n]));
  for (std::size_t n = 0; n < columns; ++n) sums[n] = flushed(flushed(sums[n]) + flushed(chains[0][n] + chains[1][n]));
}

struct EmulatedTiles {
  using Vectors = PlainVectors;

  static thread_local std::array<Tile, 8> tiles;
  static thread_local bool configured;
  static thread_local std::size_t rows;

  static void begin() { configured = true; }
  static void end() { configured = false; }
  /// The CPU stops a program that uses tiles which it has not configured.
  static Tile& at(std::size_t number) {
    if (!configured) throw std::logic_error("tiles without a configuration");
    return tiles.at(number);
  }

  template <int tile>
  static void zero() {
    at(tile).fill(std::byte{0});
  }
  template <int tile>
  static void store(void* to, std::int64_t stride) {
    for (int row = 0; row < lanes; ++row)
      std::memcpy(static_cast<std::byte*>(to) + row * stride, at(tile).data() + row * row_bytes, row_bytes);
  }
  template <int tile>
  static void load(const std::byte* from, std::int64_t stride) {
    for (int row = 0; row < lanes; ++row)
      std::memcpy(at(tile).data() + row * row_bytes, from + row * stride, row_bytes);
  }
  template <int tile, bool past_cache>
  static void load_weights(const std::byte* from) {
    load<tile>(from, row_bytes);
  }
  template <typename In, int sum, int a, int b>
  static void multiply() {
    using Sum = std::conditional_t<sizeof(In) == 1, std::int32_t, float>;
    using Weight = std::conditional_t<sizeof(In) == 1, std::int8_t, Bf16>;
    for (std::size_t row = 0; row < lanes; ++row) {
      std::byte* here = at(sum).data() + row * row_bytes;
      alignas(64) std::array<Sum, columns> sums{};
      std::memcpy(sums.data(), here, row_bytes);
      const auto* input = reinterpret_cast<const In*>(at(a).data() + row * row_bytes);
      const auto* weights = reinterpret_cast<const Weight*>(at(b).data());
      if (row >= rows) {
        sums.fill(static_cast<Sum>(0x7fedcba9));
      } else if constexpr (sizeof(In) == 1) {
        add_products_of_codes(input, weights, sums.data());
      } else {
        add_products_of_bf16(input, weights, sums.data());
      }
      std::memcpy(here, sums.data(), row_bytes);
    }
  }
};

thread_local std::array<Tile, 8> EmulatedTiles::tiles{};
thread_local bool EmulatedTiles::configured = false;
thread_local std::size_t EmulatedTiles::rows = lanes;

}  // namespace

const Kernels* emulated_bf16_kernels() {
  static const Kernels kernels = tile_kernels<EmulatedTiles, Bf16>("emulated-bf16");
  return &kernels;
}

const Kernels* emulated_int8_kernels() {
  static const Kernels kernels = tile_kernels<EmulatedTiles, std::uint8_t>("emulated-int8", emulated_bf16_kernels());
  return &kernels;
}

EmulatedRows::EmulatedRows(int rows) { EmulatedTiles::rows = static_cast<std::size_t>(rows); }
EmulatedRows::~EmulatedRows() { EmulatedTiles::rows = lanes; }

}  // namespace pool3::network
