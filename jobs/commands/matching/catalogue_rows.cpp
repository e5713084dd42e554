#include "commands/matching/catalogue_rows.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "console/spelling.hpp"
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
    : keys_(reader.keys()), first_(index(reader.rows()), false) {
  const std::vector<bool> counts = rows_that_count(reader, filter);
  for (Row row = 0; row < reader.rows(); ++row)
    if (counts[index(row)]) by_key_.push_back(row);
  std::ranges::sort(by_key_,
                    [&](Row a, Row b) { return std::pair(keys_[index(a)], a) < std::pair(keys_[index(b)], b); });
  for (std::size_t i = 0; i < by_key_.size(); ++i) {
    if (i > 0 && keys_[index(by_key_[i])] == keys_[index(by_key_[i - 1])]) continue;
    first_[index(by_key_[i])] = true;
    ++pictures_;
  }
}

std::vector<Row> CatalogueRows::first_rows() const {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < first_.size(); ++i)
    if (first_[i]) rows.push_back(static_cast<Row>(i));
  return rows;
}

std::vector<Row> CatalogueRows::same_picture(Row row) const {
  const auto found =
      std::ranges::equal_range(by_key_, keys_[index(row)], {}, [&](Row other) { return keys_[index(other)]; });
  return {found.begin(), found.end()};
}

}  // namespace pool3::jobs
