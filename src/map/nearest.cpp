#include "map/nearest.hpp"

#include <algorithm>
#include <atomic>
#include <limits>
#include <thread>

#include "map/parallel.hpp"

namespace pool3::map {
namespace {

constexpr std::int64_t query_tile = 128;
constexpr std::int64_t row_tile = 2048;
/// Products in float tell distances apart up to rounding, so some more rows are looked at closely.
constexpr std::int64_t spare = 8;

struct Candidate {
  float square = 0;
  std::int32_t row = 0;
  auto operator<=>(const Candidate&) const = default;
};

/// The nearest so far, as a heap: the farthest in front.
class Nearest {
 public:
  explicit Nearest(std::size_t most) : most_(most) { heap_.reserve(most + 1); }
  [[nodiscard]] float bound() const {
    return heap_.size() < most_ ? std::numeric_limits<float>::infinity() : heap_.front().square;
  }
  void offer(Candidate c) {
    if (heap_.size() == most_) {
      if (!(c < heap_.front())) return;
      std::ranges::pop_heap(heap_);
      heap_.pop_back();
    }
    heap_.push_back(c);
    std::ranges::push_heap(heap_);
  }
  [[nodiscard]] std::vector<Candidate>& all() { return heap_; }

 private:
  std::size_t most_;
  std::vector<Candidate> heap_;
};

class Search {
 public:
  Search(const Matrix& queries, const Matrix& rows, std::int64_t k, Queries which)
      : queries_(queries), rows_(rows), norms_(rows.rowwise().squaredNorm()), same_(which == Queries::same) {
    found_.k = k;
    found_.rows.resize(index(queries.rows() * k));
    found_.squares.resize(index(queries.rows() * k));
  }

  [[nodiscard]] std::int64_t tiles() const { return (queries_.rows() + query_tile - 1) / query_tile; }

  void tile(std::int64_t t) {
    const std::int64_t begin = t * query_tile, count = std::min(query_tile, queries_.rows() - begin);
    std::vector<Nearest> nearest(index(count), Nearest(index(std::min(found_.k + spare, rows_.rows()))));
    Matrix squares;
    for (std::int64_t first = 0; first < rows_.rows(); first += row_tile) {
      const std::int64_t many = std::min(row_tile, rows_.rows() - first);
      squares.noalias() = -2 * queries_.middleRows(begin, count) * rows_.middleRows(first, many).transpose();
      squares.rowwise() += norms_.segment(first, many).transpose();  // all but the query's own, which is the same
      for (std::int64_t i = 0; i < count; ++i) offer(nearest[index(i)], squares.row(i).data(), first, many, begin + i);
    }
    for (std::int64_t i = 0; i < count; ++i) keep(begin + i, nearest[index(i)]);
  }

  Neighbours found() { return std::move(found_); }

 private:
  void offer(Nearest& nearest, const float* squares, std::int64_t first, std::int64_t count, std::int64_t query) const {
    float bound = nearest.bound();
    for (std::int64_t j = 0; j < count; ++j) {
      if (squares[j] > bound || (same_ && first + j == query)) continue;
      nearest.offer({squares[j], static_cast<std::int32_t>(first + j)});
      bound = nearest.bound();
    }
  }

  void keep(std::int64_t query, Nearest& nearest) {
    for (Candidate& c : nearest.all()) {
      const auto difference = (queries_.row(query) - rows_.row(c.row)).cast<double>();
      c.square = static_cast<float>(difference.squaredNorm());
    }
    std::ranges::sort(nearest.all());
    for (std::int64_t j = 0; j < found_.k; ++j) {
      found_.rows[index(query * found_.k + j)] = nearest.all()[index(j)].row;
      found_.squares[index(query * found_.k + j)] = nearest.all()[index(j)].square;
    }
  }

  const Matrix& queries_;
  const Matrix& rows_;
  Eigen::VectorXf norms_;
  bool same_;
  Neighbours found_;
};

}  // namespace

Neighbours nearest_rows(const Matrix& queries, const Matrix& rows, std::int64_t k, Queries which, int threads,
                        const Show& show) {
  Search search(queries, rows, k, which);
  std::atomic<std::int64_t> done = 0;
  const auto caller = std::this_thread::get_id();
  for_each_piece(threads, search.tiles(), [&](std::int64_t t) {
    search.tile(t);
    const std::int64_t so_far = done += std::min(query_tile, queries.rows() - t * query_tile);
    if (show && std::this_thread::get_id() == caller) show(so_far, queries.rows());
  });
  return search.found();
}

}  // namespace pool3::map
