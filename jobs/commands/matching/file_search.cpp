#include "commands/matching/file_search.hpp"

#include <algorithm>
#include <future>

namespace pool3::jobs {
namespace {

/// Bytes of one piece of the file.
constexpr std::int64_t piece_bytes = std::int64_t{16} << 20;

/// Some blocks of the file.
struct Piece {
  std::int64_t first, last;
};

/// This rank's pieces, every P-th.
std::vector<Piece> pieces_of(const Communicator& comm, const FeatureReader& reader) {
  const std::int64_t block = reader.block_rows() * reader.width() * element_bytes(reader.type());
  const std::int64_t step = std::max<std::int64_t>(1, piece_bytes / std::max<std::int64_t>(block, 1));
  std::vector<Piece> pieces;
  for (std::int64_t first = comm.rank() * step; first < reader.blocks(); first += comm.size() * step)
    pieces.push_back({first, std::min(first + step, reader.blocks())});
  return pieces;
}

}  // namespace

NeighbourTable search_file(const Communicator& comm, const RowSource& source, const CatalogueRows& rows,
                           std::span<const float> queries, const NearestOptions& options) {
  Search search(queries, source.width(), options);
  comm.all_do([&] {
    const std::vector<Piece> pieces = pieces_of(comm, source.reader());
    const auto read = [&](const Piece& piece) {
      return std::async(std::launch::async, [&source, piece] { return source.read(piece.first, piece.last); });
    };
    std::future<RowBuffer> next;
    if (!pieces.empty()) next = read(pieces.front());
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const RowBuffer buffer = next.get();
      if (i + 1 < pieces.size()) next = read(pieces[i + 1]);
      std::vector<Row> numbers;
      const Row end = source.reader().block(pieces[i].last - 1).end;
      for (Row row = source.reader().block(pieces[i].first).begin; row < end; ++row)
        numbers.push_back(rows.number(row));
      search.add(buffer.view(), numbers);
    }
  });
  return merge(comm, search.results());
}

void search_all(const Communicator& comm, const RowSource& source, const CatalogueRows& rows,
                const NearestOptions& options,
                const std::function<void(std::int64_t first, const NeighbourTable&)>& use) {
  const FeatureReader& reader = source.reader();
  RowsElsewhere elsewhere{.row_bytes = std::max(reader.width(), source.width()) * element_bytes(reader.type()),
                          .pieces = {},
                          .numbers = std::vector<Row>(static_cast<std::size_t>(reader.rows()), -1),
                          .read = [&](std::int64_t first, std::int64_t last) { return source.read(first, last); }};
  for (std::int64_t b = 0; b < reader.blocks(); ++b) elsewhere.pieces.push_back(reader.block(b));
  Row next = 0;
  for (const Row row : rows.first_rows()) elsewhere.numbers[static_cast<std::size_t>(row)] = next++;
  nearest_of_all(comm, elsewhere, {.nearest = options}, use);
}

std::vector<Answer> answers_of(std::span<const Neighbour> found, const CatalogueRows& rows, Row own, std::int64_t top) {
  std::vector<Answer> answers;
  for (const Neighbour& neighbour : found) {
    if (std::ssize(answers) == top) break;
    std::vector<Row> same = rows.same_picture(neighbour.row);
    std::erase(same, own);
    if (same.empty()) continue;
    answers.push_back({same.front(), neighbour.distance, {same.begin() + 1, same.end()}});
  }
  return answers;
}

}  // namespace pool3::jobs
