// int8: the kernels on codes against sums in double precision.

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <random>

#include "network/graph/convolution.hpp"
#include "network/graph/pipeline.hpp"
#include "network/kernels/kernel_table.hpp"
#include "pool3/network.hpp"
#include "pool3/types.hpp"
#include "unit/network/emulated_tiles.hpp"

namespace pool3::network {
namespace {

/// With each kind of kernels for codes that the CPU can run.
class Int8 : public testing::TestWithParam<KernelsEntry> {
 protected:
  void SetUp() override {
    if (!cpu_has(GetParam().needs)) GTEST_SKIP() << "this CPU has no " << to_string(GetParam().needs);
    kernels_ = GetParam().get();
    ASSERT_NE(kernels_, nullptr);
    kernels_->begin();
  }
  void TearDown() override {
    if (kernels_ != nullptr) kernels_->end();
  }
  [[nodiscard]] const Kernels& kernels() const { return *kernels_; }

 private:
  const Kernels* kernels_ = nullptr;
};

std::vector<KernelsEntry> int8_kernels() {
  std::vector<KernelsEntry> out;
  for (const KernelsEntry& entry : kernels_table())
    if (entry.precision == Precision::int8) out.push_back(entry);
  out.push_back({Precision::int8, Instructions::any, emulated_int8_kernels});
  return out;
}

INSTANTIATE_TEST_SUITE_P(Each, Int8, testing::ValuesIn(int8_kernels()), [](const auto& test) {
  if (test.param.needs == Instructions::any) return std::string("emulated_tiles");
  return std::string(instruction_names.at(static_cast<std::size_t>(test.param.needs)));
});

/// An activation with memory of its own; what is not set has all bits set.
struct Activation {
  View view;
  ChannelCodes codes;
  Memory memory;

  Activation(int height, int width, int channels, bool in_codes, bool fine = false)
      : view(fine ? dense_fine(nullptr, height, width, channels)
                  : dense(nullptr, height, width, (channels + 31) / 32 * 32, in_codes ? 1 : 2)),
        memory(bytes_of(view) + 64) {
    std::memset(memory.data(), 0xff, static_cast<std::size_t>(bytes_of(view)));
    view.data = memory.data();
    view.channels = channels;
    std::mt19937 random(static_cast<unsigned>(channels));
    std::uniform_real_distribution<float> uniform(0.001F, 0.02F);
    for (int c = 0; in_codes && c < channels; ++c) codes.steps.push_back(uniform(random));
    for (int c = 0; in_codes && c < channels; ++c) codes.means.push_back(50 * uniform(random));
  }
  void fill() {  // NOLINT(readability-make-member-function-const): it fills what the view shows
    std::mt19937 random(3);
    std::uniform_int_distribution<int> uniform(0, 255);
    for (int y = 0; y < view.height; ++y)
      for (int x = 0; x < view.width; ++x)
        for (int n = 0; n < lanes; ++n)
          for (int c = 0; c < view.channels; ++c) {
            std::byte* at = view.at(y, x) + n * view.stride + c * view.value_bytes;
            const auto code = static_cast<std::uint8_t>(uniform(random));
            const auto half = static_cast<Bf16>(std::bit_cast<std::uint32_t>(static_cast<float>(code) / 256) >> 16U);
            view.value_bytes == 1 ? std::memcpy(at, &code, 1) : std::memcpy(at, &half, 2);
            if (view.fine) at[view.channels] = static_cast<std::byte>(code % 8);
          }
  }
  [[nodiscard]] double get(int y, int x, int n, int c) const {
    if (y < 0 || x < 0 || y >= view.height || x >= view.width) return 0;
    return double{value_at(view, codes, y, x, n, c)};
  }
};

Layer random_layer(const Geometry& g, int in, int out, bool in_codes, bool finish) {
  std::mt19937 random(static_cast<unsigned>(out));
  std::uniform_real_distribution<float> uniform(-0.3F, 0.3F);
  Layer layer = {.name = "test", .weight = {{out, in, g.kernel_height, g.kernel_width}, {}}, .bias = {}, .codes = {}};
  for (int i = 0; i < out * in * g.taps(); ++i)  // of bfloat16's precision
    layer.weight.values.push_back(std::bit_cast<float>(std::bit_cast<std::uint32_t>(uniform(random)) & 0xffff0000U));
  if (finish) layer.bias.assign(static_cast<std::size_t>(out), 0.2F);
  if (in_codes) layer.codes = Activation(1, 1, out, true).codes;
  return layer;
}

/// The weights of one output channel as int8 has them: whole numbers times a step, by the channel of the input.
std::vector<double> rounded_weights(const Layer& layer, const ChannelCodes& from, int o, double& correction) {
  const auto in = static_cast<std::size_t>(layer.weight.shape[1]);
  const std::size_t each = layer.weight.values.size() / static_cast<std::size_t>(layer.weight.shape[0]);
  const float* w = layer.weight.values.data() + static_cast<std::size_t>(o) * each;
  double most = 0;
  for (std::size_t i = 0; i < each; ++i)
    most = std::max(most, std::abs(double{w[i]} * double{from.steps[i / (each / in)]}));
  std::vector<double> rounded;
  correction = 0;
  for (std::size_t i = 0; i < each; ++i) {
    const std::size_t c = i / (each / in);
    const double step = double{from.steps[c]};
    rounded.push_back(std::nearbyint(double{w[i]} * step / most * 127) * most / 127 / step);
    correction += (double{w[i]} - rounded.back()) * double{from.means[c]};
  }
  return rounded;
}

struct Case {
  Geometry geometry;
  int height, width, in;
  bool in_codes;
  struct Output {
    int channels;
    bool codes, finish;
  };
  std::vector<Output> outputs;
};

/// A value may be off by the rounding of its kind.
double allowed(const Case::Output& out, double value, double step) {
  return (out.codes ? 0.5 * step : std::abs(value) / 256) + 1e-4 * (1 + std::abs(value));
}

void check(const Kernels& int8, const Case& c) {
  Activation from(c.height, c.width, c.in, c.in_codes);
  from.fill();
  std::vector<Layer> layers;
  for (const auto& o : c.outputs) layers.push_back(random_layer(c.geometry, c.in, o.channels, o.codes, o.finish));
  const Kernels& kernels = c.in_codes ? int8 : uncoded(int8);
  const Convolution convolution(kernels, c.geometry, layers, from.view, from.codes);
  std::vector<Activation> to;
  std::vector<View> views;
  for (const auto& o : c.outputs) {
    to.emplace_back(convolution.out_height(), convolution.out_width(), o.channels, o.codes);
    views.push_back(to.back().view);
  }
  convolution.run(from.view, views, 0, convolution.out_height());
  const Geometry& g = c.geometry;
  int strange = 0, all = 0;
  for (std::size_t l = 0; l < layers.size(); ++l)
    for (int o = 0; o < c.outputs[l].channels; o += 3) {
      double correction = 0;
      std::vector<double> weights(layers[l].weight.values.begin() + o * c.in * g.taps(),
                                  layers[l].weight.values.begin() + (o + 1) * c.in * g.taps());
      if (c.in_codes) weights = rounded_weights(layers[l], from.codes, o, correction);
      const double step = c.outputs[l].codes ? double{layers[l].codes.steps[static_cast<std::size_t>(o)]} : 0;
      for (int y = 0; y < convolution.out_height(); ++y)
        for (int x = 0; x < convolution.out_width(); ++x)
          for (int n = 0; n < lanes; n += 7) {
            double sum = correction + (c.outputs[l].finish ? 0.2 : 0.0);
            for (int i = 0; i < c.in; ++i)
              for (int t = 0; t < g.taps(); ++t)
                sum += weights[static_cast<std::size_t>(std::int64_t{i} * g.taps() + t)] *
                       from.get(y * g.stride - g.pad_height + t / g.kernel_width,
                                x * g.stride - g.pad_width + t % g.kernel_width, n, i);
            if (c.outputs[l].finish) sum = std::max(sum, 0.0);
            if (c.outputs[l].codes) sum = std::min(sum, 255 * step);
            strange += std::abs(to[l].get(y, x, n, o) - sum) > allowed(c.outputs[l], sum, step) ? 1 : 0;
            ++all;
          }
    }
  EXPECT_LE(strange, all / 100);  // where a weight in the middle of two codes was rounded the other way
}

TEST_P(Int8, ConvolutionsOfCodes) {
  check(kernels(), {{1, 1, 1, 0, 0}, 3, 5, 288, true, {{64, true, true}, {96, true, true}, {32, false, false}}});
  check(kernels(), {{3, 3, 1, 1, 1}, 5, 4, 80, true, {{192, true, true}}});
  check(kernels(), {{3, 3, 2, 0, 0}, 9, 7, 48, true, {{64, true, true}}});
  check(kernels(), {{1, 7, 1, 0, 3}, 3, 9, 64, true, {{160, true, true}}});
  check(kernels(), {{3, 1, 1, 1, 0}, 8, 3, 384, true, {{384, false, true}}});
}

TEST_P(Int8, ConvolutionsIntoCodes) { check(kernels(), {{3, 3, 1, 1, 1}, 5, 4, 32, false, {{64, true, true}}}); }

/// One layer of 3 x 3 whose input or output is in fine codes; returns the largest error, in steps of the output, or in
/// the largest value where that is bf16.
double error_of_fine_codes(const Kernels& int8, bool fine_in) {
  const Geometry g = {3, 3, 1, 1, 1};
  Activation from(5, 4, 32, fine_in, fine_in), to(5, 4, 32, !fine_in, !fine_in);
  from.fill();
  Layer layer = random_layer(g, 32, 32, false, true);
  layer.fine = !fine_in;
  layer.carry = true;
  for (float& step : to.codes.steps) step /= 8;  // some sums are above 2047 of them
  layer.codes = to.codes;
  Convolution(fine_in ? int8 : uncoded(int8), g, {layer}, from.view, from.codes).run(from.view, {&to.view, 1}, 0, 5);
  double worst = 0, largest = 0;
  for (int y = 0; y < 5; ++y)
    for (int x = 0; x < 4; ++x)
      for (int n = 0; n < lanes; ++n)
        for (int o = 0; o < 32; ++o) {
          double sum = 0.2;
          for (int i = 0; i < 32; ++i)
            for (int t = 0; t < 9; ++t)
              sum += double{layer.weight.values[index((std::int64_t{o} * 32 + i) * 9 + t)]} *
                     from.get(y - 1 + t / 3, x - 1 + t % 3, n, i);
          const double step = fine_in ? 1 : double{layer.codes.steps[static_cast<std::size_t>(o)]};
          sum = std::max(sum, 0.0);
          if (!fine_in) sum = std::min(sum, 2047 * step);
          largest = std::max(largest, sum);
          worst = std::max(worst, std::abs(to.get(y, x, n, o) - sum) / step);
        }
  return fine_in ? worst / largest : worst;
}

TEST_P(Int8, FineCodesAreWrittenWithElevenBits) { EXPECT_LT(error_of_fine_codes(uncoded(kernels()), false), 0.51); }

TEST_P(Int8, FineCodesAreRead) { EXPECT_LT(error_of_fine_codes(kernels(), true), 0.02); }

TEST_P(Int8, MaximumOfCodes) {
  Activation from(7, 5, 96, true), to(3, 2, 96, true);
  from.fill();
  for (int y = 0; y < 3; ++y) kernels().max_pool(from.view, 2, y, to.view);
  for (int y = 0; y < 3; ++y)
    for (int x = 0; x < 2; ++x)
      for (int n = 0; n < lanes; ++n)
        for (int c = 0; c < 96; ++c) {
          double most = 0;
          for (int t = 0; t < 9; ++t) most = std::max(most, from.get(2 * y + t / 3, 2 * x + t % 3, n, c));
          ASSERT_EQ(to.get(y, x, n, c), most);
        }
}

TEST_P(Int8, AverageIntoCodes) {
  Activation from(4, 6, 64, false), to(4, 6, 64, true);
  from.fill();
  const std::vector<float> bias(64, -0.3F);
  std::vector<float> to_codes;
  for (const float step : to.codes.steps) to_codes.push_back(1 / (step / 4));  // some are too large for a code
  for (float& step : to.codes.steps) step /= 4;
  for (int y = 0; y < 4; ++y) kernels().average_pool(from.view, bias.data(), to_codes.data(), true, y, to.view);
  int full = 0;
  for (int y = 0; y < 4; ++y)
    for (int x = 0; x < 6; ++x)
      for (int n = 0; n < lanes; ++n)
        for (int c = 0; c < 64; ++c) {
          double sum = 0;
          for (int t = 0; t < 9; ++t) sum += from.get(y - 1 + t / 3, x - 1 + t % 3, n, c);
          const double step = double{to.codes.steps[static_cast<std::size_t>(c)]};
          const double most = 255 * step, want = std::clamp(sum / 9 - 0.3, 0.0, most);
          full += want == most ? 1 : 0;
          ASSERT_NEAR(to.get(y, x, n, c), want, 0.51 * step);
        }
  EXPECT_GT(full, 0);
}

}  // namespace
}  // namespace pool3::network
