#pragma once
// An order of classes in which those that are taken for each other stand side by side.

#include <cstdint>
#include <span>
#include <vector>

namespace pool3::report {

/// A permutation of [0, classes). `confusion`: [classes, classes], row true class, column predicted. Clusters of
/// classes grow by the mean share of rows that one takes from the other (average linkage); what is never confused keeps
/// its order.
[[nodiscard]] std::vector<std::int32_t> order_by_confusion(std::span<const std::int64_t> confusion,
                                                           std::size_t classes);

}  // namespace pool3::report
