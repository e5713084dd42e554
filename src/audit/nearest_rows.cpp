#include "audit/nearest_rows.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <set>

#include "pool3/partition.hpp"

namespace pool3::audit {
namespace {

constexpr std::int64_t floats_at_once = std::int64_t{1} << 26;
constexpr std::int64_t rows_of_a_read = 1024;

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Calls `use(features, numbers, done)` for runs of blocks: a place in `rows` for each of their rows, or -1.
template <typename Use>
void for_each_run(const FeatureReader& reader, const std::vector<Row>& rows, Use&& use) {
  const std::int64_t blocks_at_once = std::max<std::int64_t>(1, rows_of_a_read / reader.block_rows());
  std::vector<float> features;
  std::vector<Row> numbers;
  std::size_t next = 0;
  for (std::int64_t b = 0; b < reader.blocks(); b += blocks_at_once) {
    const std::int64_t end = std::min(b + blocks_at_once, reader.blocks());
    const Row first = reader.block(b).begin, last = reader.block(end - 1).end;
    numbers.assign(index(last - first), -1);
    const std::size_t before = next;
    for (; next < rows.size() && rows[next] < last; ++next) numbers[index(rows[next] - first)] = static_cast<Row>(next);
    if (next == before) continue;
    features.resize(index((last - first) * reader.width()));
    reader.read_blocks(b, end, features);
    use(std::span<const float>(features), std::span<const Row>(numbers), static_cast<std::int64_t>(next));
  }
}

/// Features of rows[wanted[0]], rows[wanted[1]], ...
std::vector<float> features_of(const FeatureReader& reader, const std::vector<Row>& rows,
                               std::span<const std::int64_t> wanted) {
  const std::size_t width = index(reader.width());
  std::vector<float> all(wanted.size() * width), block;
  std::int64_t in_memory = -1;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const Row row = rows[index(wanted[i])];
    const std::int64_t b = reader.block_of(row);
    if (b != in_memory) {
      block.resize(index(reader.block(b).size()) * width);
      reader.read_blocks(b, b + 1, block);
      in_memory = b;
    }
    const auto* from = block.data() + index(row - reader.block(b).begin) * width;
    std::copy_n(from, width, all.data() + i * width);
  }
  return all;
}

/// Blocks [first, last), as they are stored.
RowBuffer stored(const FeatureReader& reader, std::int64_t first, std::int64_t last) {
  const Row begin = reader.block(first).begin, end = reader.block(last - 1).end;
  const std::size_t numbers = index((end - begin) * reader.width());
  RowBuffer buffer{.width = reader.width(), .floats = {}, .halves = {}};
  if (reader.type() == FeatureType::float16) {
    buffer.halves.resize(numbers);
    reader.read_stored(first, last, std::as_writable_bytes(std::span(buffer.halves)));
  } else {
    buffer.floats.resize(numbers);
    reader.read_blocks(first, last, buffer.floats);
  }
  return buffer;
}

/// `top` of each query, without the query itself; where there are less, entries without a row.
void append_others(const NeighbourTable& found, std::span<const std::int64_t> queries, std::int64_t top,
                   std::vector<Neighbour>& entries) {
  for (std::size_t i = 0; i < queries.size(); ++i) {
    std::int64_t kept = 0;
    for (const Neighbour& n : found.of(static_cast<std::int64_t>(i))) {
      if (kept == top || n.row == queries[i]) continue;
      entries.push_back(n);
      ++kept;
    }
    entries.resize(entries.size() + index(top - kept));
  }
}

}  // namespace

std::vector<Row> rows_of_keys(std::span<const RowStatus> status, std::span<const ImageKey> keys) {
  std::set<ImageKey> seen;
  std::vector<Row> rows;
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (status[i] == RowStatus::done && seen.insert(keys[i]).second) rows.push_back(static_cast<Row>(i));
  return rows;
}

NeighbourTable nearest_of_every_row(const Communicator& comm, const FeatureReader& reader, const std::vector<Row>& rows,
                                    std::int64_t top, int threads, const ShowRows& show) {
  RowsElsewhere elsewhere{.row_bytes = reader.width() * element_bytes(reader.type()),
                          .pieces = {},
                          .numbers = std::vector<Row>(index(reader.rows()), -1),
                          .read = [&](std::int64_t first, std::int64_t last) { return stored(reader, first, last); }};
  for (std::int64_t b = 0; b < reader.blocks(); ++b) elsewhere.pieces.push_back(reader.block(b));
  for (std::size_t i = 0; i < rows.size(); ++i) elsewhere.numbers[index(rows[i])] = static_cast<Row>(i);
  std::vector<std::int64_t> queries(rows.size());
  std::iota(queries.begin(), queries.end(), std::int64_t{0});
  NeighbourTable all{.top = top, .entries = {}};
  const NearestOptions nearest{.top = top + 1, .metric = Metric::cosine, .threads = threads};
  nearest_of_all(
      comm, elsewhere, {.nearest = nearest},
      [&](std::int64_t first, const NeighbourTable& table) {
        append_others(table, std::span(queries).subspan(index(first), index(table.queries())), top, all.entries);
      },
      show);
  return all;
}

NeighbourTable nearest_of_file(const Communicator& comm, const FeatureReader& reader, const std::vector<Row>& rows,
                               const std::vector<std::int64_t>& queries, std::int64_t top, int threads,
                               const ShowRows& show) {
  const RowRange mine = even_share(std::ssize(queries), comm.size(), comm.rank());
  const std::int64_t at_once = std::max<std::int64_t>(1, floats_at_once / reader.width());
  const std::int64_t rounds = std::max<std::int64_t>(1, (mine.size() + at_once - 1) / at_once);
  std::vector<Neighbour> entries;
  comm.all_do([&] {
    for (std::int64_t begin = mine.begin, round = 0; begin < mine.end; begin += at_once, ++round) {
      const auto some = std::span(queries).subspan(index(begin), index(std::min(at_once, mine.end - begin)));
      Search search(features_of(reader, rows, some), reader.width(),
                    {.top = top + 1, .metric = Metric::cosine, .threads = threads});
      for_each_run(reader, rows, [&](auto features, auto numbers, std::int64_t done) {
        search.add({.width = reader.width(), .floats = features}, numbers);
        if (show) show(round * std::ssize(rows) + done, rounds * std::ssize(rows));
      });
      append_others(search.results(), some, top, entries);
    }
  });
  std::string bytes(entries.size() * sizeof(Neighbour), '\0');
  if (!bytes.empty()) std::memcpy(bytes.data(), entries.data(), bytes.size());
  std::string all;
  for (const std::string& part : comm.gather(bytes)) all += part;
  comm.broadcast(all);
  NeighbourTable table{.top = top, .entries = std::vector<Neighbour>(all.size() / sizeof(Neighbour))};
  if (!all.empty()) std::memcpy(table.entries.data(), all.data(), all.size());
  return table;
}

}  // namespace pool3::audit
