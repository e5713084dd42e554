#include "extraction/block.hpp"

#include <utility>

namespace pool3::extraction {

OpenBlock::OpenBlock(BlockTask given, std::int64_t features_of_a_row)
    : task(std::move(given)),
      width(static_cast<std::size_t>(features_of_a_row)),
      station(task.paths.size(), Station::waiting),
      unsettled(task.paths.size()) {
  result.index = task.index;
  result.features.resize(unsettled * width);
  result.keys.resize(unsettled);
  result.status.resize(unsettled, RowStatus::done);
}

std::span<float> OpenBlock::features(std::size_t row) { return std::span(result.features).subspan(row * width, width); }

}  // namespace pool3::extraction
