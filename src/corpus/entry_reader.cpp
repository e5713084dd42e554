#include <fcntl.h>

#include <cerrno>
#include <string>
#include <utility>

#include "corpus/entry_bytes.hpp"
#include "corpus/shards/shards.hpp"
#include "pool3/corpus.hpp"

namespace pool3 {

EntryReader::EntryReader(std::string root, EntryLimits limits)
    : root_(std::move(root)), limits_(std::move(limits)), shards_(std::make_shared<corpus::Shards>(limits_)) {}

std::vector<std::byte> EntryReader::read(std::string_view path) const {
  const Descriptor file = Descriptor::try_open({"read", full_path(root_, path)}, O_RDONLY | O_NONBLOCK);
  if (file.is_open()) return corpus::read_all(file, limits_);
  const int error = errno;
  if (error == ENOTDIR) {
    if (const auto member = corpus::split_shard_path(file.place().path)) return shards_->read(*member);
  }
  if (error == ENXIO) throw ReadError("no regular file");  // a socket
  corpus::fail_to_read(error);
}

}  // namespace pool3
