#include "audit/surroundings.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "audit/picture_pairs.hpp"
#include "pool3/types.hpp"

namespace pool3::audit {
namespace {

/// Neighbours of each row at first. Rows that have more near copies are asked again, for eight times as many.
constexpr std::int64_t first_top = 20;
constexpr std::int64_t growth = 8;
/// Features that are the same may differ by rounding.
constexpr double same = 1e-9;
/// Of the distances to the nearest and the second nearest row.
constexpr double ratio = 0.3;

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

double usual_distance(const NeighbourTable& table) {
  std::vector<double> nearest;
  for (std::int64_t i = 0; i < table.queries(); ++i)
    if (!table.of(i).empty()) nearest.push_back(table.of(i).front().distance);
  return nearest.empty() ? 0 : median(std::move(nearest));
}

/// Pairs that are each other's nearest by far: nearer than is usual, and than `ratio` of the way to the next. That is
/// what a copy looks like that has suffered more, or whose features say little.
NearRows pairs_apart(const NeighbourTable& table, double usual) {
  NearRows pairs(index(table.queries()));
  const auto is_far_nearer = [&](std::int64_t row) {
    return table.of(row)[0].distance <= ratio * table.of(row)[1].distance;
  };
  for (std::int64_t row = 0; row < table.queries(); ++row) {
    if (table.of(row).size() < 2) continue;  // nothing says what is far
    const Neighbour nearest = table.of(row)[0];
    if (nearest.row <= row || nearest.distance > usual) continue;
    if (table.of(nearest.row)[0].row == row && is_far_nearer(row) && is_far_nearer(nearest.row))
      pairs[index(row)].push_back(nearest);
  }
  return pairs;
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
                         const FindPictures& pictures, const ShowRows& show) {
  Surroundings around;
  comm.all_do([&] {
    reader.check_tables(comm.rank(), comm.size());
    around.rows = rows_of_keys(reader.status(), reader.keys());
    around.place = places_of(reader, around.rows);
  });
  std::vector<std::int64_t> queries(around.rows.size());
  std::iota(queries.begin(), queries.end(), std::int64_t{0});
  NearRows near(around.rows.size()), pairs;
  for (std::int64_t top = first_top; !queries.empty(); top *= growth) {
    const auto table = top == first_top
                           ? nearest_of_every_row(comm, reader, around.rows, top, options.threads, show)
                           : nearest_of_file(comm, reader, around.rows, queries, top, options.threads, show);
    if (top == first_top) {
      const double usual = usual_distance(table);
      around.limit = std::max(same, options.share * usual);
      pairs = pairs_apart(table, usual);
      for (const std::int64_t q : queries) around.mean_distance.push_back(mean_of(table.of(q)));
    }
    queries = take_near(table, queries, around.limit, near);
  }
  for (std::size_t i = 0; i < pairs.size(); ++i) near[i].insert(near[i].end(), pairs[i].begin(), pairs[i].end());
  around.has_picture.assign(around.rows.size(), false);
  if (pictures) {
    SmallPictures found = pictures(around.rows);
    near = let_pictures_decide(comm, found, near, options.threads);
    around.has_picture = std::move(found.there);
  }
  around.clusters = cluster(std::move(near));
  return around;
}

}  // namespace pool3::audit
