// Kernels read and write their activations alone: before or behind these there are no pages, so that anything else
// ends the program.

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>
#include <stdexcept>
#include <vector>

#include "network/graph/convolution.hpp"
#include "network/graph/pipeline.hpp"
#include "network/kernels/kernel_table.hpp"
#include "pool3/network.hpp"
#include "unit/network/emulated_tiles.hpp"

namespace pool3::network {
namespace {

enum class Edge : std::uint8_t { begin, end };

/// A view with memory at the edge of pages that may not be touched.
class Guarded {
 public:
  Guarded(View view, Edge edge) : view_(view) {
    constexpr std::int64_t page = 4096;
    const std::int64_t bytes = bytes_of(view), inside = (bytes + page - 1) / page * page;
    mapped_ = static_cast<std::size_t>(inside + 2 * page);
    start_ = ::mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    std::byte* data = static_cast<std::byte*>(start_) + page;
    if (start_ == MAP_FAILED || ::mprotect(data, static_cast<std::size_t>(inside), PROT_READ | PROT_WRITE) != 0)
      throw std::runtime_error("no memory");
    view_.data = edge == Edge::begin ? data : data + inside - bytes;
    std::memset(view_.data, 0, static_cast<std::size_t>(bytes));
  }
  Guarded(Guarded&& other) noexcept
      : view_(other.view_), start_(std::exchange(other.start_, MAP_FAILED)), mapped_(other.mapped_) {}
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  Guarded& operator=(Guarded&&) = delete;
  ~Guarded() {
    if (start_ != MAP_FAILED) ::munmap(start_, mapped_);
  }
  [[nodiscard]] View view(int pictures) const {
    View view = view_;
    view.pictures = pictures;
    return view;
  }

 private:
  View view_;
  void* start_ = MAP_FAILED;
  std::size_t mapped_ = 0;
};

std::vector<KernelsEntry> all_kernels() {
  std::vector<KernelsEntry> out(kernels_table().begin(), kernels_table().end());
  out.push_back({Precision::bf16, Instructions::avx512, avx512_exact_kernels});
  out.push_back({Precision::bf16, Instructions::avx2, avx2_exact_kernels});
  out.push_back({Precision::bf16, Instructions::any, emulated_bf16_kernels});
  out.push_back({Precision::int8, Instructions::any, emulated_int8_kernels});
  std::erase_if(out, [](const KernelsEntry& entry) { return !cpu_has(entry.needs); });
  return out;
}

ChannelCodes codes_of(int channels) {
  const auto all = [channels](float value) { return std::vector<float>(static_cast<std::size_t>(channels), value); };
  return {.steps = all(0.01F), .means = all(0.1F)};
}

struct Case {
  Geometry geometry;
  int height, width, in;
  std::vector<int> out;
  bool fine = false;
};
const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {{1, 1, 1, 0, 0}, 3, 5, 288, {64, 96, 32}}, {{3, 3, 1, 1, 1}, 4, 5, 80, {192}},
      {{3, 3, 2, 0, 0}, 7, 9, 48, {80}},          {{1, 7, 1, 0, 3}, 3, 9, 64, {48}},
      {{5, 5, 1, 2, 2}, 5, 4, 48, {64}},          {{3, 3, 1, 0, 0}, 5, 4, 32, {32}, true}};
  return all;
}

void run(const Kernels& kernels, const Case& c, int pictures, Edge edge) {
  const bool codes = kernels.precision == Precision::int8;
  const int in = (c.in + kernels.out_unit - 1) / kernels.out_unit * kernels.out_unit;  // as the layer before leaves it
  const Guarded from(c.fine && codes ? dense_fine(nullptr, c.height, c.width, in)
                                     : dense(nullptr, c.height, c.width, in, kernels.value_bytes),
                     edge);
  std::vector<Layer> layers;
  for (const int out : c.out) {
    Layer& layer = layers.emplace_back();
    layer.weight.shape = {out, c.in, c.geometry.kernel_height, c.geometry.kernel_width};
    layer.weight.values.resize(static_cast<std::size_t>(std::int64_t{out} * c.in * c.geometry.taps()), 0.01F);
    layer.bias.resize(static_cast<std::size_t>(out), 0.5F);
    if (codes) layer.codes = codes_of(out);
  }
  const Convolution convolution(kernels, c.geometry, layers, from.view(pictures),
                                codes ? codes_of(c.in) : ChannelCodes{});
  std::vector<Guarded> to;
  std::vector<View> views;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    to.emplace_back(dense(nullptr, convolution.out_height(), convolution.out_width(), convolution.out_channels(i),
                          kernels.value_bytes),
                    edge);
    views.push_back(to.back().view(pictures));
  }
  kernels.begin();
  convolution.run(from.view(pictures), views, 0, convolution.out_height());
  kernels.end();
  EXPECT_NE(std::to_integer<int>(*views[0].at(0, 0)) + std::to_integer<int>(views[0].at(0, 0)[3]), 0);
}

TEST(Bounds, OfConvolutions) {
  for (const KernelsEntry& entry : all_kernels())
    for (const Edge edge : {Edge::begin, Edge::end})
      for (const int pictures : {1, 3, lanes})
        for (const Case& c : cases()) run(*entry.get(), c, pictures, edge);
}

TEST(Bounds, OfPools) {
  for (const KernelsEntry& entry : all_kernels())
    for (const Edge edge : {Edge::begin, Edge::end})
      for (const int pictures : {1, lanes}) {
        const Kernels& kernels = *entry.get();
        for (const int stride : {1, 2}) {
          const int less = stride == 1 ? 0 : 1;
          const Guarded from(dense(nullptr, 5, 7, 288, kernels.value_bytes), edge),
              to(dense(nullptr, 5 - 3 * less, 7 - 4 * less, 288, kernels.value_bytes), edge);
          for (int y = 0; y < to.view(1).height; ++y)
            kernels.max_pool(from.view(pictures), stride, y, to.view(pictures));
        }
        const Guarded from(dense(nullptr, 5, 7, 96, uncoded(kernels).value_bytes), edge),
            to(dense(nullptr, 5, 7, 96, kernels.value_bytes), edge);
        const std::vector<float> ones(96, 1.0F);
        for (int y = 0; y < 5; ++y)
          kernels.average_pool(from.view(pictures), ones.data(),
                               kernels.precision == Precision::int8 ? ones.data() : nullptr, false, y,
                               to.view(pictures));
        std::vector<float> means(static_cast<std::size_t>(pictures * 96));
        kernels.mean(from.view(pictures), pictures, means.data());
      }
}

}  // namespace
}  // namespace pool3::network
