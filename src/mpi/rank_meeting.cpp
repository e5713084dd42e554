#include "mpi/rank_meeting.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <thread>

#include "mpi/return_codes.hpp"
#include "mpi/silent_ranks.hpp"

namespace pool3::mpi {
namespace {

/// Most waits are shorter: those of ranks with equal work, and of messages.
constexpr double spin_seconds = 100e-6;
/// Then a rank sleeps for such parts of the time that it has waited, so that it comes too late by no more than that.
constexpr double part_of_wait = 1.0 / 16;
constexpr double longest_sleep_seconds = 1e-3;

/// Messages, one after another, that tell a rank of the last one: each of them may find a rank that sleeps.
double hops(MPI_Comm comm) {
  int size = 1;
  check_mpi(MPI_Comm_size(comm, &size), "MPI_Comm_size");
  return std::bit_width(static_cast<unsigned>(size - 1));
}

}  // namespace

void meet(MPI_Comm comm) {
  const double most_hops = hops(comm);
  if (most_hops == 0) return;
  MPI_Request request = MPI_REQUEST_NULL;
  check_mpi(MPI_Ibarrier(comm, &request), "MPI_Ibarrier");
  Silence silence(comm);
  for (;;) {
    int all_here = 0;
    check_mpi(MPI_Test(&request, &all_here, MPI_STATUS_IGNORE), "MPI_Test");
    if (all_here != 0) return;
    const double waited = silence.seconds();
    if (waited < spin_seconds) continue;
    silence.check();
    const double pause = std::min(waited * part_of_wait / most_hops, longest_sleep_seconds);
    std::this_thread::sleep_for(std::chrono::duration<double>(pause));
  }
}

}  // namespace pool3::mpi
