#include "pool3/mpi/shared_memory.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <exception>
#include <utility>

#include "mpi/return_codes.hpp"

namespace pool3 {

using mpi::check_mpi;

namespace {

constexpr std::int64_t mebibyte = std::int64_t{1} << 20;
/// What MPI adds to a piece of memory.
constexpr std::int64_t spare_bytes = mebibyte;
constexpr const char* folder = "/dev/shm";  // where Open MPI and MPICH keep it, as a file

std::int64_t most_file_bytes() {
  rlimit limit{};
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur > static_cast<rlim_t>(INT64_MAX)) return INT64_MAX;
  return static_cast<std::int64_t>(limit.rlim_cur);
}

std::int64_t free_bytes() {
  struct statvfs info {};
  if (access(folder, W_OK | X_OK) != 0 || statvfs(folder, &info) != 0 || info.f_blocks == 0) return INT64_MAX;
  return static_cast<std::int64_t>(info.f_bavail) * static_cast<std::int64_t>(info.f_frsize);
}

/// Throws Error where the first rank could not make the file. The others would wait for it in MPI for ever.
void check_room(std::int64_t bytes) {
  const auto refuse = [&](const char* what, std::int64_t there, const char* advice) {
    if (bytes <= there - spare_bytes) return;
    throw Error({.stage = "mpi",
                 .cause = fmt::format("the ranks of a node share {} MiB of memory, and {} {} MiB",
                                      (bytes + mebibyte - 1) / mebibyte, what, there / mebibyte),
                 .advice = fmt::format("{}, or start one rank a node", advice)});
  };
  refuse("the limit of file sizes is", most_file_bytes(), "raise ulimit -f");
  refuse("/dev/shm has", free_bytes(), "give it more room");
}

}  // namespace

SharedMemory::SharedMemory(const Communicator& node, std::int64_t bytes) : node_(&node), bytes_(bytes) {
  if (node.size() == 1) {
    own_.assign(static_cast<std::size_t>((bytes + 7) / 8), 0);
    data_ = own_.data();
    return;
  }
  node.root_does([&] { check_room(bytes); });
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
