#pragma once
// Memory that the ranks of a node share.

#include <mpi.h>

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "pool3/mpi.hpp"

namespace pool3 {

/// Zeroed bytes that every rank of a node reads and writes. Move-only.
class SharedMemory {
 public:
  SharedMemory() = default;
  /// `node`: ranks of one node, which must outlive this. Collective; throws a collective Error if there is no room.
  /// A rank that is alone takes ordinary memory.
  SharedMemory(const Communicator& node, std::int64_t bytes);
  SharedMemory(SharedMemory&& other) noexcept;
  SharedMemory& operator=(SharedMemory&& other) noexcept;
  /// Collective over the node, where it has several ranks.
  ~SharedMemory();

  [[nodiscard]] std::int64_t bytes() const { return bytes_; }
  template <typename T>
  [[nodiscard]] std::span<T> as() const {
    return {static_cast<T*>(data_), static_cast<std::size_t>(bytes_) / sizeof(T)};
  }
  /// Ends a phase: what any rank wrote before is there for all after it. Collective over the node.
  void sync() const;

 private:
  void drop() noexcept;
  const Communicator* node_ = nullptr;
  MPI_Win window_ = MPI_WIN_NULL;
  void* data_ = nullptr;
  std::int64_t bytes_ = 0;
  std::vector<std::int64_t> own_;  ///< of a rank that is alone
};

/// Hands out 0 .. count-1, each once, to whichever rank of the node asks first. No rank waits for another.
class SharedCounter {
 public:
  explicit SharedCounter(const Communicator& node) : memory_(node, sizeof(std::int64_t)) {}
  /// Not collective.
  [[nodiscard]] std::int64_t next() const { return std::atomic_ref(memory_.as<std::int64_t>()[0]).fetch_add(1); }
  /// Starts anew. Collective: no rank may ask meanwhile.
  void reset() const;

 private:
  SharedMemory memory_;
};

}  // namespace pool3
