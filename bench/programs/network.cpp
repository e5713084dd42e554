// Images a second of the network on one thread. Weights are random: the time does not depend on them.

#include "pool3/network.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <random>
#include <vector>

#include "random_weights.hpp"

namespace {

void features(benchmark::State& state, pool3::Precision precision) {
  static const pool3::Weights weights = pool3::bench::random_weights();
  const int batch = static_cast<int>(state.range(0));
  const auto network = pool3::open_network(weights, {.precision = precision, .batch = batch});
  std::vector<float> input(static_cast<std::size_t>(batch * pool3::input_floats));
  std::vector<float> out(static_cast<std::size_t>(batch * network->width()));
  std::mt19937 random(7);
  std::uniform_real_distribution<float> uniform(0.0F, 1.0F);
  std::ranges::generate(input, [&] { return uniform(random); });
  for ([[maybe_unused]] const auto _ : state) {
    network->features(input, batch, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * batch);
}

void arguments(benchmark::internal::Benchmark* bench) {
  for (const int batch : {1, 4, 8, 16, 32}) bench->Arg(batch);
  bench->ArgName("batch")->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();
}

BENCHMARK_CAPTURE(features, fp32, pool3::Precision::fp32)->Apply(arguments);
BENCHMARK_CAPTURE(features, bf16, pool3::Precision::bf16)->Apply(arguments);

}  // namespace

BENCHMARK_MAIN();
