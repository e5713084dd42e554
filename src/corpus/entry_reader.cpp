#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "corpus/files.hpp"
#include "corpus/shards/shards.hpp"
#include "pool3/corpus.hpp"

namespace pool3 {
namespace corpus {
namespace {

[[noreturn]] void fail(int number) {
  const bool missing = number == ENOENT || number == ENOTDIR || number == ESTALE;
  throw ReadError(std::strerror(number), missing ? RowStatus::missing : RowStatus::unreadable);
}

/// As many bytes as there are up to the end of `bytes`.
std::size_t read_some(int file, std::int64_t offset, std::vector<std::byte>& bytes) {
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got =
        ::pread(file, bytes.data() + have, bytes.size() - have, static_cast<off_t>(offset) + static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(errno);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  return have;
}

}  // namespace

std::vector<std::byte> read_bytes(int file, std::int64_t offset, std::int64_t bytes) {
  struct stat status {};
  if (::fstat(file, &status) != 0) fail(errno);
  // Before memory is taken: a header may claim any size.
  if (offset > status.st_size || bytes > status.st_size - offset) throw ReadError("the tar file ends before its end");
  std::vector<std::byte> result(static_cast<std::size_t>(bytes));
  if (read_some(file, offset, result) < result.size()) throw ReadError("the tar file ends before its end");
  return result;
}

void check_size(std::int64_t bytes, std::int64_t max_bytes) {
  if (bytes <= max_bytes) return;
  throw ReadError("a file of " + std::to_string(bytes) + " bytes; no picture of --max-pixels takes more than " +
                  std::to_string(max_bytes));
}

std::vector<std::byte> read_file(int file, std::int64_t max_bytes) {
  struct stat status {};
  if (::fstat(file, &status) != 0) fail(errno);
  if (S_ISDIR(status.st_mode)) fail(EISDIR);
  if (!S_ISREG(status.st_mode)) throw ReadError("no regular file");
  check_size(status.st_size, max_bytes);
  std::vector<std::byte> bytes(static_cast<std::size_t>(status.st_size));
  bytes.resize(read_some(file, 0, bytes));
  return bytes;
}

}  // namespace corpus

EntryReader::EntryReader(std::string root, std::int64_t max_bytes)
    : root_(std::move(root)), max_bytes_(max_bytes), shards_(std::make_shared<corpus::Shards>()) {}

std::vector<std::byte> EntryReader::read(std::string_view path) const {
  const std::string full = full_path(root_, path);
  const corpus::Descriptor file(::open(full.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.number() >= 0) return corpus::read_file(file.number(), max_bytes_);
  const int error = errno;
  if (error == ENOTDIR) {
    if (const auto place = corpus::split_shard_path(full)) return shards_->read(*place, max_bytes_);
  }
  if (error == ENXIO) throw ReadError("no regular file");  // a socket
  corpus::fail(error);
}

}  // namespace pool3
