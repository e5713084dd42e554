// pool3's network as a peer of bench/compare network and bench/soak network.
//   bench_network_worker WEIGHTS PICTURES.f32 FEATURES.f32 fp32|bf16|int8 [BATCH]
// int8 calibrates on the pictures themselves unless the weights are calibrated.
// Writes the features of all pictures, in batches of BATCH (4), says "ready", and then answers each line
// "BATCH CALLS THREADS" with the seconds that every one of THREADS threads took to run CALLS batches of BATCH pictures.

#include <algorithm>
#include <barrier>
#include <chrono>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "pool3/error.hpp"
#include "pool3/network.hpp"
#include "support/slurp.hpp"

namespace {

using pool3::input_floats;

class Worker {
 public:
  Worker(const std::string& weights, const std::string& pictures, const std::string& precision)
      : weights_(pool3::read_weights(weights)), pictures_(pool3::test::read_numbers<float>(pictures)) {
    if (pictures_.empty()) throw pool3::usage_error("there are no pictures in " + pictures);
    const auto* const found = std::ranges::find(pool3::precision_names, precision);
    if (found == pool3::precision_names.end()) throw pool3::usage_error("the precision is fp32, bf16 or int8");
    precision_ = static_cast<pool3::Precision>(found - pool3::precision_names.begin());
    if (precision_ == pool3::Precision::int8 && weights_.codes.empty())
      pool3::calibrate(weights_, pictures_, static_cast<int>(std::ssize(pictures_) / input_floats));
  }

  void write_features(const std::string& path, int batch) {
    std::ofstream file(path, std::ios::binary);
    const std::int64_t width = network(batch).width();
    std::vector<float> out(static_cast<std::size_t>(batch * width));
    const std::int64_t count = std::ssize(pictures_) / input_floats;
    for (std::int64_t row = 0; row < count; row += batch) {
      const auto rows = static_cast<int>(std::min<std::int64_t>(batch, count - row));
      network(batch).features(std::span(pictures_).subspan(static_cast<std::size_t>(row * input_floats)), rows, out);
      file.write(reinterpret_cast<const char*>(out.data()),
                 static_cast<std::streamsize>(rows * width) * static_cast<std::streamsize>(sizeof(float)));
    }
    if (!file.flush()) throw pool3::usage_error("can't write " + path);
  }

  /// Seconds from the moment when all threads are ready to the end of the last.
  double run(int batch, int calls, int threads) {
    const pool3::Network& net = network(batch);
    const std::vector<float> input = batch_of(batch);
    std::barrier ready(threads + 1);
    std::vector<std::jthread> running;
    running.reserve(static_cast<std::size_t>(threads));
    for (int t = 0; t < threads; ++t) {
      running.emplace_back([&] {
        std::vector<float> out(static_cast<std::size_t>(batch * net.width()));
        net.features(input, batch, out);  // this thread's working memory
        ready.arrive_and_wait();
        for (int call = 0; call < calls; ++call) net.features(input, batch, out);
      });
    }
    ready.arrive_and_wait();
    const auto start = std::chrono::steady_clock::now();
    running.clear();  // joins
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

 private:
  const pool3::Network& network(int batch) {
    auto& network = networks_[batch];
    if (!network) network = pool3::open_network(weights_, {.precision = precision_, .batch = batch});
    return *network;
  }

  /// The pictures in turn.
  [[nodiscard]] std::vector<float> batch_of(int batch) const {
    std::vector<float> input(static_cast<std::size_t>(batch * input_floats));
    for (std::size_t i = 0; i < input.size(); ++i) input[i] = pictures_[i % pictures_.size()];
    return input;
  }

  pool3::Weights weights_;
  std::vector<float> pictures_;
  pool3::Precision precision_ = pool3::Precision::fp32;
  std::map<int, std::unique_ptr<pool3::Network>> networks_;
};

void serve(Worker& worker) {
  std::cout << "ready" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    int batch = 0, calls = 0, threads = 0;
    if (!(words >> batch >> calls >> threads) || calls < 1 || threads < 1)
      throw pool3::usage_error("not 'BATCH CALLS THREADS': " + line);
    std::cout << worker.run(batch, calls, threads) << std::endl;
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc < 5) throw pool3::usage_error("WEIGHTS PICTURES.f32 FEATURES.f32 fp32|bf16|int8 [BATCH]");
    const std::vector<std::string> args(argv + 1, argv + argc);
    Worker worker(args[0], args[1], args[3]);
    worker.write_features(args[2], args.size() > 4 ? std::stoi(args[4]) : 4);
    serve(worker);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "bench_network_worker: " << error.what() << '\n';
    return 1;
  }
}
