#pragma once
// Flags that say where and how the network runs.

#include <cstdint>
#include <string>

#include "console/flags/options.hpp"
#include "pool3/extraction.hpp"

namespace pool3::jobs {

/// Which network runs, and where.
struct NetworkFlags {
  std::string weights, device = "auto", precision = "auto";
  int batch = 16;
  int threads = 0;  ///< per rank; 0: the rank's share of the cores
};

/// How a picture file becomes network input.
struct DecodingFlags {
  std::string profile;  ///< empty: the weights' own
  std::int64_t max_pixels = DecodeOptions{}.max_pixels;
  bool ignore_orientation = false;
  bool fast_decode = false;
};

/// Declares --device.
void declare_device(OptionParser& parser, std::string& device);

/// What these flags ask for. Throws Error (usage) for words and numbers that they don't know, or that don't go
/// together.
[[nodiscard]] ExtractorOptions extractor_options(const NetworkFlags& network, const DecodingFlags& decoding);

}  // namespace pool3::jobs
