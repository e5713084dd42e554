#pragma once
// What is needed of a compressed tar file. Private to the room.

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "corpus/shards/tar_index.hpp"
#include "pool3/corpus.hpp"
#include "pool3/files.hpp"

namespace pool3::corpus {

/// The pictures of a compressed tar file, in a file without a name in $TMPDIR (or /tmp). Nothing else in it is kept, so
/// that a small file can't fill a disk. Reading is thread-safe.
class UnpackedPictures {
 public:
  /// Unpacks those of `index` that `limits` allow, up to where the file is damaged, or there is no more space: then
  /// read() says so. Throws Error if there can't be such a file at all.
  UnpackedPictures(const std::string& shard, const TarIndex& index, const EntryLimits& limits);
  /// The picture at this offset of the unpacked tar file. Throws ReadError, and what limits.check_head throws.
  [[nodiscard]] std::vector<std::byte> read(std::int64_t offset, std::int64_t bytes, const EntryLimits& limits) const;

 private:
  class Writer;
  Descriptor file_;
  std::unordered_map<std::int64_t, std::int64_t> places_;  ///< in file_, by offset in the unpacked tar file
  std::string rest_;                                       ///< why the others are not there
};

/// Bytes of pictures that a compressed tar file of this size may have.
[[nodiscard]] std::int64_t most_unpacked_bytes(std::int64_t shard_bytes, const EntryLimits& limits);

}  // namespace pool3::corpus
