#pragma once
// Features of pictures that a rank has seen, so that copies need not be computed again.

#include <deque>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "pool3/types.hpp"

namespace pool3::extraction {

/// Remembers the features of the last pictures by the key of their files. Features do not depend on the place of a
/// picture in a batch, so a copy's are those of the first, bit for bit. Thread-safe.
class SeenPictures {
 public:
  static constexpr std::size_t most = 8192;  ///< pictures: 64 MiB

  /// Puts the features of a picture of this key there, or returns false.
  [[nodiscard]] bool find(const ImageKey& key, std::span<float> features) const;
  void remember(const ImageKey& key, std::span<const float> features);

 private:
  struct KeyHash {
    std::size_t operator()(const ImageKey& key) const { return key.low; }
  };
  mutable std::mutex mutex_;
  std::unordered_map<ImageKey, std::vector<float>, KeyHash> features_;
  std::deque<ImageKey> order_;  ///< the oldest in front
};

}  // namespace pool3::extraction
