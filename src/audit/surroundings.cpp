#include "audit/surroundings.hpp"

#include <algorithm>
#include <map>
#include <numeric>

namespace pool3::audit {
namespace {

/// Neighbours of each row at first. Rows that have more near copies are asked again, for eight times as many.
constexpr std::int64_t first_top = 20;
constexpr std::int64_t growth = 8;
/// Features that are the same may differ by rounding.
constexpr double same = 1e-9;

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

std::vector<std::int64_t> places_of(const FeatureReader& reader, const std::vector<Row>& rows) {
  const auto status = reader.status();
  const auto keys = reader.keys();
  std::map<ImageKey, std::int64_t> place_of_key;
  for (std::size_t p = 0; p < rows.size(); ++p) place_of_key[keys[index(rows[p])]] = static_cast<std::int64_t>(p);
  std::vector<std::int64_t> places;
  for (std::size_t i = 0; i < keys.size(); ++i)
    places.push_back(status[i] == RowStatus::done ? place_of_key.at(keys[i]) : -1);
  return places;
}

double limit_of(const NeighbourTable& table, double share) {
  std::vector<double> nearest;
  for (std::int64_t i = 0; i < table.queries(); ++i)
    if (table.of(i)[0].row >= 0) nearest.push_back(table.of(i)[0].distance);
  return nearest.empty() ? 0 : std::max(same, share * median(std::move(nearest)));
}

double mean_of(std::span<const Neighbour> neighbours) {
  double sum = 0;
  std::int64_t count = 0;
  for (const Neighbour& n : neighbours.first(index(std::min(outlier_neighbours, std::ssize(neighbours))))) {
    if (n.row < 0) break;
    sum += n.distance;
    ++count;
  }
  return count > 0 ? sum / static_cast<double>(count) : 0;
}

/// Puts what is near into `near`, and returns the queries whose list may lack some.
std::vector<std::int64_t> take_near(const NeighbourTable& table, const std::vector<std::int64_t>& queries, double limit,
                                    NearRows& near) {
  std::vector<std::int64_t> full;
  for (std::size_t q = 0; q < queries.size(); ++q) {
    auto& list = near[index(queries[q])];
    list.clear();
    for (const Neighbour& n : table.of(static_cast<std::int64_t>(q)))
      if (n.row >= 0 && n.distance <= limit) list.push_back(n);
    if (std::ssize(list) == table.top) full.push_back(queries[q]);
  }
  return full;
}

}  // namespace

Surroundings look_around(const Communicator& comm, const FeatureReader& reader, const NearCopyOptions& options,
                         const ShowRows& show) {
  Surroundings around;
  comm.all_do([&] {
    reader.check_tables(comm.rank(), comm.size());
    around.rows = rows_of_keys(reader.status(), reader.keys());
    around.place = places_of(reader, around.rows);
  });
  std::vector<std::int64_t> queries(around.rows.size());
  std::iota(queries.begin(), queries.end(), std::int64_t{0});
  NearRows near(around.rows.size());
  for (std::int64_t top = first_top; !queries.empty(); top *= growth) {
    const auto table = nearest_of_file(comm, reader, around.rows, queries, top, options.threads, show);
    if (top == first_top) {
      around.limit = limit_of(table, options.share);
      for (const std::int64_t q : queries) around.mean_distance.push_back(mean_of(table.of(q)));
    }
    queries = take_near(table, queries, around.limit, near);
  }
  around.clusters = cluster(std::move(near));
  return around;
}

}  // namespace pool3::audit
