#include "network/choice/kernel_timing.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <vector>

#include "network/graph/convolution.hpp"
#include "network/graph/pipeline.hpp"

namespace pool3::network {
namespace {

/// Half of the work is 3 x 3, as in the network.
struct Sample {
  Geometry geometry;
  int height = 0, width = 0, in = 0, out = 0;
};
constexpr std::array<Sample, 3> samples = {{
    {{3, 3, 1, 1, 1}, 6, 6, 96, 96},
    {{1, 7, 1, 0, 3}, 1, 9, 160, 160},
    {{1, 1, 1, 0, 0}, 1, 9, 768, 192},
}};

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// One layer with its activations; all values are 0.75 or so.
class Timed {
 public:
  Timed(const Kernels& kernels, const Sample& s)
      : from_(dense(nullptr, s.height, s.width, s.in, kernels.value_bytes)),
        to_(dense(nullptr, s.height, s.width, s.out, kernels.value_bytes)),
        from_memory_(bytes_of(from_) + 64),
        to_memory_(bytes_of(to_) + 64),
        layer_(kernels, s.geometry, {layer_of(s)}, from_, {}) {
    std::memset(from_memory_.data(), 0x3f, static_cast<std::size_t>(bytes_of(from_)));
    from_.data = from_memory_.data();
    to_.data = to_memory_.data();
  }
  void run() const { layer_.run(from_, {&to_, 1}, 0, to_.height); }

 private:
  static Layer layer_of(const Sample& s) {
    const auto values =
        static_cast<std::size_t>(s.out) * static_cast<std::size_t>(s.in) * static_cast<std::size_t>(s.geometry.taps());
    return {
        .name = "timing",
        .weight = {{s.out, s.in, s.geometry.kernel_height, s.geometry.kernel_width}, std::vector<float>(values, 0.01F)},
        .bias = std::vector<float>(static_cast<std::size_t>(s.out)),
        .codes = {}};
  }
  View from_, to_;
  Memory from_memory_, to_memory_;
  Convolution layer_;
};

class Timing {
 public:
  explicit Timing(const Kernels& kernels) : kernels_(kernels) {
    for (const Sample& sample : samples) layers_.emplace_back(kernels, sample);
  }
  /// Of one run of all layers.
  [[nodiscard]] double seconds() const {
    kernels_.begin();
    const double start = cpu_seconds();
    for (const Timed& layer : layers_) layer.run();
    const double end = cpu_seconds();
    kernels_.end();
    return end - start;
  }

 private:
  const Kernels& kernels_;
  std::vector<Timed> layers_;
};

}  // namespace

double time_gain(const Kernels& fast, const Kernels& slow) {
  constexpr int rounds = 12;
  const Timing a(fast), b(slow);
  double best_a = a.seconds(), best_b = b.seconds();
  for (int i = 0; i < rounds; ++i) {
    best_a = std::min(best_a, a.seconds());
    best_b = std::min(best_b, b.seconds());
  }
  return best_b / best_a;
}

}  // namespace pool3::network
