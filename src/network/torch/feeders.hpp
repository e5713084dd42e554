#pragma once
// Pictures to a device and features back, so that copying and computing overlap.

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/Stream.h>

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace pool3::network {

/// Features [N, inception_width] of any floating type, from pictures [N, 3, 299, 299] of float32, channels last, both
/// on the device.
using Compute = std::function<at::Tensor(const at::Tensor& pictures)>;

/// What one thread needs to feed a device. On a GPU: two sets of buffers that take turns, each with a stream, pinned
/// memory on this side and memory on that side. While one set computes, the other copies. On the CPU: one set, no
/// stream.
class Feeder {
 public:
  /// `batch`: most pictures of a call. Every chunk that is computed has the same shape.
  Feeder(c10::Device device, int batch);
  Feeder(const Feeder&) = delete;
  Feeder& operator=(const Feeder&) = delete;
  /// Waits for what an error may have left under way.
  ~Feeder();
  /// Computes with every set of buffers, so that a device on which that is not possible says so.
  void try_out(const Compute& compute);
  /// `input`: [count, 299, 299, 3]; `out`: [count, inception_width]; neither is used after this returns.
  void run(const Compute& compute, std::span<const float> input, int count, std::span<float> out);

 private:
  struct Buffers {
    at::Tensor staged, pictures, rows;  ///< input here, input there, features here
    std::optional<c10::Stream> stream;  ///< does copy, computing and copy in turn
    int first = 0, count = 0;           ///< what is under way
  };
  void start(Buffers& buffers, const Compute& compute, std::span<const float> input, int first, int count) const;
  static void finish(Buffers& buffers, std::span<float> out);
  c10::Device device_;
  int chunk_;
  std::array<Buffers, 2> sets_;
  std::size_t sets_used_;
};

/// A feeder for each thread that is in a call. They are kept for the next calls.
class Feeders {
 public:
  Feeders(c10::Device device, int batch) : device_(device), batch_(batch) {}
  void try_out(const Compute& compute);
  void run(const Compute& compute, std::span<const float> input, int count, std::span<float> out);

 private:
  std::unique_ptr<Feeder> take();
  void give_back(std::unique_ptr<Feeder> feeder);
  c10::Device device_;
  int batch_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Feeder>> free_;
};

}  // namespace pool3::network
