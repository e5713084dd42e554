// The two halves of an extraction, each alone. What bench/pipeline asks.
//   bench_pipeline_parts decode THREADS LIST             reads, decodes and resizes the files of LIST
//   bench_pipeline_parts network THREADS WEIGHTS fp32|bf16 CALLS   each thread runs CALLS batches of 16
// Prints pictures, wall seconds and CPU seconds.

#include <atomic>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <exception>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "pool3/corpus.hpp"
#include "pool3/error.hpp"
#include "pool3/extraction.hpp"

namespace {

constexpr int batch = 16;

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// `work` on every thread, after `prepare` on every thread.
void measure(int threads, std::int64_t pictures, const std::function<void(int)>& prepare,
             const std::function<void(int)>& work) {
  std::barrier ready(threads + 1);
  std::vector<std::thread> running;
  for (int t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      prepare(t);
      ready.arrive_and_wait();
      work(t);
    });
  }
  ready.arrive_and_wait();
  const auto start = std::chrono::steady_clock::now();
  const double cpu = cpu_seconds();
  for (auto& thread : running) thread.join();
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("%lld %.4f %.4f\n", static_cast<long long>(pictures), wall, cpu_seconds() - cpu);
}

void decode_alone(int threads, const std::string& list) {
  std::vector<std::string> paths;
  std::ifstream file(list);
  for (std::string path; std::getline(file, path);) paths.push_back(path);
  const pool3::EntryReader reader;
  const pool3::RowRecipe recipe;
  std::atomic<std::size_t> next = 0;
  measure(
      threads, std::ssize(paths), [](int) {},
      [&](int) {
        std::vector<float> input(pool3::input_floats);
        for (std::size_t i = next++; i < paths.size(); i = next++) {
          const auto bytes = reader.read(paths[i]);
          static_cast<void>(pool3::content_key(bytes));
          pool3::Image image = pool3::decode(bytes, recipe.decoding());
          pool3::to_input(image, recipe.profile, input);
          pool3::recycle(std::move(image));
        }
      });
}

void network_alone(int threads, const std::string& weights, const std::string& precision, int calls) {
  const auto network = pool3::open_network(
      pool3::read_weights(weights),
      {.precision = precision == "bf16" ? pool3::Precision::bf16 : pool3::Precision::fp32, .batch = batch});
  std::vector<std::vector<float>> input(static_cast<std::size_t>(threads)), out(input.size());
  const auto run = [&](int t) {
    const auto i = static_cast<std::size_t>(t);
    network->features(input[i], batch, out[i]);
  };
  measure(
      threads, std::int64_t{batch} * threads * calls,
      [&](int t) {
        auto& mine = input[static_cast<std::size_t>(t)];
        mine.resize(static_cast<std::size_t>(batch * pool3::input_floats));
        out[static_cast<std::size_t>(t)].resize(static_cast<std::size_t>(batch * pool3::inception_width));
        for (std::size_t k = 0; k < mine.size(); ++k) mine[k] = static_cast<float>(k * 7919 % 256) / 255;
        run(t);
      },
      [&](int t) {
        for (int call = 0; call < calls; ++call) run(t);
      });
}

}  // namespace

int main(int argc, char** argv) try {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 3 && words[0] == "decode") {
    decode_alone(std::stoi(words[1]), words[2]);
  } else if (words.size() == 5 && words[0] == "network") {
    network_alone(std::stoi(words[1]), words[2], words[3], std::stoi(words[4]));
  } else {
    throw pool3::usage_error("decode THREADS LIST, or network THREADS WEIGHTS PRECISION CALLS");
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
