#include "extraction/known_rows.hpp"

#include <algorithm>

namespace pool3 {

OldRows::OldRows(const std::string& path, Match match) : reader_(path), match_(match) {
  keys_ = reader_.keys();
  status_ = reader_.status();
  if (match == Match::by_row) return;
  for (std::size_t row = 0; row < keys_.size(); ++row)
    if (status_[row] == RowStatus::done) by_key_.emplace_back(keys_[row], static_cast<Row>(row));
  std::sort(by_key_.begin(), by_key_.end());
  keys_.clear();
  keys_.shrink_to_fit();
}

bool OldRows::take(Row row, std::span<float> features, ImageKey& key, Cursor& cursor) const {
  const auto index = static_cast<std::size_t>(row);
  if (match_ != Match::by_row || index >= status_.size() || status_[index] != RowStatus::done) return false;
  read_row(row, features, cursor);
  key = keys_[index];
  return true;
}

bool OldRows::take(const ImageKey& key, std::span<float> features, Cursor& cursor) const {
  if (match_ != Match::by_content) return false;
  const auto found = std::lower_bound(by_key_.begin(), by_key_.end(), std::pair(key, Row{0}));
  if (found == by_key_.end() || found->first != key) return false;
  read_row(found->second, features, cursor);
  return true;
}

void OldRows::read_row(Row row, std::span<float> features, Cursor& cursor) const {
  const std::int64_t index = reader_.block_of(row);
  const RowRange rows = reader_.block(index);
  if (cursor.block != index) {
    cursor.features.resize(static_cast<std::size_t>(rows.size() * feature_dim));
    cursor.block = -1;
    reader_.read_blocks(index, index + 1, cursor.features);
    cursor.block = index;
  }
  std::copy_n(cursor.features.begin() + (row - rows.begin) * feature_dim, feature_dim, features.begin());
}

}  // namespace pool3
