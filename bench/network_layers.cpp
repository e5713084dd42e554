// Where the network's time goes, layer by layer: milliseconds and GFLOP/s, and flops for each byte of weights, input
// and output that a layer must touch. Weights are random: the time does not depend on them.
//
//   bench_network_layers fp32|bf16|int8 [ROUNDS]

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "network/graph/blocks.hpp"
#include "network/kernels/table.hpp"
#include "pool3/network.hpp"

namespace {

using namespace pool3;
using namespace pool3::network;

Weights random_weights() {
  Weights weights;
  std::mt19937 random(42);
  for (const ConvolutionShape& s : convolution_shapes()) {
    const int fan_in = s.in_channels * s.kernel_height * s.kernel_width;
    std::normal_distribution<float> normal(0.0F, std::sqrt(2.0F / static_cast<float>(fan_in)));
    std::vector<float> values(static_cast<std::size_t>(s.out_channels * fan_in));
    std::ranges::generate(values, [&] { return normal(random); });
    weights.tensors[s.name + ".weight"] = {{s.out_channels, s.in_channels, s.kernel_height, s.kernel_width}, values};
    weights.tensors[s.name + ".bias"] = {{s.out_channels},
                                         std::vector<float>(static_cast<std::size_t>(s.out_channels), 0.1F)};
  }
  return weights;
}

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

struct Work {
  double flops = 0, bytes = 0;  ///< of 16 pictures
};

/// By layer; the joined 1x1 layers of a block count as one.
std::map<std::string, Work> work_of_layers(int value_bytes) {
  std::map<std::string, Work> work;
  int side = input_side;
  for (const ConvolutionShape& s : convolution_shapes()) {
    const std::string block = s.name.substr(0, s.name.find('.'));
    if (block == "Conv2d_3b_1x1") side = 73;
    if (block == "Mixed_5b") side = 35;
    if (block == "Mixed_6b") side = 17;
    if (block == "Mixed_7b") side = 8;
    const bool head = s.name != block && s.kernel_height * s.kernel_width == 1;
    int in = side;
    if (s.name == "Mixed_6a.branch3x3" || s.name == "Mixed_6a.branch3x3dbl_3") in = 35;
    const int out = (in + 2 * s.pad_height - s.kernel_height) / s.stride + 1;
    const int wide = (in + 2 * s.pad_width - s.kernel_width) / s.stride + 1;
    const double weights = double{1} * s.in_channels * s.out_channels * s.kernel_height * s.kernel_width;
    Work& w = work[head ? block + ".heads" : s.name];
    w.flops += 2.0 * lanes * out * wide * weights;
    w.bytes += value_bytes * (weights + double{lanes} * out * wide * s.out_channels);
    if (!head || w.bytes == 0) w.bytes += double{1} * value_bytes * lanes * in * in * s.in_channels;
    if (s.name == block) side = out;
  }
  return work;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string precision = argc > 1 ? argv[1] : "fp32";
  const int rounds = argc > 2 ? std::stoi(argv[2]) : 20;
  const auto* const named = std::ranges::find(precision_names, precision);
  const Kernels* found =
      named == precision_names.end()
          ? nullptr
          : find_kernels(static_cast<Precision>(named - precision_names.begin()), cpu_instructions());
  if (found == nullptr) {
    std::puts("no kernels of this precision for this CPU");
    return 1;
  }
  const Kernels& kernels = *found;
  const std::vector<float> pictures(static_cast<std::size_t>(lanes * input_floats), 0.5F);
  Weights weights = random_weights();
  if (precision == "int8") calibrate(weights, pictures, lanes);
  const auto graph = make_blocks(kernels, weights);
  std::int64_t activations = 0, scratch = 0;
  for (const Pipeline& p : graph) {
    activations = std::max(activations, bytes_of(p.output()));
    scratch = std::max(scratch, p.scratch_bytes());
  }
  const Memory front(activations), back(activations), work(scratch);
  std::map<std::string, double> best;
  std::vector<std::string> order;
  double whole = 1e9;
  kernels.begin();
  for (int round = 0; round < rounds; ++round) {
    std::map<std::string, double> seconds;
    Pipeline::Source source = {.activations = {}, .pictures = pictures, .count = lanes};
    bool to_front = true;
    const double start = now();
    double last = start;
    const auto note = [&](const std::string& name) {
      const double time = now();
      if (!seconds.contains(name) && round == 0) order.push_back(name);
      seconds[name] += time - last;
      last = now();
    };
    for (const Pipeline& p : graph) {
      View out = p.output();
      out.data = (to_front ? front : back).data();
      p.run(source, out, work.data(), [&](const Pipeline::MadeRow& row) {
        if (!row.step.empty()) note(row.step);
      });
      note("  (last pooling of " + p.name() + ")");
      source.activations = out;
      to_front = !to_front;
    }
    whole = std::min(whole, now() - start);
    for (const auto& [name, time] : seconds) best[name] = best.contains(name) ? std::min(best[name], time) : time;
  }
  kernels.end();
  const auto layers = work_of_layers(kernels.value_bytes);
  std::printf("%-32s%12s%12s%14s\n", "layer, with poolings before it", "ms/image", "GFLOP/s", "flops/byte");
  for (const std::string& name : order) {
    std::printf("%-32s%12.3f", name.c_str(), best[name] / lanes * 1e3);
    if (const auto found = layers.find(name); found != layers.end())
      std::printf("%12.0f%14.0f", found->second.flops / best[name] / 1e9, found->second.flops / found->second.bytes);
    std::puts("");
  }
  std::printf("%-32s%12.3f\n", "all", whole / lanes * 1e3);
}
