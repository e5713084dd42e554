#pragma once
// What an extraction would do: counts, sizes, time, memory, and who does what.

#include "command.hpp"
#include "commands/extract/options.hpp"

namespace pool3::jobs {

/// Prints the plan on stdout. Time and memory are measured on a sample of the pictures, if the network can run here;
/// whether it can is looked at before the pictures are listed. REQUIRES: checked options. Collective.
void dry_run(const Context& context, const ExtractOptions& options);

/// How a file holds its rows.
struct FileLayout {
  std::int64_t width = 0, block_rows = 0;
  FeatureType type = FeatureType::float32;
};
/// About how large a file of these rows of the catalogue gets.
[[nodiscard]] double planned_bytes(const Manifest& manifest, RowRange rows, const FileLayout& layout);

}  // namespace pool3::jobs
