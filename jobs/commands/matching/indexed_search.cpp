#include "commands/matching/indexed_search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "console/output.hpp"
#include "pool3/files.hpp"
#include "pool3/types.hpp"

namespace pool3::jobs {
namespace {

constexpr std::int64_t piece_bytes = std::int64_t{16} << 20;
/// Rows that are read first, for each answer.
constexpr std::int64_t first_reads = 4;

template <typename T>
void append(std::vector<T>& to, const std::vector<T>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

/// Rows that lie evenly over the file.
RowBuffer sample_of(const RowSource& source) {
  const FeatureReader& reader = source.reader();
  const std::int64_t wanted = sketch_sample_rows(reader.width());
  const std::int64_t blocks = std::min(reader.blocks(), std::max<std::int64_t>(1, wanted / reader.block_rows()));
  RowBuffer sample{.width = reader.width(), .floats = {}, .halves = {}};
  for (std::int64_t i = 0; i < blocks; ++i) {
    const std::int64_t block = i * reader.blocks() / blocks;
    append(sample.floats, source.read_floats(block, block + 1));
  }
  return sample;
}

NeighbourIndex make_index(const Context& context, const RowSource& source, int threads) {
  const FeatureReader& reader = source.reader();
  NeighbourIndex made{.basis = sketch_basis(sample_of(source).view()),
                      .sketches = {},
                      .features_checksum = content_checksum(source.path()),
                      .features = reader.provenance(),
                      .config = context.config};
  Progress progress(context.log, "neighbours: index", "rows", reader.rows());
  const std::int64_t block_bytes = reader.block_rows() * reader.width() * element_bytes(reader.type());
  const std::int64_t step = std::max<std::int64_t>(1, piece_bytes / block_bytes);
  for (std::int64_t block = 0; block < reader.blocks(); block += step) {
    const std::int64_t end = std::min(block + step, reader.blocks());
    const Sketches some = sketch(made.basis, source.read(block, end).view(), threads);
    append(made.sketches.codes, some.codes);
    append(made.sketches.lost, some.lost);
    append(made.sketches.rest, some.rest);
    append(made.sketches.lengths, some.lengths);
    progress.update(made.sketches.rows());
  }
  progress.finish(made.sketches.rows());
  return made;
}

/// True if it is an index of these features.
bool is_of(const NeighbourIndex& found, const RowSource& source) {
  const FeatureReader& reader = source.reader();
  return found.features_checksum == content_checksum(source.path()) && found.basis.width == reader.width() &&
         found.sketches.rows() == reader.rows();
}

/// The rows of one query that may be among the nearest, the likeliest first.
class Candidates {
 public:
  Candidates(std::vector<double> least, const CatalogueRows& rows) : least_(std::move(least)) {
    for (Row row = 0; row < std::ssize(least_); ++row)
      if (rows.number(row) >= 0) rows_.push_back(row);
  }

  /// Takes up to `count` of those whose least distance is at most `limit`, and drops the others that are beyond it. By
  /// number, rising.
  std::vector<Row> take(std::int64_t count, double limit) {
    std::erase_if(rows_, [&](Row row) { return least_[index(row)] > limit; });
    const auto end = rows_.begin() + std::min(count, std::ssize(rows_));
    std::nth_element(rows_.begin(), end == rows_.end() ? end - (rows_.empty() ? 0 : 1) : end, rows_.end(),
                     [&](Row a, Row b) { return least_[index(a)] < least_[index(b)]; });
    std::vector<Row> taken(rows_.begin(), end);
    rows_.erase(rows_.begin(), end);
    std::ranges::sort(taken);
    return taken;
  }

 private:
  std::vector<double> least_;
  std::vector<Row> rows_;
};

/// Offers these rows (rising) to a search, a block of the file at a time.
void offer(Search& search, const RowSource& source, const std::vector<Row>& wanted) {
  for (std::size_t i = 0; i < wanted.size();) {
    const std::int64_t block = source.reader().block_of(wanted[i]);
    const RowRange range = source.reader().block(block);
    const RowBuffer buffer = source.read(block, block + 1);
    for (; i < wanted.size() && wanted[i] < range.end; ++i) {
      const Row at = wanted[i] - range.begin;
      search.add(buffer.view().part({at, at + 1}), wanted[i]);
    }
  }
}

NeighbourTable search_one(const RowSource& source, const CatalogueRows& rows, const NeighbourIndex& found,
                          std::span<const float> query, const NearestOptions& options) {
  Candidates candidates(least_distances(found.basis, found.sketches, query, options.metric), rows);
  Search search(query, source.width(), options);
  double limit = std::numeric_limits<double>::infinity();
  for (std::int64_t count = first_reads * options.top;; count *= 2) {
    const std::vector<Row> wanted = candidates.take(count, limit);
    if (wanted.empty()) return search.results();
    offer(search, source, wanted);
    const NeighbourTable table = search.results();
    if (std::ssize(table.of(0)) == options.top) limit = table.of(0).back().distance;
  }
}

}  // namespace

NeighbourIndex open_index(const Context& context, const RowSource& source, const std::string& path, int threads) {
  const Communicator& comm = context.comm;
  NeighbourIndex found;
  comm.root_does([&] {
    const bool is_there = std::filesystem::exists(path);
    if (is_there) found = read_index(path);
    if (is_there && is_of(found, source)) return;
    if (is_there) context.log.line("neighbours", fmt::format("{}: of other features; it is made anew", path));
    check_output({"neighbours", path});
    found = make_index(context, source, threads);
    write_index(found, path);
  });
  comm.all_do([&] {
    if (comm.is_root()) return;
    found = read_index(path);
    if (!is_of(found, source))
      throw Error({.stage = "neighbours", .path = path, .cause = "the feature file changes meanwhile"});
  });
  return found;
}

NeighbourTable search_index(const Communicator& comm, const RowSource& source, const CatalogueRows& rows,
                            const NeighbourIndex& found, std::span<const float> queries,
                            const NearestOptions& options) {
  const std::int64_t width = source.width(), count = std::ssize(queries) / width;
  NeighbourTable mine{.top = options.top, .entries = std::vector<Neighbour>(index(count * options.top))};
  comm.all_do([&] {
    for (std::int64_t q = comm.rank(); q < count; q += comm.size()) {
      const auto one = search_one(source, rows, found, queries.subspan(index(q * width), index(width)), options);
      std::ranges::copy(one.entries, mine.entries.begin() + q * options.top);
    }
  });
  return merge(comm, mine);
}

}  // namespace pool3::jobs
