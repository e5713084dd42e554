#pragma once
// The index file of `pool3 neighbours`: sketches of all rows of a feature file. See docs/format.md.

#include <cstdint>
#include <string>

#include "pool3/neighbours/sketches.hpp"
#include "pool3/store/features.hpp"

namespace pool3 {

struct NeighbourIndex {
  SketchBasis basis;
  Sketches sketches;                    ///< of all rows of the file; those that have no features count as zeros
  std::uint64_t features_checksum = 0;  ///< content_checksum() of the file that it was made of
  Provenance features;
  std::string config;  ///< resolved configuration, JSON
};

/// Of a finished feature file: differs between any two of other content. Not collective. Throws Error.
[[nodiscard]] std::uint64_t content_checksum(const std::string& features_path);

/// Writes an index file under a temporary name, syncs, renames. Call on one rank. Throws Error.
void write_index(const NeighbourIndex& index, const std::string& path);
/// Reads an index file and checks its checksum. Not collective. Throws Error.
[[nodiscard]] NeighbourIndex read_index(const std::string& path);

}  // namespace pool3
