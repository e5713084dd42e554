#include "extraction/known_rows.hpp"

#include <algorithm>

namespace pool3 {
namespace extraction {

KnownRows::KnownRows(const std::string& path, RowMatch match) : reader_(path), match_(match) {
  keys_ = reader_.keys();
  status_ = reader_.status();
  if (match == RowMatch::by_row) return;
  for (std::size_t row = 0; row < keys_.size(); ++row)
    if (status_[row] == RowStatus::done) by_key_.emplace_back(keys_[row], static_cast<Row>(row));
  std::sort(by_key_.begin(), by_key_.end());
  keys_.clear();
  keys_.shrink_to_fit();
}

bool KnownRows::take(Row row, std::span<float> features, ImageKey& key, Cursor& cursor) const {
  const auto index = static_cast<std::size_t>(row);
  if (match_ != RowMatch::by_row || index >= status_.size() || status_[index] != RowStatus::done) return false;
  read_row(row, features, cursor);
  key = keys_[index];
  return true;
}

bool KnownRows::take(const ImageKey& key, std::span<float> features, Cursor& cursor) const {
  if (match_ != RowMatch::by_content) return false;
  const auto found = std::lower_bound(by_key_.begin(), by_key_.end(), std::pair(key, Row{0}));
  if (found == by_key_.end() || found->first != key) return false;
  read_row(found->second, features, cursor);
  return true;
}

void KnownRows::read_row(Row row, std::span<float> features, Cursor& cursor) const {
  const std::int64_t index = reader_.block_of(row);
  const RowRange rows = reader_.block(index);
  const auto width = static_cast<std::int64_t>(features.size());
  if (cursor.block != index) {
    cursor.features.resize(static_cast<std::size_t>(rows.size() * width));
    cursor.block = -1;
    reader_.read_blocks(index, index + 1, cursor.features);
    cursor.block = index;
  }
  std::copy_n(cursor.features.begin() + (row - rows.begin) * width, width, features.begin());
}

}  // namespace extraction

std::shared_ptr<const extraction::KnownRows> open_known_rows(const std::string& path, RowMatch match) {
  return std::make_shared<const extraction::KnownRows>(path, match);
}

}  // namespace pool3
