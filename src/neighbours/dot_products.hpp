#pragma once
// Products of a few queries with many rows as they go by, in floats: as fast as memory gives the rows.

#include <cstdint>
#include <vector>

namespace pool3::neighbours {

/// Most queries of one pass.
inline constexpr std::int64_t few_queries = 4;

/// One pass over rows. Sums are in any order: off by at most (width + 2) * 2^-24 of |q| |x|, and of |x|^2.
template <typename Number>
struct Pass {
  const float* queries;  ///< [count_queries, width]
  std::int64_t count_queries;
  const Number* rows;  ///< [count_rows, width]: floats, or bits of float16
  std::int64_t count_rows, width;
  float* products;  ///< [count_queries, stride]
  std::int64_t stride;
  float* squares;  ///< [count_rows]
};

/// How one kind of CPU does it.
struct DotKernels {
  const char* name;
  void (*of_floats)(const Pass<float>&);
  void (*of_halves)(const Pass<std::uint16_t>&);
};
// Without functions where the compiler has no such instructions.
[[nodiscard]] DotKernels dots_avx512();
[[nodiscard]] DotKernels dots_avx2();
/// Those that this CPU has, the fastest first.
[[nodiscard]] const std::vector<DotKernels>& dot_kernels();

/// The floats of `count` float16 numbers.
void to_floats(const std::uint16_t* halves, std::int64_t count, float* out);

}  // namespace pool3::neighbours
