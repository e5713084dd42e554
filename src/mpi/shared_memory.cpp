#include "pool3/shared_memory.hpp"

#include <fmt/format.h>

#include <cstring>
#include <exception>
#include <utility>

#include "mpi/check.hpp"

namespace pool3 {

using mpi::check_mpi;

SharedMemory::SharedMemory(const Communicator& node, std::int64_t bytes) : node_(&node), bytes_(bytes) {
  if (node.size() == 1) {
    own_.assign(static_cast<std::size_t>((bytes + 7) / 8), 0);
    data_ = own_.data();
    return;
  }
  node.all_do([&] {
    // All of it lies with the first rank, so that it is one piece.
    const MPI_Aint mine = node.is_root() ? bytes : 0;
    const int code =
        MPI_Win_allocate_shared(mine, 1, MPI_INFO_NULL, node.native(), static_cast<void*>(&data_), &window_);
    if (code != MPI_SUCCESS) {
      window_ = MPI_WIN_NULL;
      throw Error({.stage = "mpi",
                   .cause = fmt::format("no {} bytes of memory that the ranks of a node share", bytes),
                   .advice = "start one rank a node, or give /dev/shm more room"});
    }
    MPI_Aint size = 0;
    int unit = 0;
    check_mpi(MPI_Win_shared_query(window_, 0, &size, &unit, static_cast<void*>(&data_)), "MPI_Win_shared_query");
    check_mpi(MPI_Win_lock_all(MPI_MODE_NOCHECK, window_), "MPI_Win_lock_all");
    if (node.is_root()) std::memset(data_, 0, static_cast<std::size_t>(bytes));
  });
  sync();
}

SharedMemory::SharedMemory(SharedMemory&& other) noexcept
    : node_(other.node_),
      window_(std::exchange(other.window_, MPI_WIN_NULL)),
      data_(std::exchange(other.data_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)),
      own_(std::move(other.own_)) {}

SharedMemory& SharedMemory::operator=(SharedMemory&& other) noexcept {
  if (this == &other) return *this;
  drop();
  node_ = other.node_;
  window_ = std::exchange(other.window_, MPI_WIN_NULL);
  data_ = std::exchange(other.data_, nullptr);
  bytes_ = std::exchange(other.bytes_, 0);
  own_ = std::move(other.own_);
  return *this;
}

SharedMemory::~SharedMemory() { drop(); }

void SharedMemory::drop() noexcept {
  if (window_ == MPI_WIN_NULL) return;
  // Freeing waits for all ranks. While an error unwinds the stack, they may be elsewhere: the process ends soon.
  if (std::uncaught_exceptions() == 0) {
    MPI_Win_unlock_all(window_);
    MPI_Win_free(&window_);
  }
  window_ = MPI_WIN_NULL;
}

void SharedMemory::sync() const {
  if (window_ == MPI_WIN_NULL) return;
  check_mpi(MPI_Win_sync(window_), "MPI_Win_sync");
  node_->barrier();
  check_mpi(MPI_Win_sync(window_), "MPI_Win_sync");
}

void SharedCounter::reset() const {
  memory_.sync();
  std::atomic_ref(memory_.as<std::int64_t>()[0]).store(0);
  memory_.sync();
}

}  // namespace pool3
