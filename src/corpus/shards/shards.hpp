#pragma once
// Tar files that are kept open. Private to the room.

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "corpus/shards/tar_index.hpp"

namespace pool3::corpus {

/// The index of a shard from the file beside it, if that fits the shard's size and time; else made, and kept beside it
/// if that folder can be written. Throws Error.
[[nodiscard]] TarIndex load_index(const std::string& shard);

// The bytes of a kept index, behind its header. parse_index gives nothing for bytes that are none.
[[nodiscard]] std::string format_index(const TarIndex& index);
[[nodiscard]] std::optional<TarIndex> parse_index(std::string_view bytes);

/// A place in a catalogue's tree of files: a tar file and the name of a member.
struct ShardPlace {
  std::string shard;
  std::string member;
};
/// Splits FILE.tar/MEMBER at the first component that ends like a tar file's name and is a file; nothing if none does.
[[nodiscard]] std::optional<ShardPlace> split_shard_path(const std::string& path);

class Shard;

/// Opens shards when they are first asked for, and closes those that were not asked for the longest. Thread-safe.
class Shards {
 public:
  Shards();
  ~Shards();
  Shards(const Shards&) = delete;
  Shards& operator=(const Shards&) = delete;
  /// Size of a member; -1 if it is not there. Throws Error if the shard can't be indexed.
  [[nodiscard]] std::int64_t size_of(const ShardPlace& place);
  /// Bytes of a member. Throws ReadError; throws Error if a shard can't be unpacked for want of space.
  [[nodiscard]] std::vector<std::byte> read(const ShardPlace& place, std::int64_t max_bytes);

 private:
  [[nodiscard]] std::shared_ptr<Shard> open(const std::string& path);
  std::mutex mutex_;
  std::list<std::shared_ptr<Shard>> open_;  ///< the latest in front
};

}  // namespace pool3::corpus
