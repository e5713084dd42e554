#pragma once
// How many threads a rank computes with.

#include "pool3/mpi.hpp"

namespace pool3::jobs {

/// `wanted`, or, for 0, this rank's share of the cores that its node lets the job use. Collective.
[[nodiscard]] int thread_count(const Communicator& comm, int wanted);

}  // namespace pool3::jobs
