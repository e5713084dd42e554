#pragma once
// Many small pictures in few large ones.

#include <cstdint>
#include <string>
#include <vector>

#include "pool3/image.hpp"

namespace pool3::report {

/// Where a picture lies, in pixels.
struct Place {
  std::int32_t sheet = -1;  ///< -1: there is none
  std::int32_t x = 0, y = 0, width = 0, height = 0;
};

struct Sprites {
  std::vector<std::string> sheets;  ///< JPEG files
  std::vector<Place> places;        ///< of each picture
};

/// Lays pictures of at most `side` pixels a side on sheets of at most `sheet_side`. The quality is the best, of a few,
/// with which all sheets have no more than `most_bytes`; at the worst they may have more.
[[nodiscard]] Sprites lay_out(const std::vector<const Image*>& pictures, std::int64_t side, std::int64_t most_bytes,
                              std::int64_t sheet_side = 4096);

}  // namespace pool3::report
