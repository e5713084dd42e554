// RowRecipe: what of it the codecs want, and what files say of it.

#include "pool3/extraction.hpp"

namespace pool3 {

DecodeOptions RowRecipe::decoding() const {
  return {.max_pixels = max_pixels,
          .apply_orientation = apply_orientation,
          .shortest_side = fast_decode ? resized_side(profile) : 0};
}

EntryLimits entry_limits(const DecodeOptions& options) {
  return {.bytes = largest_file(options), .check_head = check_head};
}

Preprocessing RowRecipe::preprocessing() const { return {std::string(to_string(profile)), fast_decode}; }

}  // namespace pool3
