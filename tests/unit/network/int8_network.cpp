// int8: the whole network against fp32, and its calibration.

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "network/graph/inception.hpp"
#include "network/kernels/kernel_table.hpp"
#include "pool3/network.hpp"
#include "support/network_fixtures.hpp"
#include "unit/network/emulated_tiles.hpp"

namespace pool3::network {
namespace {

using test::error_of;
using testing::HasSubstr;

std::string words_of(const std::function<void()>& call) {
  const auto error = error_of(call);
  return error.cause + "; " + error.advice;
}

std::vector<KernelsEntry> int8_kernels() {
  std::vector<KernelsEntry> out;
  for (const KernelsEntry& entry : kernels_table())
    if (entry.precision == Precision::int8) out.push_back(entry);
  return out;
}

/// With each kind of kernels for codes that the CPU can run.
class Int8Network : public testing::TestWithParam<KernelsEntry> {
 protected:
  void SetUp() override {
    if (!cpu_has(GetParam().needs)) GTEST_SKIP() << "this CPU has no " << to_string(GetParam().needs);
  }
};

INSTANTIATE_TEST_SUITE_P(Each, Int8Network, testing::ValuesIn(int8_kernels()), [](const auto& test) {
  return std::string(instruction_names.at(static_cast<std::size_t>(test.param.needs)));
});

/// Calibrating takes AVX2.
class Calibrated : public testing::Test {
 protected:
  void SetUp() override {
    if (!cpu_has(Instructions::avx2)) GTEST_SKIP() << "this CPU has no AVX2";
  }
};

/// Smooth pictures, each its own.
std::vector<float> pictures(int count) {
  std::mt19937 random(5);
  std::uniform_real_distribution<float> uniform(0.02F, 0.2F);
  std::vector<float> out;
  for (int n = 0; n < count; ++n) {
    const float a = uniform(random), b = uniform(random);
    for (int y = 0; y < input_side; ++y)
      for (int x = 0; x < input_side; ++x)
        for (int c = 0; c < 3; ++c)
          out.push_back(0.5F + 0.5F * std::sin(a * static_cast<float>(x + c)) * std::cos(b * static_cast<float>(y)));
  }
  return out;
}

constexpr std::int64_t width = 2048;

std::vector<float> features_of(const Weights& weights, Precision precision, std::span<const float> input,
                               Instructions instructions = cpu_instructions()) {
  const auto count = std::ssize(input) / input_floats;
  std::vector<float> out(static_cast<std::size_t>(count * width));
  open_network(weights, {.precision = precision, .batch = 32, .instructions = instructions})
      ->features(input, static_cast<int>(count), out);
  return out;
}

std::string refusal(const Weights& weights, Instructions instructions) {
  return words_of(
      [&] { static_cast<void>(open_network(weights, {.precision = Precision::int8, .instructions = instructions})); });
}

Weights calibrated_weights(int count) {
  Weights weights = test::real_weights_path() ? read_weights(*test::real_weights_path()) : test::made_up_weights();
  calibrate(weights, pictures(count), count);
  return weights;
}

TEST_P(Int8Network, FeaturesAreNearThoseOfFp32) {
  const Weights weights = calibrated_weights(20);
  const std::vector<float> input = pictures(20);
  const auto exact = features_of(weights, Precision::fp32, input),
             codes = features_of(weights, Precision::int8, input, GetParam().needs);
  for (std::size_t n = 0; n < 20; ++n) {
    const auto dot = [n](const auto& a, const auto& b) {
      const auto at = static_cast<std::ptrdiff_t>(n) * width;
      return std::inner_product(a.begin() + at, a.begin() + at + width, b.begin() + at, 0.0);
    };
    EXPECT_GT(dot(exact, codes) / std::sqrt(dot(exact, exact) * dot(codes, codes)), 0.99) << n;
  }
  EXPECT_NE(exact, codes);
}

TEST_P(Int8Network, FeaturesOfARowDependOnItsPictureAlone) {
  const Weights weights = calibrated_weights(2);
  constexpr std::size_t count = 5;  // more than the few whose rows are positions
  const std::vector<float> input = pictures(count);
  const auto needs = GetParam().needs;
  const auto all = features_of(weights, Precision::int8, input, needs);
  const auto last = features_of(weights, Precision::int8, std::span(input).subspan((count - 1) * input_floats), needs);
  EXPECT_TRUE(std::equal(last.begin(), last.end(), all.end() - width));
}

// One calibrated file serves all CPUs, and its features are the same on all.
TEST_P(Int8Network, FeaturesAreTheSameWithAllKernels) {
  const Weights weights = calibrated_weights(2);
  const std::vector<float> input = pictures(2);
  const auto mine = features_of(weights, Precision::int8, input, GetParam().needs);
  for (const KernelsEntry& other : int8_kernels()) {
    if (!cpu_has(other.needs)) continue;
    EXPECT_TRUE(mine == features_of(weights, Precision::int8, input, other.needs)) << to_string(other.needs);
  }
}

// Weights that were calibrated before there were fine codes: the first layers read bf16, and rows are as they were.
TEST_P(Int8Network, EarlyCalibrationsAreRead) {
  Weights weights = calibrated_weights(2);
  const std::vector<float> input = pictures(2);
  const auto today = features_of(weights, Precision::int8, input, GetParam().needs);
  weights.codes.erase("Conv2d_1a_3x3");
  EXPECT_THAT(refusal(weights, GetParam().needs), HasSubstr("Conv2d_1a_3x3"));
  weights.codes.erase("Conv2d_2a_3x3");
  const auto early = features_of(weights, Precision::int8, input, GetParam().needs);
  EXPECT_NE(early, today);
  for (const KernelsEntry& other : int8_kernels()) {
    if (!cpu_has(other.needs)) continue;
    EXPECT_TRUE(early == features_of(weights, Precision::int8, input, other.needs)) << to_string(other.needs);
  }
}

TEST_P(Int8Network, StagesAreInUnitsOfTheirValues) {
  const Weights weights = calibrated_weights(2);
  const std::vector<float> input = pictures(1);
  const auto codes =
      open_network(weights, {.precision = Precision::int8, .instructions = GetParam().needs})->stages(input);
  const auto exact = open_network(weights, {.precision = Precision::fp32})->stages(input);
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const auto& a = exact[i].values;
    const auto& b = codes[i].values;
    const double size = std::sqrt(std::inner_product(a.begin(), a.end(), a.begin(), 0.0));
    double off = 0;
    for (std::size_t k = 0; k < a.size(); ++k) off += (double{a[k]} - double{b[k]}) * (double{a[k]} - double{b[k]});
    EXPECT_LT(std::sqrt(off) / size, 0.15) << exact[i].name;
  }
}

TEST_F(Calibrated, TheSamePicturesGiveTheSameCodes) {
  const Weights a = calibrated_weights(3), b = calibrated_weights(3);
  ASSERT_EQ(a.codes.size(), b.codes.size());
  for (const auto& [name, codes] : a.codes) {
    EXPECT_EQ(codes.steps, b.codes.at(name).steps) << name;
    EXPECT_EQ(codes.means, b.codes.at(name).means) << name;
  }
}

// The whole network by the kernels for AMX, on tiles that are emulated.
TEST_F(Calibrated, AmxGivesTheRowsOfOtherKernels) {
  const Weights weights = calibrated_weights(1);
  const std::vector<float> input = pictures(1);
  Kernels uncoded = *emulated_bf16_kernels(), codes = *emulated_int8_kernels();
  for (Kernels* kernels : {&uncoded, &codes}) {  // pools, which have no tiles, are compiled for AVX-512 with AMX, too
    kernels->average_pool = exact_kernels()->average_pool;
    kernels->mean = exact_kernels()->mean;
  }
  codes.uncoded = &uncoded;
  const EmulatedRows as_many_as_pictures(1);
  std::vector<float> rows(static_cast<std::size_t>(width));
  open_inception(codes, weights, 1)->features(input, 1, rows);
  int others = 0;
  for (const KernelsEntry& other : int8_kernels()) {
    if (!cpu_has(other.needs)) continue;
    EXPECT_TRUE(rows == features_of(weights, Precision::int8, input, other.needs)) << to_string(other.needs);
    ++others;
  }
  if (others == 0) GTEST_SKIP() << "this CPU has no instructions for 8 bits";
}

TEST_F(Calibrated, CodesComeBackFromAFile) {
  const Weights weights = calibrated_weights(1);
  const std::string path = testing::TempDir() + "/calibrated.safetensors";
  write_weights(weights, path);
  const Weights read = read_weights(path);
  ASSERT_EQ(read.codes.size(), weights.codes.size());
  for (const auto& [name, codes] : weights.codes) {
    EXPECT_EQ(read.codes.at(name).steps, codes.steps) << name;
    EXPECT_EQ(read.codes.at(name).means, codes.means) << name;
  }
  EXPECT_EQ(read.tensors.size(), weights.tensors.size());
  const std::vector<float> input = pictures(1);
  EXPECT_EQ(features_of(read, Precision::bf16, input), features_of(weights, Precision::bf16, input));
}

TEST_F(Calibrated, BadCalibrationsAreRefused) {
  const Weights good = calibrated_weights(1);
  const std::string path = testing::TempDir() + "/bad.safetensors";
  const auto refused = [&](auto change) {
    Weights bad = good;
    change(bad.codes);
    return words_of([&] { write_weights(bad, path); });
  };
  EXPECT_THAT(refused([](auto& codes) { codes.erase("Mixed_6a.branch3x3"); }), HasSubstr("Mixed_6a.branch3x3"));
  EXPECT_THAT(refused([](auto& codes) { codes["Mixed_5b.branch1x1"].steps[3] = 0; }), HasSubstr("Mixed_5b.branch1x1"));
  EXPECT_THAT(refused([](auto& codes) { codes["Mixed_5b.branch1x1"].means.pop_back(); }), HasSubstr("calibration"));
  EXPECT_THAT(refused([](auto& codes) { codes["Mixed_7c.branch1x1"] = codes["Conv2d_2b_3x3"]; }),
              HasSubstr("have none"));
}

TEST_P(Int8Network, NeedsACalibration) {
  EXPECT_THAT(refusal(test::made_up_weights(), GetParam().needs), HasSubstr("--calibrate"));
}

TEST(Int8OnAnyCpu, NeedsInstructionsForIt) {
  EXPECT_THAT(refusal(test::made_up_weights(), Instructions::any), HasSubstr("VNNI"));
}

TEST_F(Calibrated, CalibrationNeedsPicturesThatStirTheNetwork) {
  Weights weights = test::made_up_weights();
  EXPECT_THAT(words_of([&] { calibrate(weights, {}, 0); }), HasSubstr("no pictures"));
  for (float& value : weights.tensors.at("Mixed_6b.branch7x7_2.weight").values) value = 0;
  for (float& value : weights.tensors.at("Mixed_6b.branch7x7_2.bias").values) value = -1;
  EXPECT_THAT(words_of([&] { calibrate(weights, pictures(1), 1); }), HasSubstr("Mixed_6b.branch7x7_2"));
}

}  // namespace
}  // namespace pool3::network
