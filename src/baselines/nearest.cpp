#include "baselines/nearest.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <string>

#include "baselines/softmax/matrix.hpp"
#include "pool3/baselines.hpp"
#include "pool3/partition.hpp"

namespace pool3 {
namespace baselines {
namespace {

constexpr std::int64_t queries_of_round = 1024, rows_of_product = 512;
/// Of the squares of two rows: more than a product in float is wrong by.
constexpr float rounding = 1e-5F;

struct Candidate {
  double distance = std::numeric_limits<double>::infinity();
  std::int64_t origin = 0;
  std::int64_t label = -1;
  [[nodiscard]] bool better_than(const Candidate& other) const {
    return distance < other.distance || (distance == other.distance && origin < other.origin);
  }
};

double exact(Distance how, const float* a, const float* b, std::int64_t dim) {
  double sum = 0;
  for (std::int64_t j = 0; j < dim; ++j) {
    const double away = static_cast<double>(a[j]) - static_cast<double>(b[j]);
    sum += how == Distance::euclidean ? away * away : std::abs(away);
  }
  return sum;
}

/// About |a - b|_1 for two rows.
float absolute(const float* a, const float* b, std::int64_t dim) {
  constexpr std::int64_t lanes = 16;
  std::array<float, lanes> sums{};
  std::int64_t j = 0;
  for (; j + lanes <= dim; j += lanes)
    for (std::int64_t l = 0; l < lanes; ++l) sums[index(l)] += std::abs(a[j + l] - b[j + l]);
  float sum = std::accumulate(sums.begin(), sums.end(), 0.0F);
  for (; j < dim; ++j) sum += std::abs(a[j] - b[j]);
  return sum;
}

/// This rank's training rows, and what its queries ask of them.
class Searcher {
 public:
  Searcher(Distance how, const Rows& training, std::span<const std::int32_t> labels,
           std::span<const std::int64_t> origin)
      : how_(how),
        x_(training.x.data(), std::ssize(labels), training.dim),
        labels_(labels),
        origin_(origin),
        squares_(how == Distance::euclidean ? Eigen::ArrayXf(x_.rowwise().squaredNorm())
                                            : Eigen::ArrayXf(x_.cwiseAbs().rowwise().sum())) {}

  [[nodiscard]] std::vector<Candidate> best(const View& queries) const {
    std::vector<Candidate> found(index(queries.rows()));
    Matrix about;
    for (std::int64_t b = 0; b < block_count(x_.rows(), rows_of_product); ++b) {
      const RowRange rows = block_range(x_.rows(), rows_of_product, b);
      set_about(queries, rows, about);
      for (Eigen::Index q = 0; q < queries.rows(); ++q) look(queries, q, rows, about, found[index(q)]);
    }
    return found;
  }

 private:
  /// Distances in float, less what they may be wrong by.
  void set_about(const View& queries, RowRange rows, Matrix& about) const {
    about.resize(queries.rows(), rows.size());
    if (how_ == Distance::euclidean)
      about.noalias() = -2 * queries * x_.middleRows(rows.begin, rows.size()).transpose();
    for (Eigen::Index q = 0; q < queries.rows(); ++q) {
      const float own = how_ == Distance::euclidean ? queries.row(q).squaredNorm() : queries.row(q).cwiseAbs().sum();
      for (std::int64_t i = 0; i < rows.size(); ++i) {
        const float both = own + squares_[rows.begin + i];
        if (how_ == Distance::euclidean)
          about(q, i) += (1 - rounding) * both;
        else
          about(q, i) = absolute(queries.row(q).data(), x_.row(rows.begin + i).data(), x_.cols()) - rounding * both;
      }
    }
  }
  void look(const View& queries, Eigen::Index q, RowRange rows, const Matrix& about, Candidate& found) const {
    for (std::int64_t i = 0; i < rows.size(); ++i) {
      if (static_cast<double>(about(q, i)) > found.distance) continue;
      const std::int64_t row = rows.begin + i;
      const Candidate here{exact(how_, queries.row(q).data(), x_.row(row).data(), x_.cols()), origin_[index(row)],
                           labels_[index(row)]};
      if (here.better_than(found)) found = here;
    }
  }

  Distance how_;
  View x_;
  std::span<const std::int32_t> labels_;
  std::span<const std::int64_t> origin_;
  Eigen::ArrayXf squares_;
};

std::string bytes_of(std::span<const Candidate> some) {
  return {reinterpret_cast<const char*>(some.data()), some.size_bytes()};
}

}  // namespace

std::vector<std::int32_t> nearest_labels(const Communicator& comm, Distance distance, const Rows& training,
                                         std::span<const std::int32_t> labels, std::span<const std::int64_t> origin,
                                         const Rows& queries) {
  const std::int64_t dim = queries.dim, mine = std::ssize(queries.x) / std::max<std::int64_t>(dim, 1);
  std::vector<std::int64_t> first(index(comm.size() + 1), 0);
  first[index(comm.rank() + 1)] = mine;
  comm.sum(std::span<std::int64_t>(first));
  std::partial_sum(first.begin(), first.end(), first.begin());
  const Searcher searcher(distance, training, labels, origin);
  std::vector<Candidate> all;
  for (std::int64_t b = 0; b < block_count(first.back(), queries_of_round); ++b) {
    const RowRange round = block_range(first.back(), queries_of_round, b);
    Matrix asked = Matrix::Zero(round.size(), dim);
    for (std::int64_t i = 0; i < mine; ++i) {
      const std::int64_t at = first[index(comm.rank())] + i - round.begin;
      if (at >= 0 && at < round.size()) std::copy_n(queries.x.begin() + i * dim, dim, asked.row(at).data());
    }
    comm.sum(numbers(asked));
    const auto found = searcher.best(View(asked.data(), asked.rows(), asked.cols()));
    all.insert(all.end(), found.begin(), found.end());
  }
  std::vector<std::string> parts;
  for (int r = 0; r < comm.size(); ++r)
    parts.push_back(
        bytes_of(std::span(all).subspan(index(first[index(r)]), index(first[index(r + 1)] - first[index(r)]))));
  std::vector<Candidate> best(index(mine));
  for (const std::string& part : comm.exchange(parts)) {
    std::vector<Candidate> theirs(index(mine));
    if (mine > 0) std::memcpy(static_cast<void*>(theirs.data()), part.data(), part.size());
    for (std::size_t i = 0; i < theirs.size(); ++i)
      if (theirs[i].better_than(best[i])) best[i] = theirs[i];
  }
  std::vector<std::int32_t> found;
  found.reserve(best.size());
  for (const Candidate& c : best) found.push_back(static_cast<std::int32_t>(c.label));
  return found;
}

}  // namespace baselines

Verdicts nearest_verdicts(const Communicator& comm, const BaselineRows& rows) {
  const Problem& t = rows.training;
  const double all = static_cast<double>(comm.sum(t.rows));
  return {.predicted = baselines::nearest_labels(comm, baselines::Distance::euclidean, {t.x, t.dim}, t.labels, t.origin,
                                                 {rows.x, t.dim}),
          .model_bytes = all * static_cast<double>(t.dim) * sizeof(float)};
}

Verdicts centroid_verdicts(const Communicator& comm, const BaselineRows& rows) {
  const Problem& t = rows.training;
  std::vector<double> means(baselines::index(t.classes * t.dim), 0.0);
  for (std::int64_t i = 0; i < t.rows; ++i)
    for (std::int64_t j = 0; j < t.dim; ++j)
      means[baselines::index(t.labels[baselines::index(i)] * t.dim + j)] +=
          static_cast<double>(t.x[baselines::index(i * t.dim + j)]);
  comm.sum(std::span<double>(means));
  std::vector<float> x;
  std::vector<std::int32_t> labels;
  for (std::int32_t k = 0; k < t.classes; ++k) {
    const std::int64_t count = rows.class_rows[baselines::index(k)];
    if (count == 0) continue;
    labels.push_back(k);
    for (std::int64_t j = 0; j < t.dim; ++j)
      x.push_back(static_cast<float>(means[baselines::index(k * t.dim + j)] / static_cast<double>(count)));
  }
  Verdicts said{.model_bytes = static_cast<double>(x.size() * sizeof(float))};
  const auto m = std::ssize(rows.truth);
  for (std::int64_t i = 0; i < m; ++i) {
    baselines::Candidate best;
    for (std::size_t k = 0; k < labels.size(); ++k) {
      const baselines::Candidate here{
          baselines::exact(baselines::Distance::euclidean, &rows.x[baselines::index(i * t.dim)],
                           &x[k * baselines::index(t.dim)], t.dim),
          static_cast<std::int64_t>(k), labels[k]};
      if (here.better_than(best)) best = here;
    }
    said.predicted.push_back(static_cast<std::int32_t>(best.label));
  }
  return said;
}

}  // namespace pool3
