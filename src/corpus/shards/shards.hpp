#pragma once
// Tar files that are kept open. Private to the room.

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "pool3/corpus.hpp"

namespace pool3::corpus {

/// A member of a tar file.
struct ShardMember {
  std::string shard;  ///< path of the tar file
  std::string name;
};
/// Splits FILE.tar/MEMBER at the first component that ends like a tar file's name and is a file; nothing if none does.
[[nodiscard]] std::optional<ShardMember> split_shard_path(const std::string& path);

class Shard;

/// Opens shards when they are first needed, and closes those that have not been needed for the longest time.
/// Thread-safe.
class Shards {
 public:
  explicit Shards(EntryLimits limits = {});
  ~Shards();
  Shards(const Shards&) = delete;
  Shards& operator=(const Shards&) = delete;
  /// Size of a member; -1 if it is not there. Throws Error if the shard can't be indexed.
  [[nodiscard]] std::int64_t size_of(const ShardMember& member);
  /// Bytes of a member. Throws ReadError, what limits.check_head throws, and Error if $TMPDIR can't be written.
  [[nodiscard]] std::vector<std::byte> read(const ShardMember& member);

 private:
  [[nodiscard]] std::shared_ptr<Shard> open(const std::string& path);
  EntryLimits limits_;
  std::mutex mutex_;
  std::list<std::shared_ptr<Shard>> open_;  ///< the latest in front
};

}  // namespace pool3::corpus
