#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "pool3/network.hpp"
#include "support/network_fixtures.hpp"

namespace pool3::network {
namespace {

constexpr int batch = 1;
constexpr int calls = 16;
/// Less than one layer's activations of every call of the second half.
constexpr std::int64_t most_growth_bytes = 4 << 20;

/// Resident memory of this process.
std::int64_t resident_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::int64_t kilobytes = 0;
    if (word == "VmRSS:" && status >> kilobytes) return kilobytes * 1024;
  }
  return -1;
}

class Memory : public testing::TestWithParam<Precision> {};

INSTANTIATE_TEST_SUITE_P(Precision, Memory, testing::Values(Precision::fp32, Precision::bf16),
                         [](const auto& test) { return std::string(to_string(test.param)); });

// bench/soak does the same with 10,000 pictures.
TEST_P(Memory, DoesNotGrowWithTheCalls) {
  if (GetParam() == Precision::bf16 && cpu_instructions() < Instructions::avx512_bf16)
    GTEST_SKIP() << "this CPU has no bf16";
  if (resident_bytes() < 0) GTEST_SKIP() << "this system does not tell resident memory";
  const auto network = open_network(test::made_up_weights(), {.precision = GetParam(), .batch = batch});
  const std::vector<float> input(batch * static_cast<std::size_t>(input_floats), 0.5F);
  std::vector<float> out(batch * static_cast<std::size_t>(network->width()));
  std::vector<std::int64_t> resident;
  for (int call = 0; call < calls; ++call) {
    network->features(input, batch, out);
    resident.push_back(resident_bytes());
  }
  const auto half = resident.begin() + calls / 2;
  EXPECT_LE(*std::max_element(half, resident.end()), *std::max_element(resident.begin(), half) + most_growth_bytes);
}

}  // namespace
}  // namespace pool3::network
