#include "neighbours/dot_products.hpp"

#include "pool3/numbers.hpp"
#include "pool3/numbers/target_clones.hpp"

namespace pool3::neighbours {
namespace {

float float_of(float value) { return value; }
float float_of(std::uint16_t bits) { return float_of_half(bits); }

/// sum a_i x_i, for x = `row`; or of x with itself.
template <typename Number>
float dot(const float* a, const Number* row, std::int64_t width) {
  float sum = 0;
  for (std::int64_t i = 0; i < width; ++i) {
    const float x = float_of(row[i]);
    sum += x * (a == nullptr ? x : a[i]);
  }
  return sum;
}

template <typename Number>
void any_cpu(const Pass<Number>& pass) {
  for (std::int64_t r = 0; r < pass.count_rows; ++r) {
    const Number* row = pass.rows + r * pass.width;
    pass.squares[r] = dot(nullptr, row, pass.width);
    for (std::int64_t q = 0; q < pass.count_queries; ++q)
      pass.products[q * pass.stride + r] = dot(pass.queries + q * pass.width, row, pass.width);
  }
}

std::vector<DotKernels> known_kernels() {
  std::vector<DotKernels> known;
#ifdef __x86_64__
  // What these files hold is called where the CPU can run it alone.
  if (__builtin_cpu_supports("avx512f") && dots_avx512().of_floats != nullptr) known.push_back(dots_avx512());
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && dots_avx2().of_floats != nullptr)
    known.push_back(dots_avx2());
#endif
  known.push_back({"any", any_cpu<float>, any_cpu<std::uint16_t>});
  return known;
}

}  // namespace

const std::vector<DotKernels>& dot_kernels() {
  static const std::vector<DotKernels> known = known_kernels();
  return known;
}

POOL3_TARGET_CLONES void to_floats(const std::uint16_t* halves, std::int64_t count, float* out) {
  for (std::int64_t i = 0; i < count; ++i) out[i] = float_of_half(halves[i]);
}

}  // namespace pool3::neighbours
