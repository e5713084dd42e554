#include "corpus/entry_bytes.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "pool3/corpus.hpp"

namespace pool3::corpus {
namespace {

/// As many bytes as there are up to the end of `bytes`.
std::size_t read_some(const Descriptor& file, std::int64_t offset, std::vector<std::byte>& bytes) {
  const std::int64_t got = file.try_read(offset, bytes);
  if (got < 0) fail_to_read(errno);
  return static_cast<std::size_t>(got);
}

void check_head(const Descriptor& file, std::int64_t offset, std::int64_t bytes, const EntryLimits& limits) {
  if (!limits.check_head || bytes < large_bytes) return;
  std::vector<std::byte> head(head_bytes);
  head.resize(read_some(file, offset, head));
  limits.check_head(head);
}

}  // namespace

void fail_to_read(int error_number) {
  const bool missing = error_number == ENOENT || error_number == ENOTDIR || error_number == ESTALE;
  throw ReadError(std::strerror(error_number), missing ? RowStatus::missing : RowStatus::unreadable);
}

std::vector<std::byte> read_member(const Descriptor& file, std::int64_t offset, std::int64_t bytes,
                                   const EntryLimits& limits) {
  check_head(file, offset, bytes, limits);
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) fail_to_read(errno);
  // Before memory is taken: a header may claim any size.
  if (offset > status.st_size || bytes > status.st_size - offset) throw ReadError("the tar file ends before its end");
  std::vector<std::byte> result(static_cast<std::size_t>(bytes));
  if (read_some(file, offset, result) < result.size()) throw ReadError("the tar file ends before its end");
  return result;
}

void check_size(std::int64_t bytes, std::int64_t max_bytes) {
  if (bytes <= max_bytes) return;
  throw ReadError(fmt::format("a file of {} bytes; no picture of --max-pixels takes more than {}", bytes, max_bytes));
}

std::vector<std::byte> read_all(const Descriptor& file, const EntryLimits& limits) {
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) fail_to_read(errno);
  if (S_ISDIR(status.st_mode)) fail_to_read(EISDIR);
  if (!S_ISREG(status.st_mode)) throw ReadError("no regular file");
  check_size(status.st_size, limits.bytes);
  check_head(file, 0, status.st_size, limits);
  std::vector<std::byte> bytes(static_cast<std::size_t>(status.st_size));
  bytes.resize(read_some(file, 0, bytes));
  return bytes;
}

}  // namespace pool3::corpus
