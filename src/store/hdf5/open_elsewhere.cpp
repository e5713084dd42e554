#include "store/hdf5/open_elsewhere.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "store/format_names.hpp"

namespace pool3::store {
namespace {

/// HDF5's own way, which h5py and the h5* tools use.
bool is_locked_whole(const Descriptor& file) {
  if (flock(file.number(), LOCK_SH | LOCK_NB) != 0) return errno == EWOULDBLOCK;
  flock(file.number(), LOCK_UN);
  return false;
}

bool is_locked_in_part(const Descriptor& file) {
  struct flock lock {};
  lock.l_type = F_RDLCK;
  lock.l_whence = SEEK_SET;
  return fcntl(file.number(), F_OFD_GETLK, &lock) == 0 && lock.l_type == F_WRLCK;
}

/// Superblocks of version 2 and later say so; they stand at 0, 512, 1024, 2048, ...
bool is_marked(const Descriptor& file) {
  constexpr std::array<unsigned char, 8> signature = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
  constexpr unsigned open_for_writing = 0x01;
  for (std::int64_t at = 0; at <= max_alignment; at = at == 0 ? seal_bytes : 2 * at) {
    std::array<unsigned char, 12> head{};
    if (file.try_read(at, std::as_writable_bytes(std::span(head))) != static_cast<std::int64_t>(head.size())) break;
    if (std::memcmp(head.data(), signature.data(), signature.size()) != 0) continue;
    return head[8] >= 2 && (head[11] & open_for_writing) != 0;
  }
  return false;
}

}  // namespace

Error open_elsewhere_error(const Place& place) {
  return error_at(place, "another program has it open for writing",
                  "close it there; if that program has changed it, make it again or restore it from a copy");
}

bool is_open_elsewhere(const Descriptor& file) {
  return is_locked_whole(file) || is_locked_in_part(file) || is_marked(file);
}

}  // namespace pool3::store
