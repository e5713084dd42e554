#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "pool3/files.hpp"

namespace pool3 {
namespace {

/// Most bytes of one call; the system does at most 2 GiB in one.
constexpr std::size_t transfer_bytes = std::size_t{1} << 30U;
/// Smaller writes are left to the system.
constexpr std::size_t large_bytes = std::size_t{1} << 16U;

}  // namespace

Descriptor Descriptor::try_open(Place place, int flags) {
  const int number = open(place.path.c_str(), flags | O_CLOEXEC, 0666);
  return {number, std::move(place)};
}

Descriptor Descriptor::adopt(Place place, int number) { return {number, std::move(place)}; }

Descriptor::Descriptor(Place place, int flags) : Descriptor(try_open(std::move(place), flags)) {
  if (is_open()) return;
  const bool makes = (flags & O_CREAT) != 0;
  throw file_error(place_, errno, makes ? "check the folder and the space on its disk" : "");
}

Descriptor::Descriptor(Descriptor&& other) noexcept
    : place_(std::move(other.place_)), number_(std::exchange(other.number_, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(place_, other.place_);
  std::swap(number_, other.number_);
  return *this;
}

Descriptor::~Descriptor() {
  if (is_open()) ::close(number_);
}

std::int64_t Descriptor::size() const {
  struct stat info {};
  if (fstat(number_, &info) != 0) throw file_error(place_, errno);
  return info.st_size;
}

std::size_t Descriptor::read(std::int64_t offset, std::span<std::byte> out) const {
  const std::int64_t got = try_read(offset, out);
  if (got < 0) throw file_error(place_, errno);
  return static_cast<std::size_t>(got);
}

std::int64_t Descriptor::try_read(std::int64_t offset, std::span<std::byte> out) const noexcept {
  std::size_t got = 0;
  while (got < out.size()) {
    const std::size_t step = std::min(out.size() - got, transfer_bytes);
    const ssize_t n = pread(number_, out.data() + got, step, offset + static_cast<std::int64_t>(got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  return static_cast<std::int64_t>(got);
}

void Descriptor::write(std::int64_t offset, std::span<const std::byte> in) const {
  std::size_t put = 0;
  while (put < in.size()) {
    const std::size_t step = std::min(in.size() - put, transfer_bytes);
    const ssize_t n = pwrite(number_, in.data() + put, step, offset + static_cast<std::int64_t>(put));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw write_error(place_, n < 0 ? errno : ENOSPC);
    put += static_cast<std::size_t>(n);
  }
  // A hint: the disk begins now, not when somebody syncs. If the system can't do it, nothing is lost.
  if (in.size() >= large_bytes) {
    static_cast<void>(sync_file_range(number_, offset, static_cast<off64_t>(in.size()), SYNC_FILE_RANGE_WRITE));
  }
}

void Descriptor::truncate(std::int64_t bytes) const {
  if (ftruncate(number_, bytes) != 0) throw write_error(place_, errno);
}

void Descriptor::reserve() const {
  const std::int64_t bytes = size();
  while (bytes > 0 && fallocate(number_, 0, 0, bytes) != 0) {
    if (errno == EOPNOTSUPP || errno == ENOSYS) return;
    if (errno != EINTR) throw write_error(place_, errno);
  }
}

void Descriptor::sync() const {
  if (fsync(number_) != 0) throw write_error(place_, errno);
}

void Descriptor::close() {
  // EINTR: Linux has closed it all the same.
  if (::close(std::exchange(number_, -1)) != 0 && errno != EINTR) throw write_error(place_, errno);
}

}  // namespace pool3
