#include "copies.hpp"

#include <algorithm>
#include <vector>

namespace pool3::jobs {
namespace {

constexpr std::int64_t rows_of_step = 1 << 16;

struct KeyedRow {
  ImageKey key;
  Row row = 0;
  auto operator<=>(const KeyedRow&) const = default;
};

/// The rows of this rank's share of the keys, those of one picture side by side.
std::vector<KeyedRow> own_rows(const Communicator& comm, const FeatureReader& reader) {
  std::vector<KeyedRow> own;
  own.reserve(static_cast<std::size_t>(reader.rows() / comm.size()));
  for (Row begin = 0; begin < reader.rows(); begin += rows_of_step) {
    const RowRange rows{begin, std::min(begin + rows_of_step, reader.rows())};
    const auto keys = reader.keys(rows);
    const auto status = reader.status(rows);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const bool was_read = status[i] == RowStatus::done || stage_of(status[i]) != "read";
      const bool is_own =
          keys[i].high % static_cast<std::uint64_t>(comm.size()) == static_cast<std::uint64_t>(comm.rank());
      if (was_read && is_own) own.push_back({keys[i], begin + static_cast<Row>(i)});
    }
  }
  std::ranges::sort(own);
  return own;
}

bool is_better(std::int64_t times, Row row, const CopyCount& than) {
  return times > than.most || (times == than.most && row < than.example);
}

CopyCount count(const std::vector<KeyedRow>& rows) {
  CopyCount found;
  for (std::size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
    while (end < rows.size() && rows[end].key == rows[begin].key) ++end;
    const auto times = static_cast<std::int64_t>(end - begin);
    if (times < 2) continue;
    ++found.pictures;
    found.copies += times - 1;
    if (is_better(times, rows[begin].row, found)) found.most = times, found.example = rows[begin].row;
  }
  return found;
}

}  // namespace

CopyCount count_copies(const Communicator& comm, const std::string& path) {
  CopyCount mine;
  comm.all_do([&] { mine = count(own_rows(comm, FeatureReader(path))); });
  const auto largest = [&](std::int64_t value) {
    return static_cast<std::int64_t>(comm.max(static_cast<double>(value)));
  };
  CopyCount all{.copies = comm.sum(mine.copies), .pictures = comm.sum(mine.pictures), .most = largest(mine.most)};
  constexpr std::int64_t beyond = std::int64_t{1} << 53;  // no row has this number
  if (all.copies > 0) all.example = -largest(mine.most == all.most ? -mine.example : -beyond);
  return all;
}

}  // namespace pool3::jobs
