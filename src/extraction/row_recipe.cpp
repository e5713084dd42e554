// RowRecipe: what of it the codecs want, what files say of it, and back.

#include <algorithm>

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

Preprocessing RowRecipe::preprocessing() const {
  return {.profile = std::string(to_string(profile)),
          .fast_decode = fast_decode,
          .apply_orientation = apply_orientation,
          .max_pixels = max_pixels};
}

ExtractorOptions like_rows_of(const Provenance& made, ExtractorOptions options) {
  const auto* const known = std::ranges::find(precision_names, made.precision);
  options.precision =
      known == precision_names.end() ? Precision::fp32 : static_cast<Precision>(known - precision_names.begin());
  options.or_fp32 = true;
  const Preprocessing preprocessing = parse_preprocessing(made.profile);
  options.profile = parse_input_profile(preprocessing.profile);
  options.fast_decode = preprocessing.fast_decode;
  options.apply_orientation = preprocessing.apply_orientation;
  options.max_pixels = preprocessing.max_pixels;
  return options;
}

}  // namespace pool3
