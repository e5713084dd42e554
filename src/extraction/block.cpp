#include "extraction/block.hpp"

#include <utility>

namespace pool3 {

OpenBlock::OpenBlock(BlockTask given) : task(std::move(given)), unread(task.paths.size()), unsettled(unread) {
  result.index = task.index;
  result.features.resize(unread * static_cast<std::size_t>(feature_dim));
  result.keys.resize(unread);
  result.status.resize(unread, RowStatus::done);
}

std::span<float> OpenBlock::features(std::size_t row) {
  constexpr auto columns = static_cast<std::size_t>(feature_dim);
  return std::span(result.features).subspan(row * columns, columns);
}

void OpenBlock::fail(std::size_t row, RowStatus status, const std::string& message) {
  result.status[row] = status;
  result.failures.push_back({task.first_row + static_cast<Row>(row), status, task.paths[row], one_line(message)});
}

}  // namespace pool3
