#include "split_products.hpp"

#if defined(__AMX_BF16__) && defined(__AVX512BW__)

#include <immintrin.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace pool3::svm {
namespace {

// A tile has 16 rows of 64 bytes. A left tile holds 16 rows of 32 numbers. A right tile holds 16 columns of 32 numbers,
// as pairs: its row p has the numbers 2p and 2p + 1 of each column.
constexpr std::int64_t side = 16, depth = 32, row_bytes = 64;

struct alignas(64) Tile {
  std::array<std::uint32_t, side * side> pairs;
};
/// A number is the sum of both, to 16 bits.
struct SplitTile {
  Tile high, low;
};
struct alignas(64) SumTile {
  std::array<float, side * side> values;
};

struct alignas(64) TileConfig {
  std::uint8_t palette = 1, start_row = 0;
  std::array<std::uint8_t, 14> reserved{};
  std::array<std::uint16_t, 16> bytes{};
  std::array<std::uint8_t, 16> rows{};
};

/// The tile registers, for as long as it lives.
class TileRegisters {
 public:
  TileRegisters() {
    TileConfig config;
    for (std::size_t t = 0; t < 8; ++t) config.bytes[t] = row_bytes, config.rows[t] = side;
    _tile_loadconfig(&config);
  }
  ~TileRegisters() { _tile_release(); }
  TileRegisters(const TileRegisters&) = delete;
  TileRegisters& operator=(const TileRegisters&) = delete;
};

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// Adds the products of two rows of left tiles with two columns of right tiles, `steps` deep, to four sums:
/// [left 0, right 0], [left 0, right 1], [left 1, right 0], [left 1, right 1]. Tiles of a row or column follow each
/// other at `left_stride` and `right_stride`.
void add_block(const std::array<const SplitTile*, 2>& left, std::int64_t left_stride,
               const std::array<const SplitTile*, 2>& right, std::int64_t right_stride, std::int64_t steps,
               const std::array<SumTile*, 4>& sums) {
  _tile_loadd(0, sums[0], row_bytes);
  _tile_loadd(1, sums[1], row_bytes);
  _tile_loadd(2, sums[2], row_bytes);
  _tile_loadd(3, sums[3], row_bytes);
  for (std::int64_t s = 0; s < steps; ++s) {
    const SplitTile* l0 = left[0] + s * left_stride;
    const SplitTile* l1 = left[1] + s * left_stride;
    const SplitTile* r0 = right[0] + s * right_stride;
    const SplitTile* r1 = right[1] + s * right_stride;
    _tile_loadd(4, &l0->high, row_bytes);
    _tile_loadd(5, &l1->high, row_bytes);
    _tile_loadd(6, &r0->low, row_bytes);
    _tile_loadd(7, &r1->low, row_bytes);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
    _tile_loadd(6, &r0->high, row_bytes);
    _tile_loadd(7, &r1->high, row_bytes);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
    _tile_loadd(4, &l0->low, row_bytes);
    _tile_loadd(5, &l1->low, row_bytes);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, sums[0], row_bytes);
  _tile_stored(1, sums[1], row_bytes);
  _tile_stored(2, sums[2], row_bytes);
  _tile_stored(3, sums[3], row_bytes);
}

/// The bits of the nearest bf16, in the upper half.
__m512i rounded(__m512 x) {
  const __m512i up = _mm512_add_epi32(_mm512_castps_si512(x), _mm512_set1_epi32(0x8000));
  return _mm512_and_si512(up, _mm512_set1_epi32(static_cast<int>(0xffff0000)));
}

/// Splits 16 even and 16 odd numbers into pairs.
void split_pairs(__m512 even, __m512 odd, std::uint32_t* high, std::uint32_t* low) {
  const __m512i he = rounded(even), ho = rounded(odd);
  const __m512i le = rounded(_mm512_sub_ps(even, _mm512_castsi512_ps(he)));
  const __m512i lo = rounded(_mm512_sub_ps(odd, _mm512_castsi512_ps(ho)));
  _mm512_store_si512(high, _mm512_or_si512(_mm512_srli_epi32(he, 16), ho));
  _mm512_store_si512(low, _mm512_or_si512(_mm512_srli_epi32(le, 16), lo));
}

__mmask16 mask_of(std::int64_t count) {
  return static_cast<__mmask16>((1U << std::clamp<std::int64_t>(count, 0, side)) - 1U);
}

/// A left tile of x[rows, numbers], whose rows are `stride` apart; what is outside is 0.
void pack_left(const float* x, std::int64_t stride, std::int64_t rows, std::int64_t numbers, SplitTile& tile) {
  const __m512i evens = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
  const __m512i odds = _mm512_add_epi32(evens, _mm512_set1_epi32(1));
  const __mmask16 first = mask_of(numbers), second = mask_of(numbers - side);
  for (std::int64_t i = 0; i < side; ++i) {
    __m512 a = _mm512_setzero_ps(), b = a;
    if (i < rows) {
      a = _mm512_maskz_loadu_ps(first, x + i * stride);
      b = _mm512_maskz_loadu_ps(second, x + i * stride + (second == 0 ? 0 : side));
    }
    split_pairs(_mm512_permutex2var_ps(a, evens, b), _mm512_permutex2var_ps(a, odds, b),
                tile.high.pairs.data() + i * side, tile.low.pairs.data() + i * side);
  }
}

/// A right tile of x[numbers, columns], whose rows are `stride` apart; what is outside is 0.
void pack_right(const float* x, std::int64_t stride, std::int64_t numbers, std::int64_t columns, SplitTile& tile) {
  const __mmask16 mask = mask_of(columns);
  for (std::int64_t p = 0; p < side; ++p) {
    __m512 even = _mm512_setzero_ps(), odd = even;
    if (2 * p < numbers) even = _mm512_maskz_loadu_ps(mask, x + 2 * p * stride);
    if (2 * p + 1 < numbers) odd = _mm512_maskz_loadu_ps(mask, x + (2 * p + 1) * stride);
    split_pairs(even, odd, tile.high.pairs.data() + p * side, tile.low.pairs.data() + p * side);
  }
}

/// The left tile of x^T, for x[numbers, rows].
void pack_left_of_transposed(const float* x, std::int64_t stride, std::int64_t numbers, std::int64_t rows,
                             SplitTile& tile) {
  std::array<float, side * depth> turned{};
  for (std::int64_t k = 0; k < std::min(numbers, depth); ++k)
    for (std::int64_t i = 0; i < std::min(rows, side); ++i)
      turned[static_cast<std::size_t>(i * depth + k)] = x[k * stride + i];
  pack_left(turned.data(), depth, side, depth, tile);
}

void store_sums(const SumTile& sums, std::int64_t rows, std::int64_t columns, float* c, std::int64_t stride) {
  const __mmask16 mask = mask_of(columns);
  for (std::int64_t i = 0; i < std::min(rows, side); ++i)
    _mm512_mask_storeu_ps(c + i * stride, mask, _mm512_load_ps(sums.values.data() + i * side));
}

/// Working memory that lasts: page by page, new memory costs more than the products.
template <typename T>
T* room(std::vector<T>& memory, std::int64_t size) {
  if (static_cast<std::int64_t>(memory.size()) < size) memory.resize(static_cast<std::size_t>(size));
  return memory.data();
}

}  // namespace

void split_multiply(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b, float* c) {
  constexpr std::int64_t part = 8;  // left tiles that are packed at a time, and lie in the nearest cache
  thread_local std::vector<SplitTile> right_memory, left_memory;
  thread_local std::vector<SumTile> sum_memory;
  const std::int64_t steps = ceil_div(k, depth), width = ceil_div(n, 2 * side) * 2;
  SplitTile* right = room(right_memory, width * steps);  // [width, steps]
  SplitTile* left = room(left_memory, 2 * part);         // [2, part]
  SumTile* sums = room(sum_memory, 2 * width);           // [2, width]
  for (std::int64_t j = 0; j < width; ++j)
    for (std::int64_t s = 0; s < steps; ++s)
      pack_right(b + s * depth * n + std::min(j * side, n - 1), n, k - s * depth, n - j * side, right[j * steps + s]);
  const TileRegisters registers;
  for (std::int64_t top = 0; top < m; top += 2 * side) {
    std::memset(sums, 0, static_cast<std::size_t>(2 * width) * sizeof(SumTile));
    for (std::int64_t s = 0; s < steps; s += part) {
      const std::int64_t now = std::min(part, steps - s);
      for (std::int64_t half = 0; half < 2; ++half)
        for (std::int64_t t = 0; t < now; ++t) {
          const std::int64_t row = std::min(top + half * side, m - 1);
          pack_left(a + row * k + (s + t) * depth, k, m - top - half * side, k - (s + t) * depth,
                    left[half * part + t]);
        }
      for (std::int64_t j = 0; j < width; j += 2)
        add_block({left, left + part}, 1, {right + j * steps + s, right + (j + 1) * steps + s}, 1, now,
                  {sums + j, sums + j + 1, sums + width + j, sums + width + j + 1});
    }
    for (std::int64_t half = 0; half < 2; ++half)
      for (std::int64_t j = 0; j < width && top + half * side < m; ++j)
        store_sums(sums[half * width + j], m - top - half * side, n - j * side, c + (top + half * side) * n + j * side,
                   n);
  }
}

void split_add_transposed_product(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b,
                                  float* c) {
  constexpr std::int64_t part = 8;   // steps that are packed at a time: 256 rows of a
  constexpr std::int64_t strip = 8;  // tiles of a's columns that are packed at a time
  thread_local std::vector<SplitTile> right_memory, left_memory;
  thread_local std::vector<SumTile> sum_memory;
  const std::int64_t width = ceil_div(n, 2 * side) * 2, height = ceil_div(m, 2 * side) * 2;
  SplitTile* left = room(left_memory, width * part);    // [width, part]: b^T
  SplitTile* right = room(right_memory, strip * part);  // [strip, part]: a
  SumTile* sums = room(sum_memory, width * height);     // [height, width]: the transposed product
  std::memset(sums, 0, static_cast<std::size_t>(width * height) * sizeof(SumTile));
  const TileRegisters registers;
  for (std::int64_t top = 0; top < k; top += part * depth) {
    const std::int64_t steps = std::min(part, ceil_div(k - top, depth));
    for (std::int64_t j = 0; j < width; ++j)
      for (std::int64_t s = 0; s < steps; ++s)
        pack_left_of_transposed(b + (top + s * depth) * n + std::min(j * side, n - 1), n, k - top - s * depth,
                                n - j * side, left[j * part + s]);
    for (std::int64_t first = 0; first < height; first += strip) {
      const std::int64_t tiles = std::min(strip, height - first);
      for (std::int64_t s = 0; s < steps; ++s)
        for (std::int64_t t = 0; t < tiles; ++t) {
          const std::int64_t column = (first + t) * side;
          pack_right(a + (top + s * depth) * m + std::min(column, m - 1), m, k - top - s * depth, m - column,
                     right[t * part + s]);
        }
      for (std::int64_t t = 0; t < tiles; t += 2)
        for (std::int64_t j = 0; j < width; j += 2) {
          SumTile* at = sums + (first + t) * width + j;
          add_block({left + j * part, left + (j + 1) * part}, 1, {right + t * part, right + (t + 1) * part}, 1, steps,
                    {at, at + width, at + 1, at + width + 1});
        }
    }
  }
  for (std::int64_t t = 0; t < height; ++t)
    for (std::int64_t j = 0; j < width; ++j) {
      const SumTile& sum = sums[t * width + j];  // [n of b, m of a]
      for (std::int64_t col = 0; col < std::min(side, n - j * side); ++col)
        for (std::int64_t row = 0; row < std::min(side, m - t * side); ++row)
          c[(t * side + row) * n + j * side + col] += sum.values[static_cast<std::size_t>(col * side + row)];
    }
}

}  // namespace pool3::svm

#else

namespace pool3::svm {

void split_multiply(std::int64_t, std::int64_t, std::int64_t, const float*, const float*, float*) {}
void split_add_transposed_product(std::int64_t, std::int64_t, std::int64_t, const float*, const float*, float*) {}

}  // namespace pool3::svm

#endif
