// Where the network's time goes, layer by layer: milliseconds and GFLOP/s, and flops for each byte of weights, input
// and output that a layer must touch. Weights are random: the time does not depend on them.
//
//   bench_network_layers [KERNELS|PRECISION|all [ROUNDS]]
//
// Runs every kind of kernel that the CPU has, or those of one precision, or one: avx512-bf16. Prints the CPU, and what
// share each has of the peak that a loop without memory reaches in the same run. Time is CPU time: others that use the
// machine disturb caches and clock alone.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "network/choice/cpu_model.hpp"
#include "network/graph/inception_blocks.hpp"
#include "network/kernels/kernel_table.hpp"
#include "peaks.hpp"
#include "pool3/network.hpp"
#include "random_weights.hpp"

namespace {

using namespace pool3;
using namespace pool3::network;
using pool3::bench::cpu_seconds;
using pool3::bench::peak;
using pool3::bench::random_weights;

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

/// Seconds of 16 pictures, the least of all rounds.
struct Times {
  std::vector<std::string> order;
  std::map<std::string, double> layers;
  double whole = 1e9;
};

Times time_layers(const Kernels& kernels, const Weights& weights, int rounds) {
  const std::vector<float> pictures(static_cast<std::size_t>(lanes * input_floats), 0.5F);
  const auto graph = make_blocks(kernels, weights);
  std::int64_t activations = 0, scratch = 0;
  for (const Pipeline& p : graph) {
    activations = std::max(activations, bytes_of(p.output()));
    scratch = std::max(scratch, p.scratch_bytes());
  }
  const Memory front(activations), back(activations), work(scratch);
  Times best;
  kernels.begin();
  for (int round = 0; round < rounds; ++round) {
    std::map<std::string, double> seconds;
    Pipeline::Source source = {.activations = {}, .pictures = pictures, .count = lanes};
    bool to_front = true;
    const double start = cpu_seconds();
    double last = start;
    const auto note = [&](const std::string& name) {
      const double time = cpu_seconds();
      if (!seconds.contains(name) && round == 0) best.order.push_back(name);
      seconds[name] += time - last;
      last = cpu_seconds();
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
    best.whole = std::min(best.whole, cpu_seconds() - start);
    for (const auto& [name, time] : seconds)
      best.layers[name] = best.layers.contains(name) ? std::min(best.layers[name], time) : time;
  }
  kernels.end();
  return best;
}

void print_layers(const Kernels& kernels, const Times& times, double most) {
  const auto layers = work_of_layers(kernels.value_bytes);
  std::printf("\n%s: peak %.0f GFLOP/s\n%-32s%12s%12s%9s%14s\n", kernels.name, most / 1e9,
              "layer, with poolings before it", "ms/image", "GFLOP/s", "of peak", "flops/byte");
  double flops = 0;
  for (const std::string& name : times.order) {
    const double seconds = times.layers.at(name);
    std::printf("%-32s%12.3f", name.c_str(), seconds / lanes * 1e3);
    if (const auto found = layers.find(name); found != layers.end()) {
      flops += found->second.flops;
      std::printf("%12.0f%8.0f%%%14.0f", found->second.flops / seconds / 1e9,
                  found->second.flops / seconds / most * 100, found->second.flops / found->second.bytes);
    }
    std::puts("");
  }
  std::printf("%-32s%12.3f%12.0f%8.0f%%\n", "all", times.whole / lanes * 1e3, flops / times.whole / 1e9,
              flops / times.whole / most * 100);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string wanted = argc > 1 ? argv[1] : "all";
  const int rounds = argc > 2 ? std::stoi(argv[2]) : 20;
  const CpuModel cpu = cpu_model();
  std::printf("%s (%s %d/%d/%d), class %s\n", cpu.name.c_str(), cpu.vendor.c_str(), cpu.family, cpu.model, cpu.stepping,
              std::string(to_string(cpu_instructions())).c_str());
  Weights weights = random_weights(), calibrated;
  bool any = false;
  for (const KernelsEntry& entry : kernels_table()) {
    const Kernels* kernels = entry.get();
    if (kernels == nullptr || !cpu_has(entry.needs)) continue;
    if (wanted != "all" && wanted != kernels->name && wanted != to_string(entry.precision)) continue;
    any = true;
    if (entry.precision == Precision::int8 && calibrated.tensors.empty()) {
      calibrated = weights;
      calibrate(calibrated, std::vector<float>(static_cast<std::size_t>(lanes * input_floats), 0.5F), lanes);
    }
    const double best = peak(entry.precision, entry.needs);
    print_layers(*kernels, time_layers(*kernels, entry.precision == Precision::int8 ? calibrated : weights, rounds),
                 best);
  }
  if (any) return 0;
  std::puts("no such kernels for this CPU");
  return 1;
}
