#include "commands/matching/catalogue_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "console/flags/spelling.hpp"
#include "pool3/error.hpp"

namespace pool3::jobs {
namespace {

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

std::int32_t class_index(const std::vector<std::string>& classes, const std::string& name) {
  const auto found = std::ranges::find(classes, name);
  if (found == classes.end())
    throw usage_error(fmt::format("there is no class '{}'{}", one_line(name), did_you_mean(nearest(name, classes))));
  return static_cast<std::int32_t>(found - classes.begin());
}

/// Of each row, whether it counts.
std::vector<bool> rows_that_count(const FeatureReader& reader, const RowFilter& filter) {
  std::vector<bool> counts =
      filter.side ? rows_on_side(reader, filter.split, *filter.side) : std::vector<bool>(index(reader.rows()), true);
  const auto status = reader.status();
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = counts[i] && status[i] == RowStatus::done;
  if (filter.class_name.empty()) return counts;
  const std::int32_t wanted = class_index(reader.classes(), filter.class_name);
  const auto labels = reader.labels();
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = counts[i] && labels[i] == wanted;
  return counts;
}

}  // namespace

CatalogueRows::CatalogueRows(const FeatureReader& reader, const RowFilter& filter)
    : keys_(reader.keys()),
      slots_(std::bit_ceil(2 * keys_.size() + 1), -1),
      next_(keys_.size(), -1),
      first_(keys_.size(), false) {
  const std::vector<bool> counts = rows_that_count(reader, filter);
  std::vector<Row> last(keys_.size());  // of the picture that a row is the first of
  for (Row row = 0; row < reader.rows(); ++row) {
    if (!counts[index(row)]) continue;
    Row& first = slots_[slot_of(keys_[index(row)])];
    if (first < 0) {
      first = row;
      first_[index(row)] = true;
      ++pictures_;
    } else {
      next_[index(last[index(first)])] = row;
    }
    last[index(first)] = row;
  }
}

std::size_t CatalogueRows::slot_of(const ImageKey& key) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = key.low & mask;
  while (slots_[at] >= 0 && keys_[index(slots_[at])] != key) at = (at + 1) & mask;
  return at;
}

std::vector<Row> CatalogueRows::first_rows() const {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < first_.size(); ++i)
    if (first_[i]) rows.push_back(static_cast<Row>(i));
  return rows;
}

std::vector<Row> CatalogueRows::same_picture(Row row) const {
  std::vector<Row> same;
  for (Row at = slots_[slot_of(keys_[index(row)])]; at >= 0; at = next_[index(at)]) same.push_back(at);
  return same;
}

}  // namespace pool3::jobs
