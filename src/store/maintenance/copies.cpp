#include <algorithm>
#include <cstring>
#include <optional>
#include <tuple>
#include <type_traits>
#include <vector>

#include "pool3/partition.hpp"
#include "pool3/store/maintenance.hpp"

namespace pool3 {
namespace {

/// The labels of a picture's rows. Rows without a label don't count.
struct Labels {
  Row row = -1;    ///< the first one with a label
  Row other = -1;  ///< the first one with another label
  std::int32_t label = -1;
  std::int32_t unused = 0;  ///< no byte is left open, since it travels
};

Labels joined(Labels a, Labels b) {
  if (b.label < 0) return a;
  if (a.label < 0) return b;
  if (b.row < a.row) std::swap(a, b);
  const Row other = b.label != a.label ? b.row : b.other;
  if (other >= 0 && (a.other < 0 || other < a.other)) a.other = other;
  return a;
}

/// As often as it was seen so far. Travels between ranks as it lies in memory.
struct Picture {
  ImageKey key;
  Row first = 0;
  std::int64_t times = 1;
  Labels labels;
};
static_assert(std::is_trivially_copyable_v<Picture> && sizeof(Picture) == 56);

/// One entry a picture.
void merge(std::vector<Picture>& pictures) {
  std::ranges::sort(
      pictures, [](const Picture& a, const Picture& b) { return std::tie(a.key, a.first) < std::tie(b.key, b.first); });
  std::size_t kept = 0;
  for (const Picture& next : pictures) {
    if (kept > 0 && pictures[kept - 1].key == next.key) {
      Picture& picture = pictures[kept - 1];
      picture.times += next.times;
      picture.labels = joined(picture.labels, next.labels);
    } else {
      pictures[kept++] = next;
    }
  }
  pictures.resize(kept);
}

std::vector<Picture> read_pictures(const FeatureReader& reader, RowRange rows) {
  const auto keys = reader.keys(rows);
  const auto status = reader.status(rows);
  const auto labels = reader.labels(rows);
  std::vector<Picture> found;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const bool was_read = status[i] == RowStatus::done || stage_of(status[i]) != "read";
    const Row row = rows.begin + static_cast<Row>(i);
    if (was_read) found.push_back({.key = keys[i], .first = row, .labels = {.row = row, .label = labels[i]}});
  }
  merge(found);
  return found;
}

/// For each rank those that it owns.
std::vector<std::string> deal_out(const std::vector<Picture>& pictures, int ranks) {
  std::vector<std::string> parts(static_cast<std::size_t>(ranks));
  for (const Picture& picture : pictures)
    parts[picture.key.high % parts.size()].append(reinterpret_cast<const char*>(&picture), sizeof picture);
  return parts;
}

void append(std::vector<Picture>& pictures, const std::string& bytes) {
  const std::size_t before = pictures.size();
  pictures.resize(before + bytes.size() / sizeof(Picture));
  if (!bytes.empty()) std::memcpy(&pictures[before], bytes.data(), bytes.size());
}

/// This rank's pictures, over all rows of the file. Collective.
std::vector<Picture> own_pictures(const Communicator& comm, const FeatureReader& reader, std::int64_t rows_of_step) {
  const RowRange mine = even_share(reader.rows(), comm.size(), comm.rank());
  const std::int64_t longest = block_count(reader.rows(), comm.size());
  std::vector<Picture> own;
  std::size_t merged = 0;
  for (std::int64_t at = 0; at < longest; at += rows_of_step) {
    const RowRange rows{std::min(mine.begin + at, mine.end), std::min(mine.begin + at + rows_of_step, mine.end)};
    std::vector<std::string> parts;
    comm.all_do([&] { parts = deal_out(read_pictures(reader, rows), comm.size()); });
    for (const std::string& part : comm.exchange(parts)) append(own, part);
    if (own.size() < 2 * merged) continue;
    merge(own);
    merged = own.size();
  }
  merge(own);
  return own;
}

CopyCount count(const std::vector<Picture>& pictures) {
  CopyCount found;
  for (const Picture& p : pictures) {
    if (p.times < 2) continue;
    ++found.pictures;
    found.copies += p.times - 1;
    if (p.times > found.most || (p.times == found.most && p.first < found.example))
      found.most = p.times, found.example = p.first;
    if (p.labels.other < 0) continue;
    ++found.contradicted;
    if (found.contradiction >= 0 && found.contradiction < p.labels.row) continue;
    found.contradiction = p.labels.row;
    found.other = p.labels.other;
  }
  return found;
}

}  // namespace

CopyCount count_copies(const Communicator& comm, const std::string& path, std::int64_t rows_of_step) {
  std::optional<FeatureReader> reader;
  comm.all_do([&] { reader.emplace(path); });
  const CopyCount mine = count(own_pictures(comm, *reader, rows_of_step));
  const auto largest = [&](std::int64_t value) {
    return static_cast<std::int64_t>(comm.max(static_cast<double>(value)));
  };
  CopyCount all{.copies = comm.sum(mine.copies), .pictures = comm.sum(mine.pictures), .most = largest(mine.most)};
  constexpr std::int64_t beyond = std::int64_t{1} << 53;  // no row has this number
  if (all.copies > 0) all.example = -largest(mine.most == all.most ? -mine.example : -beyond);
  all.contradicted = comm.sum(mine.contradicted);
  if (all.contradicted == 0) return all;
  all.contradiction = -largest(mine.contradicted > 0 ? -mine.contradiction : -beyond);
  all.other = largest(mine.contradiction == all.contradiction ? mine.other : -1);
  return all;
}

}  // namespace pool3
