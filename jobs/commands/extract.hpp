#pragma once
// The extract job: catalogue -> feature file.

#include <cstdint>
#include <string>
#include <vector>

#include "command.hpp"
#include "pool3/image.hpp"

namespace pool3::jobs {

struct ExtractOptions {
  std::vector<std::string> corpus;
  std::string labels, classes, weights, out, profile, device, precision;
  std::int64_t min_per_class = 0, limit_per_class = 0;
  std::string max_failures;
  int batch = 16;
  int threads = 0;  ///< per rank; 0: the rank's share of the cores
  std::int64_t max_pixels = 0;
  bool ignore_orientation = false;
  bool fast_decode = false;
  bool dry_run = false;
  bool durable = false;
  bool retry_failed = false;
  std::string update_from, part, dtype;
  std::int64_t alignment = 0;
  std::int64_t stripe_count = 0;
  std::int64_t stripe_size = 0;
};

/// Flags of extract but --out and --part.
void declare_extract(OptionParser& parser, ExtractOptions& options);
/// How extract decodes pictures for weights of this profile.
[[nodiscard]] DecodeOptions decode_options(const ExtractOptions& options, InputProfile profile);
/// Collective.
ExitCode extract(const Context& context, const ExtractOptions& options);

}  // namespace pool3::jobs
