#include <xxhash.h>

#include "pool3/image.hpp"

namespace pool3 {

ImageKey content_key(std::span<const std::byte> bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {.high = hash.high64, .low = hash.low64};
}

}  // namespace pool3
