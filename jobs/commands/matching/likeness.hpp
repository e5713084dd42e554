#pragma once
// Whether a picture is like those of a catalogue: by how far the nearest of them is.

#include <span>
#include <string>
#include <vector>

#include "commands/matching/catalogue_rows.hpp"
#include "pool3/neighbours.hpp"

namespace pool3::jobs {

/// Of so many in 100 pictures of a catalogue, another one is no farther than what is usual.
inline constexpr double usual_share = 0.95;
/// Farther than any picture: nothing is unlike a catalogue of one.
inline constexpr double unknown_distance = 1e300;

/// Of rows that were searched with those of a catalogue they are in: the distance to the nearest other one, of those
/// that have one.
[[nodiscard]] std::vector<double> distances_to_others(const NeighbourTable& table, std::span<const Row> asked);
/// The distance within which usual_share of them are, by place among the sorted ones; unknown_distance of none.
[[nodiscard]] double usual_of(std::vector<double> distances);

/// The training pictures of a catalogue, or all of them where a model was trained on another one. Holds their features.
class Likeness {
 public:
  /// Throws Error: the file can't be read, or has features of another kind than `model`. Not collective.
  Likeness(const std::string& path, const Model& model, const std::string& model_path, int threads);

  [[nodiscard]] double usual_distance() const { return usual_distance_; }
  /// Cosine distance to the nearest of them, of each of the features [n, width].
  [[nodiscard]] std::vector<double> distances(std::span<const float> features) const;
  [[nodiscard]] bool is_unlike(double distance) const { return distance > usual_distance_; }

 private:
  RowBuffer rows_;
  std::vector<Row> numbers_;  ///< of rows_, -1 of what does not count
  std::int64_t width_ = 0;
  int threads_;
  double usual_distance_ = unknown_distance;
};

}  // namespace pool3::jobs
