#pragma once
// How ranks wait for each other.

#include <mpi.h>

namespace pool3::mpi {

/// Returns when every rank of `comm` has come here. Each collective call begins with it: what follows has nobody to
/// wait for, and MPI's own calls, which use a core while they wait, are short. Names ranks that do not come.
/// Collective.
void meet(MPI_Comm comm);

}  // namespace pool3::mpi
