#pragma once
// Memory for activations and weights.

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace pool3::network {

/// Memory that starts at a cache line. Zero at first.
class Memory {
 public:
  Memory() = default;
  /// `in_huge_pages`: asks for them, for what is used from end to end. Throws std::bad_alloc.
  explicit Memory(std::int64_t bytes, bool in_huge_pages);
  explicit Memory(std::int64_t bytes) : Memory(bytes, bytes >= 2 << 20) {}
  Memory(Memory&& other) noexcept : data_(std::exchange(other.data_, nullptr)), bytes_(other.bytes_) {}
  Memory& operator=(Memory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory();
  [[nodiscard]] std::byte* data() const { return data_; }

 private:
  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
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
