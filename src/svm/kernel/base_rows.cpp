#include "svm/kernel/base_rows.hpp"

#include <algorithm>

namespace pool3::svm {

RowList with_nearest(RowList rows, std::vector<NearRow> near, double share, std::size_t least) {
  const auto most = static_cast<std::size_t>(share * static_cast<double>(rows.size()));
  const std::size_t count = std::min(near.size(), std::max(least, most));
  std::ranges::sort(near, [](const NearRow& a, const NearRow& b) {
    return a.distance != b.distance ? a.distance < b.distance : a.row < b.row;
  });
  for (std::size_t i = 0; i < count; ++i) rows.push_back(near[i].row);
  std::ranges::sort(rows);
  return rows;
}

}  // namespace pool3::svm
