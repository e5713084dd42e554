#pragma once
// What a stage of a job took, in the numbers for monitoring: each rank's own line, and the first rank's for the job.

#include <string>

#include "console/log.hpp"
#include "pool3/mpi.hpp"
#include "pool3/mpi/traffic.hpp"

namespace pool3::jobs {

/// Measures from its making to end(). For stages that tell no numbers of their own.
class StageClock {
 public:
  /// `comm` and `log` must outlive it.
  StageClock(const Communicator& comm, const Log& log, std::string stage);
  /// Writes the lines. Not collective; every rank should call it.
  void end() const;

 private:
  const Communicator& comm_;
  const Log& log_;
  std::string stage_;
  double begin_;
  Traffic before_;
};

}  // namespace pool3::jobs
