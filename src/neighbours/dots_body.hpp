#pragma once
// The pass over rows, for the files that are compiled for one kind of CPU each: they share no function. `Cpu` is what
// a vector of floats is there.

#include <xmmintrin.h>

#include "neighbours/dots.hpp"
#include "pool3/numbers.hpp"

namespace pool3::neighbours {

/// A row of Inception-v3 in halves fills a page, with which the CPU's own prefetch ends.
inline constexpr std::int64_t bytes_ahead = 4096;
inline constexpr std::int64_t line_bytes = 64;

namespace {

[[gnu::always_inline]] inline float float_of(float value) { return value; }
[[gnu::always_inline]] inline float float_of(std::uint16_t bits) { return float_of_half(bits); }

/// Two sums for each product, as one would wait for itself.
template <typename Cpu, int Queries, typename Number>
void dot_rows(const Pass<Number>& pass) {
  constexpr std::int64_t step = 2 * Cpu::lanes;
  for (std::int64_t r = 0; r < pass.count_rows; ++r) {
    const Number* row = pass.rows + r * pass.width;
    typename Cpu::Vector sums[Queries][2], squares[2] = {Cpu::zero(), Cpu::zero()};  // NOLINT(modernize-avoid-c-arrays)
    for (auto& pair : sums) pair[0] = pair[1] = Cpu::zero();
    std::int64_t i = 0;
    for (; i + step <= pass.width; i += step) {
      const char* ahead = reinterpret_cast<const char*>(row + i) + bytes_ahead;
      for (std::int64_t b = 0; b < step * static_cast<std::int64_t>(sizeof(Number)); b += line_bytes)
        _mm_prefetch(ahead + b, _MM_HINT_T0);
      const auto first = Cpu::load(row + i), second = Cpu::load(row + i + Cpu::lanes);
      squares[0] = Cpu::fma(first, first, squares[0]);
      squares[1] = Cpu::fma(second, second, squares[1]);
      for (int q = 0; q < Queries; ++q) {
        const float* query = pass.queries + q * pass.width + i;
        sums[q][0] = Cpu::fma(first, Cpu::load(query), sums[q][0]);
        sums[q][1] = Cpu::fma(second, Cpu::load(query + Cpu::lanes), sums[q][1]);
      }
    }
    float square = Cpu::sum(squares[0]) + Cpu::sum(squares[1]);
    for (std::int64_t j = i; j < pass.width; ++j) square += float_of(row[j]) * float_of(row[j]);
    pass.squares[r] = square;
    for (int q = 0; q < Queries; ++q) {
      float sum = Cpu::sum(sums[q][0]) + Cpu::sum(sums[q][1]);
      for (std::int64_t j = i; j < pass.width; ++j) sum += pass.queries[q * pass.width + j] * float_of(row[j]);
      pass.products[q * pass.stride + r] = sum;
    }
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
