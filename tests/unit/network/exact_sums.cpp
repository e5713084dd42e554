// Kernels whose every bit is promised, against the same arithmetic written down for one number at a time.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "network/graph/convolution.hpp"
#include "network/graph/pipeline.hpp"
#include "network/graph/weight_packing.hpp"
#include "network/kernels/kernel_table.hpp"
#include "pool3/network.hpp"
#include "pool3/numbers.hpp"
#include "pool3/types.hpp"
#include "unit/network/emulated_tiles.hpp"

namespace pool3::network {
namespace {

struct Shape {
  Geometry geometry;
  int height = 0, width = 0, in = 0, out = 0;
  /// Of a weight [out, inputs, taps].
  [[nodiscard]] std::size_t place(std::int64_t inputs, std::int64_t o, std::int64_t i, std::int64_t t) const {
    return index((o * inputs + i) * geometry.taps() + t);
  }
};
constexpr std::array<Shape, 4> shapes = {{{{1, 1, 1, 0, 0}, 2, 5, 64, 80},
                                          {{3, 3, 1, 1, 1}, 4, 3, 32, 48},
                                          {{3, 3, 2, 0, 0}, 5, 7, 96, 64},
                                          {{1, 7, 1, 0, 3}, 2, 9, 128, 160}}};

Layer layer_of(const Shape& s, bool codes) {
  std::mt19937 random(11);
  std::uniform_real_distribution<float> weight(-0.1F, 0.1F), step(0.004F, 0.02F);
  Layer layer = {.name = "test",
                 .weight = {{s.out, s.in, s.geometry.kernel_height, s.geometry.kernel_width}, {}},
                 .bias = {},
                 .codes = {}};
  layer.weight.values.resize(s.place(s.in, s.out, 0, 0));
  std::ranges::generate(layer.weight.values, [&] { return weight(random); });
  for (int o = 0; o < s.out; ++o) layer.bias.push_back(weight(random));
  for (int o = 0; codes && o < s.out; ++o) layer.codes.steps.push_back(step(random));
  if (codes) layer.codes.means.assign(static_cast<std::size_t>(s.out), 0.1F);
  return layer;
}

ChannelCodes codes_of_input(int channels) {
  std::mt19937 random(13);
  std::uniform_real_distribution<float> step(0.002F, 0.03F);
  ChannelCodes codes;
  for (int c = 0; c < channels; ++c) codes.steps.push_back(step(random));
  codes.means.assign(static_cast<std::size_t>(channels), 0.2F);
  return codes;
}

/// An activation of bf16 or codes, and its memory.
class Values {
 public:
  Values(int height, int width, int channels, int value_bytes)
      : Values(dense(nullptr, height, width, channels, value_bytes)) {}
  explicit Values(const View& view) : view_(view), memory_(bytes_of(view_) + 64) { view_.data = memory_.data(); }
  [[nodiscard]] const View& view() const { return view_; }
  [[nodiscard]] std::byte* at(int y, int x, int n, int c) const {
    return view_.at(y, x) + n * view_.stride + std::int64_t{c} * view_.value_bytes;
  }
  /// Its bits.
  [[nodiscard]] std::uint16_t get(int y, int x, int n, int c) const {
    std::uint16_t bits = 0;
    std::memcpy(&bits, at(y, x, n, c), static_cast<std::size_t>(view_.value_bytes));
    return bits;
  }
  template <typename Make>
  void fill(const Make& make) const {
    for (int y = 0; y < view_.height; ++y)
      for (int x = 0; x < view_.width; ++x)
        for (int n = 0; n < lanes; ++n)
          for (int c = 0; c < view_.channels; ++c) {
            const std::uint16_t bits = make();
            std::memcpy(at(y, x, n, c), &bits, static_cast<std::size_t>(view_.value_bytes));
          }
  }

 private:
  View view_;
  Memory memory_;
};

/// What becomes of a sum.
std::uint16_t finished(float sum, const Factors& factors, bool scaled, bool codes) {
  float value = scaled ? std::fma(sum, factors.scale, factors.bias) : sum + factors.bias;
  if (value < 0) value = 0;
  if (codes) return static_cast<std::uint16_t>(std::nearbyint(std::min(value, 255.0F)));
  return std::abs(value) < std::numeric_limits<float>::min() ? std::uint16_t{0} : bf16_of_float(value);
}

/// Calls `sum(y, x, n, o)` for some outputs, and counts those that differ from it.
template <typename Sum>
int wrong(const Kernels& kernels, const Shape& s, const Values& from, const ChannelCodes& from_codes, bool codes,
          const Sum& sum) {
  const Layer layer = layer_of(s, codes);
  const Convolution convolution(kernels, s.geometry, {layer}, from.view(), from_codes);
  const Values to(convolution.out_height(), convolution.out_width(), convolution.out_channels(), codes ? 1 : 2);
  kernels.begin();
  convolution.run(from.view(), std::array{to.view()}, 0, convolution.out_height());
  kernels.end();
  const Operand operand = from.view().fine ? operand_of(on_fine_codes(layer), {0, s.out}, of_fine_codes(from_codes),
                                                        kernels.precision, false)
                                           : operand_of(layer, {0, s.out}, from_codes, kernels.precision, false);
  const bool scaled = codes || !operand.steps.empty();
  int count = 0;
  for (int y = 0; y < convolution.out_height(); ++y)
    for (int x = 0; x < convolution.out_width(); ++x)
      for (int n = 0; n < lanes; n += 3)
        for (int o = 0; o < s.out; ++o) {
          const Factors factors = factors_of(layer, operand, o);
          const float exact = sum(operand.weights, y, x, n, o);
          count += to.get(y, x, n, o) == finished(exact, factors, scaled, codes) ? 0 : 1;
        }
  return count;
}

/// Calls `add(tap, y, x)` for the taps of an output position that are inside the picture.
template <typename Add>
void each_tap(const Shape& s, int y, int x, const Add& add) {
  const Geometry& g = s.geometry;
  for (int t = 0; t < g.taps(); ++t) {
    const int sy = y * g.stride - g.pad_height + t / g.kernel_width,
              sx = x * g.stride - g.pad_width + t % g.kernel_width;
    if (sy >= 0 && sx >= 0 && sy < s.height && sx < s.width) add(t, sy, sx);
  }
}

/// Kernels for codes that run here.
std::vector<KernelsEntry> int8_kernels() {
  std::vector<KernelsEntry> out;
  for (const KernelsEntry& entry : kernels_table())
    if (entry.precision == Precision::int8 && cpu_has(entry.needs)) out.push_back(entry);
  out.push_back({Precision::int8, Instructions::any, emulated_int8_kernels});
  return out;
}

/// Kernels that make sums of bf16 as the manual says.
std::vector<KernelsEntry> exact_bf16_kernels() {
  std::vector<KernelsEntry> out;
  for (const KernelsEntry& entry : {KernelsEntry{Precision::bf16, Instructions::avx2, avx2_exact_kernels},
                                    {Precision::bf16, Instructions::avx512, avx512_exact_kernels},
                                    {Precision::bf16, Instructions::amx, amx_bf16_kernels},
                                    {Precision::bf16, Instructions::any, emulated_bf16_kernels}})
    if (cpu_has(entry.needs)) out.push_back(entry);
  return out;
}

TEST(ExactSums, OfCodesAreThoseOfWholeNumbers) {
  for (const KernelsEntry& entry : int8_kernels()) {
    for (const Shape& s : shapes)
      for (const bool codes : {true, false}) {
        std::mt19937 random(3);
        const Values from(s.height, s.width, s.in, 1);
        from.fill([&] { return static_cast<std::uint16_t>(random() % 256); });
        const auto sum = [&](const Tensor& weights, int y, int x, int n, int o) {
          std::int32_t total = 0;
          each_tap(s, y, x, [&](int t, int sy, int sx) {
            for (int i = 0; i < s.in; ++i)
              total += std::int32_t{from.get(sy, sx, n, i)} *
                       static_cast<std::int32_t>(weights.values[s.place(s.in, o, i, t)]);
          });
          return static_cast<float>(total);
        };
        EXPECT_EQ(wrong(*entry.get(), s, from, codes_of_input(s.in), codes, sum), 0)
            << to_string(entry.needs) << " " << s.in << " " << codes;
      }
  }
}

// Fine codes are twice as many channels: the upper bits, then the lower ones.
TEST(ExactSums, OfFineCodesAreThoseOfWholeNumbers) {
  for (const KernelsEntry& entry : int8_kernels()) {
    const Shape s = {{3, 3, 1, 1, 1}, 4, 3, 32, 64};
    const Values from(dense_fine(nullptr, s.height, s.width, s.in));
    std::mt19937 random(3);
    for (int y = 0; y < s.height; ++y)
      for (int x = 0; x < s.width; ++x)
        for (int n = 0; n < lanes; ++n)
          for (int c = 0; c < 2 * s.in; ++c)
            *from.at(y, x, n, c) = static_cast<std::byte>(random() % (c < s.in ? 256 : 8));
    const auto sum = [&](const Tensor& weights, int y, int x, int n, int o) {
      std::int32_t total = 0;
      each_tap(s, y, x, [&](int t, int sy, int sx) {
        for (int i = 0; i < 2 * s.in; ++i)
          total += std::int32_t{from.get(sy, sx, n, i)} *
                   static_cast<std::int32_t>(weights.values[s.place(2 * s.in, o, i, t)]);
      });
      return static_cast<float>(total);
    };
    EXPECT_EQ(wrong(*entry.get(), s, from, codes_of_input(s.in), true, sum), 0) << to_string(entry.needs);
  }
}

/// As Intel's manual says of TDPBF16PS: chains of even and odd channels over 32 of them.
float sum_of_chains(const Shape& s, const Values& from, const Tensor& weights, int y, int x, int n, int o) {
  float total = 0;
  each_tap(s, y, x, [&](int t, int sy, int sx) {
    for (int first = 0; first < s.in; first += 32) {
      std::array<float, 2> chains{};
      for (int i = first; i < first + 32; ++i) {
        const float value = float_of_bf16(from.get(sy, sx, n, i));
        const float weight = weights.values[s.place(s.in, o, i, t)];
        float& chain = chains.at(static_cast<std::size_t>(i % 2));
        chain = std::fma(value, weight, chain);
      }
      total += chains[0] + chains[1];
    }
  });
  return total;
}

TEST(ExactSums, OfBf16AreThoseOfTheManual) {
  for (const KernelsEntry& entry : exact_bf16_kernels()) {
    for (const Shape& s : shapes)
      for (const bool codes : {true, false}) {
        std::mt19937 random(5);
        std::uniform_real_distribution<float> uniform(0.0F, 2.0F);
        const Values from(s.height, s.width, s.in, 2);
        from.fill([&] { return bf16_of_float(uniform(random)); });
        const auto sum = [&](const Tensor& weights, int y, int x, int n, int o) {
          return sum_of_chains(s, from, weights, y, x, n, o);
        };
        EXPECT_EQ(wrong(*entry.get(), s, from, {}, codes, sum), 0)
            << to_string(entry.needs) << " " << s.in << " " << codes;
      }
  }
}

// What is below the normal floats counts as zero, in the input and in sums; what is no number stays so.
TEST(ExactSums, OfTinyAndBrokenNumbers) {
  for (const KernelsEntry& entry : exact_bf16_kernels()) {
    const Shape s = {{1, 1, 1, 0, 0}, 1, 1, 32, 32};
    Layer layer = layer_of(s, false);
    std::ranges::fill(layer.weight.values, 1.0F);
    std::ranges::fill(layer.bias, 0.0F);
    const Values from(1, 1, 32, 2), to(1, 1, 32, 2);
    const auto value_of_lane = [](int n) { return n == 0 ? 0x007f : n == 1 ? 0x7fc0 : n == 2 ? 0x7f80 : 0x3f80; };
    for (int n = 0; n < lanes; ++n)
      for (int c = 0; c < 32; ++c) {
        const auto bits = static_cast<std::uint16_t>(value_of_lane(n));
        std::memcpy(from.at(0, 0, n, c), &bits, sizeof bits);
      }
    entry.get()->begin();
    Convolution(*entry.get(), s.geometry, {layer}, from.view(), {}).run(from.view(), std::array{to.view()}, 0, 1);
    entry.get()->end();
    EXPECT_EQ(to.get(0, 0, 0, 5), 0);
    EXPECT_TRUE(std::isnan(float_of_bf16(to.get(0, 0, 1, 5))));
    EXPECT_TRUE(std::isinf(float_of_bf16(to.get(0, 0, 2, 5))));
    EXPECT_EQ(float_of_bf16(to.get(0, 0, 3, 5)), 32.0F);
    volatile float tiny = 1e-39F;  // this thread's arithmetic is as before
    EXPECT_GT(tiny * 1.0F, 0.0F);
  }
}

}  // namespace
}  // namespace pool3::network
