#pragma once
// The map file: where each picture lies in a plane, and how far the plane tells the truth. See docs/format.md. How it
// is made: map.hpp.

#include <cstdint>
#include <string>
#include <vector>

#include "pool3/store/features.hpp"

namespace pool3 {

/// How well positions keep what is near in the features: both from 0 to 1, by the 10 nearest neighbours.
struct MapQuality {
  double trustworthiness = 0;  ///< of the neighbours in the plane: 1 if they are those of the features
  double neighbours_kept = 0;  ///< share of the neighbours by features that are neighbours in the plane
  bool operator==(const MapQuality&) const = default;
};

/// Rows of a feature file in a plane.
struct CatalogueMap {
  std::vector<Row> rows;         ///< [n] of the feature file, rising: those that are done
  std::vector<float> positions;  ///< [n, 2]; NaN for rows that have no place
  std::string method;            ///< "t-SNE, exact" or "t-SNE, interpolated"
  double perplexity = 0;         ///< as it was taken: at most a third of the rows that were laid out
  std::int64_t steps = 0;
  std::uint64_t seed = 0;
  std::int64_t laid_out = 0;  ///< rows that the method moved; the others were placed among their neighbours
  std::int64_t judged = 0;    ///< rows whose neighbours the qualities were measured on
  MapQuality quality;
  MapQuality pca;  ///< of the first two principal components, for comparison
  Provenance features;
  std::string config;  ///< resolved configuration, JSON
};

/// Writes a map file under a temporary name, syncs, renames. Call on one rank. Throws Error.
void write_map(const CatalogueMap& map, const std::string& path);
/// Reads a map file and checks its checksum. Not collective. Throws Error.
[[nodiscard]] CatalogueMap read_map(const std::string& path);

}  // namespace pool3
