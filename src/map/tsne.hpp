#pragma once
// The descent of t-SNE.

#include "map/affinities.hpp"
#include "map/plane.hpp"

namespace pool3::map {

struct LayoutOptions {
  int steps = 750;
  int threads = 1;
};

/// True if all pairs of so many points are looked at; else a grid stands in for them.
[[nodiscard]] bool is_exact(std::int64_t points);

/// Moves `start` by gradient descent on the divergence between affinities and places: momentum and gains, a learning
/// rate of n / 12, then n (200 at least), attraction twelvefold in the first third of the steps. The same for any
/// number of threads.
[[nodiscard]] Plane lay_out(const Affinities& affinities, Plane start, const LayoutOptions& options,
                            const Show& show = {});

}  // namespace pool3::map
