#pragma once
// The pass over rows, for the files that are compiled for one kind of CPU each: they share no function. `Cpu` is what
// a vector of floats is there.

#include <xmmintrin.h>

#include "neighbours/dot_products.hpp"
#include "pool3/numbers.hpp"

namespace pool3::neighbours {

/// A row of Inception-v3 in halves fills a page, with which the CPU's own prefetch ends.
inline constexpr std::int64_t bytes_ahead = 4096;
inline constexpr std::int64_t line_bytes = 64;

namespace {

[[gnu::always_inline]] inline float float_of(float value) { return value; }
[[gnu::always_inline]] inline float float_of(std::uint16_t bits) { return float_of_half(bits); }

/// Of one row with some queries. Two sums for each product, as one would wait for itself.
template <typename Cpu, int Queries>
struct Sums {
  using Vector = typename Cpu::Vector;
  Vector products[Queries][2], squares[2];  // NOLINT(modernize-avoid-c-arrays): registers

  Sums() {
    for (auto& pair : products) pair[0] = pair[1] = Cpu::zero();
    squares[0] = squares[1] = Cpu::zero();
  }
  /// `load` gives numbers of the row or of a query from where it is told; `which` of two sums gets their products.
  template <typename Number, typename Load>
  [[gnu::always_inline]] void add(const Number* row, const float* query, std::int64_t width, int which,
                                  const Load& load) {
    const Vector some = load(row);
    squares[which] = Cpu::fma(some, some, squares[which]);
    for (int q = 0; q < Queries; ++q) products[q][which] = Cpu::fma(some, load(query + q * width), products[q][which]);
  }
};

/// Where a CPU can load a part of a vector, rows are read from their first cache line on, whose bounds wide loads would
/// cross each time.
template <typename Cpu, typename Number>
constexpr bool loads_parts = requires(const Number* at) {
  Cpu::load_part(at, std::int64_t{1});
};

/// Numbers before a row's first whole cache line.
template <typename Number>
std::int64_t before_line(const Number* row) {
  const auto past = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(row) % line_bytes);
  return past == 0 ? 0 : (line_bytes - past) / static_cast<std::int64_t>(sizeof(Number));
}

/// Adds up to `most` numbers from number `i` on. Returns the number after the last of them.
template <typename Cpu, int Queries, typename Number>
[[gnu::always_inline]] inline std::int64_t add_part(const Pass<Number>& pass, const Number* row, std::int64_t i,
                                                    std::int64_t most, Sums<Cpu, Queries>& sums) {
  const std::int64_t left = pass.width - i, count = left < most ? left : most;
  sums.add(row + i, pass.queries + i, pass.width, 0, [count](const auto* at) { return Cpu::load_part(at, count); });
  return i + count;
}

/// Gives the sums of row number `r`, to which those of its numbers from `i` on are added.
template <typename Cpu, int Queries, typename Number>
[[gnu::always_inline]] inline void finish(const Pass<Number>& pass, std::int64_t r, std::int64_t i,
                                          const Sums<Cpu, Queries>& sums) {
  const Number* row = pass.rows + r * pass.width;
  float square = Cpu::sum(sums.squares[0]) + Cpu::sum(sums.squares[1]);
  for (std::int64_t j = i; j < pass.width; ++j) square += float_of(row[j]) * float_of(row[j]);
  pass.squares[r] = square;
  for (int q = 0; q < Queries; ++q) {
    float sum = Cpu::sum(sums.products[q][0]) + Cpu::sum(sums.products[q][1]);
    for (std::int64_t j = i; j < pass.width; ++j) sum += pass.queries[q * pass.width + j] * float_of(row[j]);
    pass.products[q * pass.stride + r] = sum;
  }
}

template <typename Cpu, int Queries, typename Number>
void dot_rows(const Pass<Number>& pass) {
  constexpr std::int64_t step = 2 * Cpu::lanes;
  const auto whole = [](const auto* at) { return Cpu::load(at); };
  for (std::int64_t r = 0; r < pass.count_rows; ++r) {
    const Number* row = pass.rows + r * pass.width;
    Sums<Cpu, Queries> sums;
    std::int64_t i = 0;
    if constexpr (loads_parts<Cpu, Number>) i = add_part(pass, row, i, before_line(row), sums);
    for (; i + step <= pass.width; i += step) {
      const char* ahead = reinterpret_cast<const char*>(row + i) + bytes_ahead;
      for (std::int64_t b = 0; b < step * static_cast<std::int64_t>(sizeof(Number)); b += line_bytes)
        _mm_prefetch(ahead + b, _MM_HINT_T0);
      sums.add(row + i, pass.queries + i, pass.width, 0, whole);
      sums.add(row + i + Cpu::lanes, pass.queries + i + Cpu::lanes, pass.width, 1, whole);
    }
    if constexpr (loads_parts<Cpu, Number>)
      while (i < pass.width) i = add_part(pass, row, i, Cpu::lanes, sums);
    finish(pass, r, i, sums);
  }
}

template <typename Cpu, typename Number>
void pass_over(const Pass<Number>& pass) {
  switch (pass.count_queries) {
    case 1:
      return dot_rows<Cpu, 1>(pass);
    case 2:
      return dot_rows<Cpu, 2>(pass);
    case 3:
      return dot_rows<Cpu, 3>(pass);
    default:
      return dot_rows<Cpu, few_queries>(pass);
  }
}

}  // namespace
}  // namespace pool3::neighbours
