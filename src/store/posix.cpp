#include "store/posix.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "store/hdf5/pieces.hpp"

namespace pool3::store {
namespace {

constexpr std::size_t large_bytes = std::size_t{1} << 16U;

}  // namespace

Error write_error(const Place& place, int error_number) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  return file_error(place.stage, place.path, error_number,
                    full ? "make room on its file system, then run the same command again"
                         : "check its file system, then run the same command again");
}

Descriptor::Descriptor(const Place& place, int flags)
    : place_(place), fd_(open(place.path.c_str(), flags | O_CLOEXEC, 0666)) {
  if (fd_ < 0) throw file_error(place.stage, place.path, errno);
}

Descriptor::~Descriptor() { close(fd_); }

std::int64_t Descriptor::size() const {
  struct stat info {};
  if (fstat(fd_, &info) != 0) throw file_error(place_.stage, place_.path, errno);
  return info.st_size;
}

std::size_t Descriptor::read(std::int64_t offset, std::span<std::byte> out) const {
  std::size_t got = 0;
  while (got < out.size()) {
    const std::size_t step = std::min(out.size() - got, static_cast<std::size_t>(transfer_bytes));
    const ssize_t n = pread(fd_, out.data() + got, step, offset + static_cast<std::int64_t>(got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw file_error(place_.stage, place_.path, errno);
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  return got;
}

void Descriptor::write(std::int64_t offset, std::span<const std::byte> in) const {
  std::size_t put = 0;
  while (put < in.size()) {
    const std::size_t step = std::min(in.size() - put, static_cast<std::size_t>(transfer_bytes));
    const ssize_t n = pwrite(fd_, in.data() + put, step, offset + static_cast<std::int64_t>(put));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw write_error(place_, n < 0 ? errno : ENOSPC);
    put += static_cast<std::size_t>(n);
  }
  // A hint: the disk begins now, not when somebody syncs. Where it can't be had, nothing is lost.
  if (in.size() >= large_bytes) {
    static_cast<void>(sync_file_range(fd_, offset, static_cast<off64_t>(in.size()), SYNC_FILE_RANGE_WRITE));
  }
}

void Descriptor::truncate(std::int64_t bytes) const {
  if (ftruncate(fd_, bytes) != 0) throw write_error(place_, errno);
}

void Descriptor::reserve() const {
  const std::int64_t bytes = size();
  while (bytes > 0 && fallocate(fd_, 0, 0, bytes) != 0) {
    if (errno == EOPNOTSUPP || errno == ENOSYS) return;
    if (errno != EINTR) throw write_error(place_, errno);
  }
}

void Descriptor::sync() const {
  if (fsync(fd_) != 0) throw write_error(place_, errno);
}

}  // namespace pool3::store
