#pragma once
// The model and the catalogue that answers come from, as they were read at one time.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "commands/matching/catalogue_rows.hpp"
#include "commands/matching/row_source.hpp"
#include "commands/serving/engine.hpp"
#include "pool3/corpus.hpp"
#include "pool3/mpi.hpp"
#include "pool3/neighbours.hpp"
#include "pool3/prediction.hpp"
#include "pool3/store/features.hpp"
#include "pool3/store/model.hpp"
#include "setup/network_options.hpp"

namespace pool3::jobs {

/// What a snapshot is read from.
struct SnapshotFiles {
  std::string model, features, report;  ///< `report` may be ""
  NetworkFlags network;
  std::int64_t max_pixels = default_max_pixels;
  Metric metric = Metric::cosine;
  int waiting = 64;            ///< pictures that may wait for the network
  double answer_seconds = 30;  ///< after which nobody waits for an answer
};

/// Immutable; requests that began with it end with it.
struct Snapshot {
  Snapshot(const SnapshotFiles& files, int threads);

  Model model;
  std::unique_ptr<Scorer> scorer;
  FeatureReader reader;
  CatalogueRows rows;
  // Tables of the file, which one thread alone may read: [rows].
  std::vector<std::int32_t> labels;
  std::vector<std::string> paths;
  RowBuffer features;        ///< all rows, as they are stored
  std::vector<Row> numbers;  ///< [rows] for Search::add()
  EntryReader pictures;
  std::int64_t max_pixels;
  std::string report;                   ///< a page, or ""
  double usual_distance;                ///< 95 of 100 pictures of the catalogue have a neighbour that is as near
  NearestOptions nearest;               ///< of searches in it
  std::optional<double> set_threshold;  ///< of prediction sets, if the model knows them
  std::shared_ptr<Engine> engine;

  /// The nearest pictures of queries [n, width], `top` each.
  [[nodiscard]] NeighbourTable search(std::span<const float> queries, std::int64_t top) const;
  /// Features of a row as floats.
  [[nodiscard]] std::vector<float> row(Row row) const;
};

/// Reads the files. Takes the network over from `before`, which may be null, if it makes the same rows. Call with one
/// rank. Throws Error.
[[nodiscard]] std::shared_ptr<const Snapshot> read_snapshot(const Communicator& comm, const SnapshotFiles& files,
                                                            const std::shared_ptr<const Snapshot>& before);

}  // namespace pool3::jobs
