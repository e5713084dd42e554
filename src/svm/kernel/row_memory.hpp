#pragma once
// What solving on rows takes that the ranks hold between them. Private to the room.

#include <string>

#include "pool3/mpi.hpp"
#include "pool3/svm/kernel_machine.hpp"

namespace pool3::svm {

/// Nodes, and the most ranks that one has.
struct NodesAndRanks {
  double nodes = 0, ranks = 0;
};
/// Collective.
[[nodiscard]] NodesAndRanks nodes_and_ranks(const Communicator& comm);

inline constexpr double bytes_of_gib = 1073741824.0;
/// "1.5 GiB".
[[nodiscard]] std::string gib(double bytes);

/// Bytes a node, at least: dual variables, margins and scores of each row and column, the weights of each rank, and the
/// rows. A search solves the columns of all folds at a time.
[[nodiscard]] double least_row_bytes(const ProblemSize& size, const NodesAndRanks& of);

/// ", at least 1.5 GiB a node". Throws a collective usage Error if that is more than both `most_bytes` and what each
/// node's system has to give now, `available`. Collective.
[[nodiscard]] std::string row_memory_words(const Communicator& comm, const ProblemSize& size, double most_bytes,
                                           double available);

}  // namespace pool3::svm
