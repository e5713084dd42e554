#pragma once
// Where a training stands, and the file that it resumes from.

#include <cstdint>
#include <string>
#include <vector>

#include "pool3/mpi.hpp"

namespace pool3::baselines {

/// The same on every rank.
struct TrainingState {
  std::vector<float> parameters, mean, square;  ///< the latter two are Adam's
  std::vector<float> best;                      ///< of the epoch with the lowest validation loss
  double best_loss = 0;
  std::int64_t epoch = 0, steps = 0, best_epoch = 0;  ///< done; best_epoch 0: none yet
};

/// A file that holds it, for a training that `identity` tells from others.
class Checkpoint {
 public:
  Checkpoint(const Communicator& comm, std::string path, std::string identity)
      : comm_(comm), path_(std::move(path)), identity_(std::move(identity)) {}
  /// True if there is one of this training, with as many parameters; then `state` is its. Collective.
  [[nodiscard]] bool recall(TrainingState& state) const;
  /// Collective.
  void keep(const TrainingState& state) const;

 private:
  const Communicator& comm_;
  std::string path_, identity_;
};

}  // namespace pool3::baselines
