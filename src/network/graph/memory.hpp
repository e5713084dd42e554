#pragma once
// Memory for activations and weights.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

namespace pool3::network {

/// Memory that starts at a cache line; asks for huge pages. Zero at first.
class Memory {
 public:
  Memory() = default;
  explicit Memory(std::int64_t bytes);
  [[nodiscard]] std::byte* data() const { return data_.get(); }

 private:
  friend class Pieces;
  struct Free {
    void operator()(std::byte* data) const { std::free(data); }  // NOLINT(*-no-malloc): this is the RAII
  };
  std::unique_ptr<std::byte, Free> data_;
};

/// Memory for many small things that live equally long: pieces of huge pages, which the system hands out faster than
/// as many small ones.
class Pieces {
 public:
  /// Zeros, from a cache line on; they stay where they are as long as this object, or what it is moved to.
  [[nodiscard]] std::byte* take(std::int64_t bytes);

 private:
  std::vector<Memory> chunks_;
  std::byte* next_ = nullptr;
  std::int64_t left_ = 0;
};

}  // namespace pool3::network
