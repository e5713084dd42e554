#include "map/affinities.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "pool3/threads.hpp"

namespace pool3::map {
namespace {

constexpr int most_halvings = 100;
constexpr double entropy_tolerance = 1e-6;
constexpr std::int64_t rows_of_a_piece = 256;

/// Weights exp(-beta (square - least)) that sum to 1, and their entropy.
double weigh(std::span<const float> squares, double beta, std::vector<double>& weights) {
  const double least = static_cast<double>(squares.front());
  double sum = 0, moment = 0;
  for (std::size_t j = 0; j < squares.size(); ++j) {
    const double further = static_cast<double>(squares[j]) - least;
    weights[j] = std::exp(-beta * further);
    sum += weights[j];
    moment += weights[j] * further;
  }
  for (double& w : weights) w /= sum;
  return std::log(sum) + beta * moment / sum;
}

struct Entry {
  std::int32_t column;
  float value;
};

/// Sorts the entries of each row by column and adds up those of one column.
Affinities merged(std::vector<Entry>& entries, const std::vector<std::int64_t>& begin, int threads) {
  const std::int64_t rows = std::ssize(begin) - 1;
  std::vector<std::int64_t> kept(index(rows));
  run_pieces(threads, rows, rows_of_a_piece, [&](std::int64_t first, std::int64_t end_of_piece) {
    for (std::int64_t i = first; i < end_of_piece; ++i) {
      const std::span row(entries.data() + begin[index(i)], entries.data() + begin[index(i + 1)]);
      std::ranges::stable_sort(row, {}, &Entry::column);
      std::size_t end = 0;
      for (const Entry& e : row) {
        if (end > 0 && row[end - 1].column == e.column) {
          row[end - 1].value += e.value;
        } else {
          row[end++] = e;
        }
      }
      kept[index(i)] = static_cast<std::int64_t>(end);
    }
  });
  Affinities all{.begin = {0}, .columns = {}, .values = {}};
  for (std::int64_t i = 0; i < rows; ++i) {
    for (const Entry& e : std::span(entries).subspan(index(begin[index(i)]), index(kept[index(i)]))) {
      all.columns.push_back(e.column);
      all.values.push_back(e.value);
    }
    all.begin.push_back(std::ssize(all.columns));
  }
  return all;
}

}  // namespace

std::vector<double> gaussian_weights(std::span<const float> squares, double perplexity) {
  std::vector<double> weights(squares.size());
  const double wanted = std::log(std::min(perplexity, static_cast<double>(squares.size())));
  const double spread = static_cast<double>(squares.back()) - static_cast<double>(squares.front());
  if (!(spread > 0)) {
    weigh(squares, 0, weights);
    return weights;
  }
  double low = 0, high = std::numeric_limits<double>::infinity(), beta = 1 / spread;
  for (int i = 0; i < most_halvings; ++i) {
    const double excess = weigh(squares, beta, weights) - wanted;
    if (std::abs(excess) < entropy_tolerance) break;
    (excess > 0 ? low : high) = beta;
    beta = std::isinf(high) ? 2 * beta : (low + high) / 2;
  }
  return weights;
}

Affinities affinities(const Neighbours& neighbours, double perplexity, int threads) {
  const std::int64_t k = neighbours.k, rows = std::ssize(neighbours.rows) / k;
  std::vector<double> weights(index(rows * k));
  run_pieces(threads, rows, rows_of_a_piece, [&](std::int64_t first, std::int64_t end_of_piece) {
    for (std::int64_t i = first; i < end_of_piece; ++i)
      std::ranges::copy(gaussian_weights(std::span(neighbours.squares).subspan(index(i * k), index(k)), perplexity),
                        weights.begin() + i * k);
  });
  std::vector<std::int64_t> begin(index(rows) + 1, 0);
  for (std::int64_t i = 0; i < rows; ++i) begin[index(i + 1)] += k;
  for (const std::int32_t j : neighbours.rows) ++begin[index(j) + 1];
  for (std::int64_t i = 0; i < rows; ++i) begin[index(i + 1)] += begin[index(i)];
  std::vector<Entry> entries(2 * weights.size());
  std::vector<std::int64_t> at(begin.begin(), begin.end() - 1);
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < k; ++j) {
      const std::int32_t other = neighbours.rows[index(i * k + j)];
      const auto value = static_cast<float>(weights[index(i * k + j)] / (2 * static_cast<double>(rows)));
      entries[index(at[index(i)]++)] = {other, value};
      entries[index(at[index(other)]++)] = {static_cast<std::int32_t>(i), value};
    }
  return merged(entries, begin, threads);
}

}  // namespace pool3::map
