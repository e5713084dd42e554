// Pictures a second of each input profile, on one thread, without decoding.

#include "pool3/image.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

namespace {

pool3::Image noise(std::int64_t width, std::int64_t height) {
  pool3::Image picture{width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(width * height * 3))};
  std::mt19937 random(7);
  std::ranges::generate(picture.pixels, [&] { return static_cast<std::uint8_t>(random()); });
  return picture;
}

void to_input(benchmark::State& state, pool3::InputProfile profile) {
  const pool3::Image picture = noise(state.range(0), state.range(1));
  std::vector<float> out(static_cast<std::size_t>(pool3::input_floats));
  for ([[maybe_unused]] const auto _ : state) {
    pool3::to_input(picture, profile, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations());
}

void sizes(benchmark::internal::Benchmark* bench) {
  bench->Args({100, 100})->Args({640, 480})->Args({4000, 3000});
  bench->ArgNames({"width", "height"})->Unit(benchmark::kMillisecond);
}

BENCHMARK_CAPTURE(to_input, nsfwjs, pool3::InputProfile::nsfwjs)->Apply(sizes);
BENCHMARK_CAPTURE(to_input, tf2015, pool3::InputProfile::tf2015)->Apply(sizes);
BENCHMARK_CAPTURE(to_input, keras, pool3::InputProfile::keras)->Apply(sizes);
BENCHMARK_CAPTURE(to_input, torchvision, pool3::InputProfile::torchvision)->Apply(sizes);

}  // namespace

BENCHMARK_MAIN();
