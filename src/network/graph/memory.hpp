#pragma once
// Memory for activations and weights.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace pool3::network {

/// Memory that starts at a cache line; asks for huge pages. Zero at first.
class Memory {
 public:
  Memory() = default;
  explicit Memory(std::int64_t bytes);
  [[nodiscard]] std::byte* data() const { return data_.get(); }

 private:
  struct Free {
    void operator()(std::byte* data) const { std::free(data); }  // NOLINT(*-no-malloc): this is the RAII
  };
  std::unique_ptr<std::byte, Free> data_;
};

}  // namespace pool3::network
