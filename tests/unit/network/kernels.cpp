// Each set of kernels against loops in double precision, written down from the definitions.

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cctype>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "network/graph/convolution.hpp"
#include "network/graph/pipeline.hpp"
#include "network/kernels/kernel_table.hpp"
#include "pool3/network.hpp"
#include "unit/network/emulated_tiles.hpp"

namespace pool3::network {
namespace {

struct Candidate : KernelsEntry {};

/// The kernels for float and bfloat16; int8.cpp has the others.
std::vector<Candidate> candidates() {
  std::vector<Candidate> out;
  for (const KernelsEntry& entry : kernels_table())
    if (entry.precision != Precision::int8) out.push_back({entry});
  out.push_back({{Precision::bf16, Instructions::avx512, avx512_exact_kernels}});
  out.push_back({{Precision::bf16, Instructions::avx2, avx2_exact_kernels}});
  out.push_back({{Precision::bf16, Instructions::any, emulated_bf16_kernels}});
  return out;
}

std::string name_of(const KernelsEntry& entry) {
  const std::string_view needs = entry.needs == Instructions::any ? "emulated_tiles" : to_string(entry.needs);
  std::string name = std::string(to_string(entry.precision)) + "_" + std::string(needs);
  std::ranges::replace_if(
      name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

void PrintTo(const Candidate& entry, std::ostream* out) { *out << name_of(entry); }

Bf16 nearest_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto below = static_cast<Bf16>(bits >> 16U), above = static_cast<Bf16>(below + 1);
  const auto widened = [](Bf16 v) { return static_cast<double>(std::bit_cast<float>(std::uint32_t{v} << 16U)); };
  const double to_below = std::abs(double{value} - widened(below)), to_above = std::abs(double{value} - widened(above));
  if (to_below == to_above) return (below & 1U) == 0 ? below : above;
  return to_below < to_above ? below : above;
}

/// Activations of 16 pictures as doubles, and the same in a view.
class Activations {
 public:
  Activations(const Kernels& kernels, int height, int width, int channels, int gap = 0)
      : kernels_(kernels), view_(dense(nullptr, height, width, channels + gap, kernels.value_bytes)) {
    memory_ = Memory(bytes_of(view_) + 64);
    view_.data = memory_.data();
    view_.channels = channels;
  }
  [[nodiscard]] const View& view() const { return view_; }
  void fill(unsigned seed, float low, float high) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> uniform(low, high);
    for (int y = 0; y < view_.height; ++y)
      for (int x = 0; x < view_.width; ++x)
        for (int n = 0; n < lanes; ++n)
          for (int c = 0; c < view_.channels; ++c) set(y, x, n, c, uniform(random));
  }
  void set(int y, int x, int n, int c, float value) {
    if (kernels_.precision == Precision::fp32) {
      std::memcpy(at(y, x, n, c), &value, sizeof value);
    } else {
      const Bf16 bits = std::isnan(value) ? Bf16{0x7fc0} : nearest_bf16(value);
      std::memcpy(at(y, x, n, c), &bits, sizeof bits);
    }
  }
  [[nodiscard]] double get(int y, int x, int n, int c) const {
    if (kernels_.precision == Precision::fp32) {
      float value = 0;
      std::memcpy(&value, at(y, x, n, c), sizeof value);
      return value;
    }
    Bf16 bits = 0;
    std::memcpy(&bits, at(y, x, n, c), sizeof bits);
    return std::bit_cast<float>(std::uint32_t{bits} << 16U);
  }
  [[nodiscard]] bool inside(int y, int x) const { return y >= 0 && x >= 0 && y < view_.height && x < view_.width; }

 private:
  [[nodiscard]] std::byte* at(int y, int x, int n, int c) const {
    return view_.at(y, x) + n * view_.stride + c * std::int64_t{kernels_.value_bytes};
  }
  const Kernels& kernels_;
  View view_;
  Memory memory_;
};

class KernelsTest : public testing::TestWithParam<Candidate> {
 protected:
  void SetUp() override {
    if (!cpu_has(GetParam().needs)) GTEST_SKIP() << "this CPU lacks the instructions";
    kernels_ = GetParam().get();
    ASSERT_NE(kernels_, nullptr);
    kernels_->begin();
  }
  void TearDown() override {
    if (kernels_ != nullptr) kernels_->end();
  }
  /// Largest error of a value of about `size` that is rounded once.
  [[nodiscard]] double rounding(double size) const {
    return (kernels_->precision == Precision::fp32 ? 2e-6 : 1.0 / 256) * (std::abs(size) + 0.05);
  }
  const Kernels* kernels_ = nullptr;
};

INSTANTIATE_TEST_SUITE_P(Each, KernelsTest, testing::ValuesIn(candidates()),
                         [](const auto& test) { return name_of(test.param); });

struct Case {
  Geometry geometry;
  int height, width, in;
  std::vector<int> out;  ///< channels of the layers
  bool finish;
};

Layer make_layer(const Kernels& kernels, const Case& c, int out, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-0.3F, 0.3F);
  Layer layer = {.name = "test",
                 .weight = {{out, c.in, c.geometry.kernel_height, c.geometry.kernel_width}, {}},
                 .bias = {},
                 .codes = {}};
  for (int i = 0; i < out * c.in * c.geometry.taps(); ++i) {
    const float value = uniform(random);
    layer.weight.values.push_back(
        kernels.precision == Precision::fp32 ? value : std::bit_cast<float>(std::uint32_t{nearest_bf16(value)} << 16U));
  }
  for (int i = 0; i < out; ++i) layer.bias.push_back(uniform(random));
  return c.finish ? layer : before_pooling(layer);
}

struct Expected {
  double value, size;  ///< the sum, and that of the absolute values
};

Expected expected(const Activations& from, const Case& c, const Layer& layer, int y, int x, int n, int o) {
  const Geometry& g = c.geometry;
  double sum = c.finish ? double{layer.bias[static_cast<std::size_t>(o)]} : 0.0, size = std::abs(sum);
  for (int i = 0; i < c.in; ++i)
    for (int ky = 0; ky < g.kernel_height; ++ky)
      for (int kx = 0; kx < g.kernel_width; ++kx) {
        const int sy = y * g.stride - g.pad_height + ky, sx = x * g.stride - g.pad_width + kx;
        if (!from.inside(sy, sx)) continue;
        const int at = ((o * c.in + i) * g.kernel_height + ky) * g.kernel_width + kx;
        const double term = double{layer.weight.values[static_cast<std::size_t>(at)]} * from.get(sy, sx, n, i);
        sum += term;
        size += std::abs(term);
      }
  return {c.finish ? std::max(sum, 0.0) : sum, size};
}

void check_convolution(const Kernels& kernels, const Case& c) {
  const int unit = kernels.in_unit;
  Activations from(kernels, c.height, c.width, (c.in + unit - 1) / unit * unit);
  from.fill(5, 0.0F, 1.0F);
  std::vector<Layer> layers;
  for (const int out : c.out) layers.push_back(make_layer(kernels, c, out, static_cast<unsigned>(out)));
  const Convolution convolution(kernels, c.geometry, layers, from.view(), {});
  std::vector<Activations> to;
  std::vector<View> views;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    to.emplace_back(kernels, convolution.out_height(), convolution.out_width(), convolution.out_channels(i), 32);
    views.push_back(to.back().view());
  }
  const int half = convolution.out_height() / 4 * 2;  // in two goes, as pipelines do
  convolution.run(from.view(), views, 0, half);
  convolution.run(from.view(), views, half, convolution.out_height());
  double worst = 0;
  for (std::size_t i = 0; i < layers.size(); ++i)
    for (int y = 0; y < convolution.out_height(); ++y)
      for (int x = 0; x < convolution.out_width(); ++x)
        for (int n = 0; n < lanes; n += 5)
          for (int o = 0; o < c.out[i]; ++o) {
            const Expected want = expected(from, c, layers[i], y, x, n, o);
            const double stored = kernels.precision == Precision::fp32 ? 0.0 : std::abs(want.value) / 256;
            worst = std::max(worst, std::abs(to[i].get(y, x, n, o) - want.value) / (stored + 1e-6 * want.size));
          }
  EXPECT_LT(worst, 1.0);
}

TEST_P(KernelsTest, ConvolutionIsTheSumOfProducts) {
  const std::vector<Case> cases = {
      {{1, 1, 1, 0, 0}, 3, 5, 64, {32, 48, 80}, true},  // joined layers; 15 positions: one is without a partner
      {{1, 1, 1, 0, 0}, 2, 2, 27, {32}, true},          // channels that are no multiple of anything
      {{1, 1, 1, 0, 0}, 4, 3, 32, {64}, false},        {{3, 3, 1, 1, 1}, 5, 4, 48, {96}, true},
      {{3, 3, 1, 0, 0}, 9, 9, 80, {192}, true},        {{3, 3, 1, 1, 1}, 8, 8, 448, {384}, true},
      {{5, 5, 1, 2, 2}, 6, 7, 32, {64}, true},         {{3, 3, 2, 0, 0}, 9, 7, 80, {192}, true},
      {{1, 7, 1, 0, 3}, 5, 9, 64, {160}, true},        {{7, 1, 1, 3, 0}, 9, 3, 64, {128}, true},
      {{3, 1, 1, 1, 0}, 8, 8, 128, {384, 32}, true}};
  for (std::size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE("case " + std::to_string(i));
    check_convolution(*kernels_, cases[i]);
  }
}

// Weights beyond what is kept in cache at once are worked off in parts.
TEST_P(KernelsTest, ConvolutionOfManyWeights) {
  check_convolution(*kernels_, {{1, 1, 1, 0, 0}, 1, 3, 1280, {320, 384, 448}, true});
}

// The weights 1 + 2^-9 and -1: rounded each for itself, bf16 has 1 and -1, which cancel out.
TEST_P(KernelsTest, RoundedWeightsKeepTheirSum) {
  const Case c = {{3, 3, 1, 0, 0}, 3, 3, 64, {32}, true};
  const int count = c.in * c.geometry.taps();
  Layer layer = make_layer(*kernels_, c, 32, 1);
  std::ranges::fill(layer.bias, 0.0F);
  for (std::size_t i = 0; i < layer.weight.values.size(); ++i)
    layer.weight.values[i] = i % 2 == 0 ? 1 + 1.0F / 512 : -1.0F;
  Activations from(*kernels_, 3, 3, 64);
  from.fill(5, 1.0F, 1.0F);
  const Convolution convolution(*kernels_, c.geometry, {layer}, from.view(), {});
  Activations to(*kernels_, 1, 1, 32);
  convolution.run(from.view(), std::array{to.view()}, 0, 1);
  for (int o = 0; o < 32; ++o) EXPECT_NEAR(to.get(0, 0, 3, o), count / 1024.0, 1.0 / 128) << o;
}

TEST_P(KernelsTest, MaximumPools) {
  for (const int stride : {1, 2}) {
    Activations from(*kernels_, 7, 5, 64);
    from.fill(7, 0.0F, 3.0F);
    const int pad = stride == 1 ? 1 : 0;
    Activations to(*kernels_, stride == 1 ? 7 : 3, stride == 1 ? 5 : 2, 64, 32);
    for (int y = 0; y < to.view().height; ++y) kernels_->max_pool(from.view(), stride, y, to.view());
    for (int y = 0; y < to.view().height; ++y)
      for (int x = 0; x < to.view().width; ++x)
        for (int n = 0; n < lanes; ++n)
          for (int c = 0; c < 64; ++c) {
            double most = 0;
            for (int sy = y * stride - pad; sy < y * stride - pad + 3; ++sy)
              for (int sx = x * stride - pad; sx < x * stride - pad + 3; ++sx)
                if (from.inside(sy, sx)) most = std::max(most, from.get(sy, sx, n, c));
            ASSERT_EQ(to.get(y, x, n, c), most) << stride << " " << y << " " << x;
          }
  }
}

TEST_P(KernelsTest, AveragePools) {
  Activations from(*kernels_, 4, 6, 96);
  from.fill(9, -1.0F, 1.0F);
  std::vector<float> bias(96);
  for (std::size_t i = 0; i < bias.size(); ++i) bias[i] = static_cast<float>(i) / 100 - 0.4F;
  for (const bool count_padding : {false, true}) {
    Activations to(*kernels_, 4, 6, 96, 32);
    for (int y = 0; y < 4; ++y) kernels_->average_pool(from.view(), bias.data(), nullptr, count_padding, y, to.view());
    for (int y = 0; y < 4; ++y)
      for (int x = 0; x < 6; ++x)
        for (int n = 0; n < lanes; ++n)
          for (int c = 0; c < 96; ++c) {
            double sum = 0;
            int inside = 0;
            for (int sy = y - 1; sy <= y + 1; ++sy)
              for (int sx = x - 1; sx <= x + 1; ++sx)
                if (from.inside(sy, sx)) sum += from.get(sy, sx, n, c), ++inside;
            const double want =
                std::max(sum / (count_padding ? 9 : inside) + double{bias[static_cast<std::size_t>(c)]}, 0.0);
            ASSERT_NEAR(to.get(y, x, n, c), want, rounding(want)) << y << " " << x << " " << c;
          }
  }
}

TEST_P(KernelsTest, MeanOverPositions) {
  Activations from(*kernels_, 3, 5, 64);
  from.fill(11, 0.0F, 1.0F);
  std::vector<float> out(3 * 64);
  kernels_->mean(from.view(), 3, out.data());
  for (int n = 0; n < 3; ++n)
    for (int c = 0; c < 64; ++c) {
      double sum = 0;
      for (int y = 0; y < 3; ++y)
        for (int x = 0; x < 5; ++x) sum += from.get(y, x, n, c);
      EXPECT_NEAR(out[static_cast<std::size_t>(n * 64 + c)], sum / 15, 1e-6);
    }
}

TEST_P(KernelsTest, PatchesAreNineNeighbours) {
  std::vector<float> pictures(static_cast<std::size_t>(2 * input_floats));
  std::mt19937 random(13);
  std::uniform_real_distribution<float> uniform(-1.0F, 1.0F);
  std::generate(pictures.begin(), pictures.end(), [&] { return uniform(random); });
  Activations to(*kernels_, 149, 149, patch_channels);
  const int y = 101;
  kernels_->patches(pictures.data(), 2, y, to.view());
  for (int x = 0; x < 149; x += 37)
    for (int n = 0; n < 2; ++n)
      for (int ky = 0; ky < 3; ++ky)
        for (int i = 0; i < 9; ++i) {
          const auto at = static_cast<std::size_t>(n * input_floats + ((2 * y + ky) * input_side + 2 * x) * 3 + i);
          const double want = pictures[at];
          EXPECT_NEAR(to.get(y, x, n, ky * 9 + i), want, rounding(want)) << x << " " << n << " " << ky << " " << i;
        }
}

// A picture that is not a number must not look like a good one, and must leave the others alone.
TEST_P(KernelsTest, NotANumberStays) {
  const Case c = {{1, 1, 1, 0, 0}, 1, 1, 32, {32}, true};
  Activations from(*kernels_, 1, 1, 32), to(*kernels_, 1, 1, 32);
  from.fill(17, 0.0F, 1.0F);
  from.set(0, 0, 4, 3, std::numeric_limits<float>::quiet_NaN());
  const Convolution convolution(*kernels_, c.geometry, {make_layer(*kernels_, c, 32, 1)}, from.view(), {});
  convolution.run(from.view(), std::array{to.view()}, 0, 1);
  for (int n = 0; n < lanes; ++n)
    for (int o = 0; o < 32; ++o) EXPECT_EQ(std::isnan(to.get(0, 0, n, o)), n == 4);
}

TEST_P(KernelsTest, Bf16IsRoundedToNearestEven) {
  if (kernels_->precision == Precision::fp32) GTEST_SKIP() << "nothing is rounded";
  std::vector<float> picture(static_cast<std::size_t>(input_floats), 0.0F);
  const std::vector<float> values = {1.00390625F, 1.01171875F, 3.0e38F, -0.0F, 0.1F, -2.7182818F, 1e-3F, 255.5F, 7.0F};
  std::copy(values.begin(), values.end(), picture.begin());  // two ties among them
  Activations to(*kernels_, 149, 149, patch_channels);
  kernels_->patches(picture.data(), 1, 0, to.view());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double want = std::bit_cast<float>(std::uint32_t{nearest_bf16(values[i])} << 16U);
    EXPECT_EQ(to.get(0, 0, 0, static_cast<int>(i)), want) << values[i];
  }
}

// Pipelines keep few rows; the result is that of layers one after another.
TEST_P(KernelsTest, PipelinesOfAnyStepGiveTheSame) {
  const Case c = {{3, 3, 1, 1, 1}, 0, 0, 32, {32}, true};
  Activations from(*kernels_, 12, 6, 32);
  from.fill(19, 0.0F, 1.0F);
  std::vector<std::vector<double>> results;
  for (const int rows_at_once : {1, 2, 5, 12}) {
    Pipeline pipeline(*kernels_, "test", from.view());
    const auto a = pipeline.add_convolution("a", c.geometry, {make_layer(*kernels_, c, 32, 1)}, Pipeline::input);
    const auto b = pipeline.add_convolution("b", c.geometry, {make_layer(*kernels_, c, 32, 2)}, a);
    const Layer average = {.name = "d", .weight = {}, .bias = std::vector<float>(32, 0.1F), .codes = {}};
    const auto d = pipeline.add_average_pool(average, false, a);
    pipeline.emit(pipeline.add_convolution("c", c.geometry, {make_layer(*kernels_, c, 32, 3)}, b));
    pipeline.emit(d);
    pipeline.plan(rows_at_once);
    Activations out(*kernels_, 12, 6, 64);
    const Memory scratch(pipeline.scratch_bytes() + 64);
    std::memset(scratch.data(), 0x3f, static_cast<std::size_t>(pipeline.scratch_bytes()));
    pipeline.run({.activations = from.view(), .pictures = {}, .count = lanes}, out.view(), scratch.data(), {});
    results.emplace_back();
    for (int y = 0; y < 12; ++y)
      for (int x = 0; x < 6; ++x)
        for (int n = 0; n < lanes; ++n)
          for (int k = 0; k < 64; ++k) results.back().push_back(out.get(y, x, n, k));
  }
  for (const auto& result : results) EXPECT_TRUE(result == results[0]);
}

// Less is never better: kernels for newer instructions come first, and every precision's last ones need least.
TEST(KernelsTable, TheFirstThatRunAreTaken) {
  EXPECT_EQ(find_kernels(Precision::fp32, Instructions::any), nullptr);
  EXPECT_EQ(find_kernels(Precision::bf16, Instructions::avx512), nullptr);
  EXPECT_EQ(find_kernels(Precision::fp16, Instructions::amx), nullptr);
  EXPECT_EQ(find_kernels(Precision::int8, Instructions::avx2), nullptr);
  EXPECT_EQ(find_kernels(Precision::int8, Instructions::avx512), nullptr);
  if (cpu_has(Instructions::avx512)) {
    EXPECT_EQ(find_kernels(Precision::fp32, Instructions::amx), avx512_fp32_kernels());
    EXPECT_EQ(find_kernels(Precision::fp32, Instructions::avx2), avx2_fp32_kernels());
  }
  if (cpu_has(Instructions::avx2)) {
    EXPECT_EQ(find_kernels(Precision::fp32, Instructions::avx2_vnni), avx2_fp32_kernels());
    EXPECT_EQ(find_kernels(Precision::int8, Instructions::avx2_vnni), avx2_vnni_kernels());
    EXPECT_EQ(find_kernels(Precision::int8, Instructions::avx512_bf16), avx512_vnni_kernels());
    EXPECT_EQ(find_kernels(Precision::bf16, Instructions::avx512_bf16), avx512_bf16_kernels());
  }
}

}  // namespace
}  // namespace pool3::network
