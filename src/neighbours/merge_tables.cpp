#include <algorithm>
#include <cstring>
#include <string>

#include "pool3/neighbours.hpp"

namespace pool3 {
namespace {

static_assert(std::is_trivially_copyable_v<Neighbour>);

std::string bytes_of(std::span<const Neighbour> entries) {
  std::string bytes(entries.size_bytes(), '\0');
  if (!entries.empty()) std::memcpy(bytes.data(), entries.data(), entries.size_bytes());
  return bytes;
}

std::vector<Neighbour> entries_of(const std::string& bytes) {
  std::vector<Neighbour> entries(bytes.size() / sizeof(Neighbour));
  if (!entries.empty()) std::memcpy(entries.data(), bytes.data(), bytes.size());
  return entries;
}

/// First query of a rank's share.
std::int64_t share_begin(std::int64_t queries, int rank, int ranks) { return queries * rank / ranks; }

/// The best of each query, of tables of the same queries.
std::vector<Neighbour> best_of(const std::vector<std::string>& tables, std::int64_t top) {
  std::vector<Neighbour> best = entries_of(tables.front());
  std::vector<Neighbour> both(static_cast<std::size_t>(2 * top));
  for (std::size_t t = 1; t < tables.size(); ++t) {
    const std::vector<Neighbour> more = entries_of(tables[t]);
    for (std::size_t q = 0; q < best.size(); q += static_cast<std::size_t>(top)) {
      const auto mine = std::span(best).subspan(q, static_cast<std::size_t>(top));
      std::ranges::merge(mine, std::span(more).subspan(q, static_cast<std::size_t>(top)), both.begin());
      std::ranges::copy(both.begin(), both.begin() + top, mine.begin());
    }
  }
  return best;
}

}  // namespace

NeighbourTable merge(const Communicator& comm, const NeighbourTable& mine) {
  if (comm.size() == 1) return mine;
  const std::int64_t queries = mine.queries();
  std::vector<std::string> parts;
  for (int rank = 0; rank < comm.size(); ++rank) {
    const std::int64_t begin = share_begin(queries, rank, comm.size()) * mine.top;
    const std::int64_t end = share_begin(queries, rank + 1, comm.size()) * mine.top;
    parts.push_back(bytes_of(
        std::span(mine.entries).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin))));
  }
  std::string whole;
  for (const std::string& part : comm.gather(bytes_of(best_of(comm.exchange(parts), mine.top)))) whole += part;
  comm.broadcast(whole);
  return {.top = mine.top, .entries = entries_of(whole)};
}

}  // namespace pool3
