// Baselines on features that need no fit.

#include <limits>

#include "baselines/nearest_labels.hpp"
#include "pool3/baselines.hpp"

namespace pool3 {
namespace {

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

double squared_distance(std::span<const float> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t j = 0; j < a.size(); ++j)
    sum += (static_cast<double>(a[j]) - b[j]) * (static_cast<double>(a[j]) - b[j]);
  return sum;
}

}  // namespace

Verdicts nearest_verdicts(const Communicator& comm, const BaselineRows& rows) {
  const Problem& t = rows.training;
  const baselines::LabelledShare share{t.x, t.dim, t.labels, t.origin};
  const auto find = [&](std::span<const float> queries) {
    Search search(queries, t.dim, {.top = 1, .metric = Metric::euclidean});
    search.add({.width = t.dim, .floats = t.x}, std::span<const Row>(t.origin));
    return search.results();
  };
  return {.predicted = baselines::nearest_labels(comm, share, rows.x, find),
          .model_bytes = static_cast<double>(comm.sum(t.rows) * t.dim) * sizeof(float)};
}

Verdicts centroid_verdicts(const Communicator& comm, const BaselineRows& rows) {
  const Problem& t = rows.training;
  const std::size_t dim = index(t.dim);
  std::vector<double> means(index(t.classes) * dim, 0.0);
  for (std::size_t i = 0; i < t.labels.size(); ++i)
    for (std::size_t j = 0; j < dim; ++j) means[index(t.labels[i]) * dim + j] += static_cast<double>(t.x[i * dim + j]);
  comm.sum(std::span<double>(means));
  Verdicts said;
  for (std::size_t k = 0; k < rows.class_rows.size(); ++k) {
    for (std::size_t j = 0; j < dim; ++j) means[k * dim + j] /= static_cast<double>(rows.class_rows[k]);
    if (rows.class_rows[k] > 0) said.model_bytes += static_cast<double>(dim * sizeof(float));
  }
  for (std::size_t i = 0; i < rows.truth.size(); ++i) {
    double least = std::numeric_limits<double>::infinity();
    std::int32_t best = 0;
    for (std::size_t k = 0; k < rows.class_rows.size(); ++k) {
      if (rows.class_rows[k] == 0) continue;
      const double here =
          squared_distance(std::span(rows.x).subspan(i * dim, dim), std::span(means).subspan(k * dim, dim));
      if (here >= least) continue;
      least = here;
      best = static_cast<std::int32_t>(k);
    }
    said.predicted.push_back(best);
  }
  return said;
}

}  // namespace pool3
