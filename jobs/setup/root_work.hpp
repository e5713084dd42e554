#pragma once
// Work that the first rank does alone, for minutes.

#include <functional>

#include "pool3/mpi.hpp"

namespace pool3::jobs {

/// Runs `work` on the root; the others wait for it. `work` calls `alive` now and then, on the main thread and as often
/// as it likes, so that no rank takes the root for silent. If `work` throws Error, every rank throws that error, as a
/// collective one. Collective.
void root_works(const Communicator& comm, const std::function<void(const std::function<void()>& alive)>& work);

}  // namespace pool3::jobs
