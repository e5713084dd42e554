#pragma once
// The catalogue in a plane: t-SNE of the features of a file, so that what is alike lies together. What is made, and its
// reader, is in map_file.hpp.

#include <cstdint>
#include <functional>
#include <string>

#include "pool3/store/features.hpp"
#include "pool3/store/map_file.hpp"

namespace pool3 {

/// Rows that a map needs at least.
inline constexpr std::int64_t least_map_rows = 5;

/// How rows are laid out (van der Maaten, Hinton 2008).
struct MapOptions {
  double perplexity = 30;       ///< about how many neighbours a row listens to; at most a third of the rows is taken
  int steps = 750;              ///< the first third of them with attraction twelvefold
  std::uint64_t seed = 0;       ///< of which rows are taken, where not all are
  std::int64_t most = 100'000;  ///< rows that are laid out, from each class as evenly as can be; the others are placed
                                ///< among their neighbours
  int threads = 1;
};
/// Throws usage Error.
void check(const MapOptions& options);

/// How far a map is.
struct MapProgress {
  std::string stage;  ///< "components", "neighbours", "layout", "placing", "quality"
  std::int64_t done = 0;
  std::int64_t total = 0;  ///< of the stage
};

/// The map of all rows that are done. The same for any number of threads. Not collective: call on one rank. Throws
/// Error: too few rows, a damaged file.
[[nodiscard]] CatalogueMap make_map(const FeatureReader& reader, const MapOptions& options,
                                    const std::function<void(const MapProgress&)>& progress = {});

}  // namespace pool3
