#pragma once
// The small network, by LibTorch's automatic differentiation.

#include <memory>

#include "pool3/network/small_network.hpp"

namespace pool3::network {

[[nodiscard]] std::unique_ptr<SmallNetwork> small_network(const SmallNetworkShape& shape);

}  // namespace pool3::network
