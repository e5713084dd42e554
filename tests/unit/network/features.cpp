#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <numeric>
#include <random>
#include <thread>

#include "pool3/network.hpp"
#include "support/network_fixtures.hpp"

namespace pool3::network {
namespace {

using test::error_of;

constexpr std::size_t floats_in = input_floats;
constexpr std::size_t floats_out = 2048;

/// Real weights where there are any, else made-up ones.
const Weights& weights_for_arithmetic() {
  static const Weights weights =
      test::real_weights_path() ? read_weights(*test::real_weights_path()) : test::made_up_weights();
  return weights;
}

/// A smooth picture of its own for every seed.
std::vector<float> picture(unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(0.02F, 0.2F);
  const float a = uniform(random), b = uniform(random), c = uniform(random);
  std::vector<float> out(floats_in);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto x = static_cast<float>(i / 3 % input_side),
               y = static_cast<float>(i / 3 / input_side);  // NOLINT(bugprone-integer-division): a row
    out[i] = 0.5F + 0.5F * std::sin(a * x + static_cast<float>(i % 3)) * std::cos(b * y + c * x);
  }
  return out;
}

std::vector<float> batch_of(std::initializer_list<unsigned> seeds) {
  std::vector<float> out;
  for (const unsigned seed : seeds) {
    const std::vector<float> one = picture(seed);
    out.insert(out.end(), one.begin(), one.end());
  }
  return out;
}

std::vector<float> features_of(const Network& network, const std::vector<float>& input) {
  const std::size_t count = input.size() / floats_in;
  std::vector<float> out(count * floats_out, -1);
  network.features(input, static_cast<int>(count), out);
  return out;
}

std::vector<float> row(const std::vector<float>& features, std::size_t index) {
  const auto begin = features.begin() + static_cast<std::ptrdiff_t>(index * floats_out);
  return {begin, begin + static_cast<std::ptrdiff_t>(floats_out)};
}

double cosine(const std::vector<float>& a, const std::vector<float>& b) {
  const auto dot = [](const auto& x, const auto& y) { return std::inner_product(x.begin(), x.end(), y.begin(), 0.0); };
  return dot(a, b) / std::sqrt(dot(a, a) * dot(b, b));
}

bool has_bf16() { return cpu_instructions() >= Instructions::avx512_bf16; }

class Features : public testing::TestWithParam<Precision> {
 protected:
  [[nodiscard]] static std::unique_ptr<Network> open(int batch) {
    return open_network(weights_for_arithmetic(), {.precision = GetParam(), .batch = batch});
  }
  void SetUp() override {
    if (GetParam() == Precision::bf16 && !has_bf16()) GTEST_SKIP() << "this CPU has no bf16";
  }
};

INSTANTIATE_TEST_SUITE_P(Precision, Features, testing::Values(Precision::fp32, Precision::bf16),
                         [](const auto& test) { return std::string(to_string(test.param)); });

// Promise 1 of the design rests on this.
TEST_P(Features, OfARowDependOnItsPictureAlone) {
  const auto network = open(16);
  const std::vector<float> alone = features_of(*network, picture(7));
  const auto mixed = features_of(*network, batch_of({20, 21, 22, 23, 24, 25, 26, 7, 28, 29, 30, 31, 32, 33, 34, 7}));
  EXPECT_TRUE(row(mixed, 7) == alone);
  EXPECT_TRUE(row(mixed, 15) == alone);
  EXPECT_TRUE(row(features_of(*network, batch_of({40, 7, 41})), 1) == alone);
  EXPECT_FALSE(row(mixed, 8) == alone);
}

// What threads share in this room is the network. ThreadSanitizer is slow, and sees all with a few calls.
TEST_P(Features, AreTheSameOnEveryThread) {
#ifdef __SANITIZE_THREAD__
  constexpr std::size_t callers = 2, calls = 1;
  const std::vector<float> input = picture(1);
#else
  constexpr std::size_t callers = 3, calls = 3;
  const std::vector<float> input = batch_of({1, 2, 3, 4});
#endif
  const auto network = open(4);
  const std::vector<float> expected = features_of(*network, input);
  std::vector<std::vector<float>> got(callers);
  {
    std::vector<std::jthread> threads;
    threads.reserve(got.size());
    for (auto& mine : got) {
      threads.emplace_back([&] {
        for (std::size_t i = 0; i < calls; ++i) mine = features_of(*network, input);
      });
    }
  }
  for (const auto& mine : got) EXPECT_TRUE(mine == expected);
}

TEST_P(Features, AreTheSameFromAnotherNetwork) {
  const std::vector<float> input = batch_of({1, 2});
  EXPECT_TRUE(features_of(*open(2), input) == features_of(*open(2), input));
}

TEST_P(Features, AreAsManyAsTheNetworkSays) {
  const auto network = open(1);
  ASSERT_EQ(network->width(), std::int64_t{floats_out});
  std::vector<float> out(floats_out + 1, -1);
  network->features(batch_of({1}), 1, out);
  EXPECT_EQ(std::ranges::count(out, -1.0F), 1) << "features are not negative";
  EXPECT_EQ(out.back(), -1);
}

TEST_P(Features, AreFiniteAndNotNegative) {
  for (const float v : features_of(*open(2), batch_of({1, 2}))) {
    ASSERT_TRUE(std::isfinite(v));
    ASSERT_GE(v, 0.0F);
  }
}

double seconds_of(clockid_t clock) {
  timespec time = {};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

TEST_P(Features, RunOnTheCallingThreadAlone) {
  const auto network = open(4);
  std::jthread([&] {  // a thread that has no OpenMP settings yet
    const std::vector<float> input = batch_of({1, 2, 3, 4});
    const double process = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    const double thread = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    (void)features_of(*network, input);
    const double mine = seconds_of(CLOCK_THREAD_CPUTIME_ID) - thread;
    EXPECT_LT(seconds_of(CLOCK_PROCESS_CPUTIME_ID) - process, 1.1 * mine + 0.005);
  })
      .join();
}

// Errors thrown inside the module must be this program's Error.
TEST_P(Features, OfTooManyPicturesAreAnError) {
  const auto network = open(1);
  std::vector<float> out(2 * floats_out);
  const std::vector<float> input = batch_of({1, 2});
  EXPECT_EQ(error_of([&] { network->features(input, 2, out); }).stage, "network");
  EXPECT_EQ(error_of([&] { network->features(input, 0, out); }).stage, "network");
  EXPECT_EQ(error_of([&] { network->features(std::span(input).first(9), 1, out); }).stage, "network");
}

TEST(Network, RefusesBadBatches) {
  EXPECT_EQ(error_of([] { (void)open_network(weights_for_arithmetic(), {.batch = 0}); }).code, ExitCode::usage);
  EXPECT_EQ(error_of([] { (void)open_network(weights_for_arithmetic(), {.batch = -1}); }).code, ExitCode::usage);
}

TEST(Network, RefusesIncompleteWeights) {
  Weights weights = test::made_up_weights();
  weights.tensors.erase("Mixed_7c.branch_pool.bias");
  EXPECT_THAT(error_of([&] { (void)open_network(weights, {}); }).cause,
              testing::HasSubstr("Mixed_7c.branch_pool.bias"));
}

TEST(Network, RefusesAClassifierOfAnotherWidth) {
  const LinearLayer layer = {.classes = {"a", "b"}, .weight = std::vector<float>(std::size_t{2} * 64), .bias = {0, 0}};
  const auto error = error_of([&] { (void)torchscript_classifier(test::made_up_weights(), layer); });
  EXPECT_EQ(error.stage, "export");
  EXPECT_EQ(error.cause, "the classifier takes 64 numbers, and the network gives 2048");
}

TEST(Network, PrecisionsAgree) {
  if (!test::real_weights_path()) GTEST_SKIP() << "no real weights: set POOL3_WEIGHTS";
  if (!has_bf16()) GTEST_SKIP() << "this CPU has no bf16";
  const auto fp32 = open_network(weights_for_arithmetic(), {.precision = Precision::fp32, .batch = 1});
  const auto bf16 = open_network(weights_for_arithmetic(), {.precision = Precision::bf16, .batch = 1});
  const double likeness = cosine(features_of(*fp32, picture(1)), features_of(*bf16, picture(1)));
  EXPECT_GT(likeness, 0.999);
  EXPECT_LT(likeness, 1.0);  // or one of them is not what it says
}

// Each trait must change the features. Which way is right is the end-to-end check's to say.
TEST(Network, FollowsItsTraits) {
  Weights weights = weights_for_arithmetic();
  const std::vector<float> input = picture(1);
  const auto run = [&] { return features_of(*open_network(weights, {.batch = 1}), input); };
  const std::vector<float> plain = run();
  weights.traits.average_pool_counts_padding = true;
  EXPECT_FALSE(run() == plain);
  weights.traits = {.max_pool_in_7c = true};
  const std::vector<float> maximum = run();
  // Mixed_7c joins its pool branch last: 192 channels, and no other channel, may change.
  EXPECT_TRUE(std::equal(plain.begin(), plain.end() - 192, maximum.begin()));
  EXPECT_FALSE(maximum == plain);
}

// A call with few pictures computes no more than it must; the rows are those of a full one.
TEST(Network, CallsOfAnySizeGiveTheSameRows) {
  constexpr int most = 16;
  const std::vector<float> input = batch_of({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
  for (const auto& [precision, instructions] : {std::pair{Precision::fp32, Instructions::avx2},
                                                {Precision::fp32, Instructions::avx512},
                                                {Precision::bf16, Instructions::avx512_bf16},
                                                {Precision::bf16, Instructions::amx}}) {
    if (!cpu_has(instructions)) continue;
    SCOPED_TRACE(to_string(instructions));
    const auto network =
        open_network(weights_for_arithmetic(), {.precision = precision, .batch = most, .instructions = instructions});
    std::vector<float> all(static_cast<std::size_t>(most * network->width()));
    network->features(input, most, all);
    for (const int count : {1, 2, 3, 5, 9}) {
      std::vector<float> some(static_cast<std::size_t>(count * network->width()));
      network->features(std::span(input).last(static_cast<std::size_t>(count * input_floats)), count, some);
      EXPECT_TRUE(std::equal(some.begin(), some.end(), all.end() - std::ssize(some))) << count;
    }
  }
}

// LibTorch is an implementation of its own.
TEST(Network, InstructionsAgreeWithLibTorch) {
  const std::vector<float> input = batch_of({1, 2, 3});
  const std::vector<float> reference =
      features_of(*open_network(weights_for_arithmetic(), {.batch = 3, .instructions = Instructions::any}), input);
  std::vector<float> fp32;
  for (const auto instructions : {Instructions::avx2, Instructions::avx2_vnni, Instructions::avx512,
                                  Instructions::avx512_vnni, Instructions::avx512_bf16, Instructions::amx}) {
    if (!cpu_has(instructions)) continue;
    SCOPED_TRACE(to_string(instructions));
    const auto with = [&](Precision precision) {
      return features_of(
          *open_network(weights_for_arithmetic(), {.precision = precision, .batch = 3, .instructions = instructions}),
          input);
    };
    const std::vector<float> mine = with(Precision::fp32);
    if (fp32.empty()) fp32 = mine;
    EXPECT_TRUE(mine == fp32);  // to the last bit, whatever the instructions
    for (std::size_t i = 0; i < 3; ++i) EXPECT_GT(cosine(row(mine, i), row(reference, i)), 1 - 1e-6);
    if (instructions < Instructions::avx512_bf16) continue;
    const std::vector<float> half = with(Precision::bf16);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_GT(cosine(row(half, i), row(reference, i)), 0.999);
  }
}

TEST(Network, StagesAreThoseOfLibTorch) {
  const std::vector<float> input = picture(3);
  const auto reference =
      open_network(weights_for_arithmetic(), {.batch = 1, .instructions = Instructions::any})->stages(input);
  for (const Precision precision : {Precision::fp32, Precision::bf16}) {
    if (precision == Precision::bf16 && !has_bf16()) break;
    const auto mine = open_network(weights_for_arithmetic(), {.precision = precision, .batch = 1})->stages(input);
    ASSERT_EQ(mine.size(), reference.size());
    for (std::size_t i = 0; i < mine.size(); ++i) {
      EXPECT_EQ(mine[i].name, reference[i].name);
      ASSERT_EQ(mine[i].values.size(), reference[i].values.size());
      EXPECT_EQ(mine[i].height, reference[i].height);
      EXPECT_GT(cosine(mine[i].values, reference[i].values), precision == Precision::fp32 ? 1 - 1e-6 : 0.999)
          << mine[i].name;
    }
  }
}

TEST(Cpu, InstructionsAreWhatTheSystemSays) {
  std::ifstream info("/proc/cpuinfo");
  const std::string text((std::istreambuf_iterator<char>(info)), {});
  if (text.find("flags") == std::string::npos) GTEST_SKIP() << "this system lists no CPU flags";
  if (std::getenv("POOL3_MAX_INSTRUCTIONS") != nullptr) GTEST_SKIP() << "instructions are limited";
  const auto has = [&](const std::string& flag) { return text.find(" " + flag) != std::string::npos; };
  EXPECT_EQ(cpu_instructions() >= Instructions::avx2, has("avx2") && has("fma"));
  EXPECT_EQ(cpu_instructions() >= Instructions::avx512_bf16, has("avx512_bf16"));
  EXPECT_EQ(cpu_has(Instructions::avx2_vnni), has("avx_vnni"));
  EXPECT_EQ(cpu_has(Instructions::avx512_vnni), has("avx512_vnni"));
  EXPECT_EQ(cpu_instructions() == Instructions::amx, has("amx_bf16"));
}

}  // namespace
}  // namespace pool3::network
