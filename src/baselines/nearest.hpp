#pragma once
// The nearest of the training rows that the ranks hold between them.

#include <cstdint>
#include <span>
#include <vector>

#include "pool3/mpi.hpp"

namespace pool3::baselines {

enum class Distance : std::uint8_t { euclidean, absolute };

/// Rows of this rank.
struct Rows {
  std::span<const float> x;  ///< [rows, dim]
  std::int64_t dim = 0;
};

/// The label of the nearest training row for each query of this rank; of equal distances, that of the lowest origin.
/// Distances are sums in double in order of the features, so the answer is the same for any number of ranks. REQUIRES:
/// some rank has training rows. Collective.
[[nodiscard]] std::vector<std::int32_t> nearest_labels(const Communicator& comm, Distance distance,
                                                       const Rows& training, std::span<const std::int32_t> labels,
                                                       std::span<const std::int64_t> origin, const Rows& queries);

}  // namespace pool3::baselines
