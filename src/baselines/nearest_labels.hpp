#pragma once
// Questions of all ranks, some at a time: each rank answers from the rows that it holds.

#include <functional>
#include <span>
#include <vector>

#include "pool3/mpi.hpp"
#include "pool3/neighbours.hpp"

namespace pool3::baselines {

/// Rows of one rank, and the labels that an answer is made of.
struct LabelledShare {
  std::span<const float> x;  ///< [rows, dim]
  std::int64_t dim = 0;
  std::span<const std::int32_t> labels;
  std::span<const std::int64_t> numbers;  ///< of the rows, no two of all ranks alike
};

/// The nearest of this rank's rows to each of some queries [n, dim]: one of each, row -1 where there is none.
using FindNearest = std::function<NeighbourTable(std::span<const float> queries)>;

/// The label of the nearest of all ranks' rows for each query [queries, dim] of this rank; of equals the lowest number.
/// REQUIRES: some rank has rows. Collective.
[[nodiscard]] std::vector<std::int32_t> nearest_labels(const Communicator& comm, const LabelledShare& rows,
                                                       std::span<const float> queries, const FindNearest& find);

}  // namespace pool3::baselines
