#include <algorithm>

#include "baselines/softmax/matrix.hpp"
#include "pool3/baselines.hpp"
#include "pool3/svm/calibration.hpp"
#include "pool3/types.hpp"

namespace pool3 {
namespace {

std::int32_t highest_of(std::span<const double> f) {
  return static_cast<std::int32_t>(std::ranges::max_element(f) - f.begin());
}

/// Accuracy of each fold by a fit without it. Collective.
void cross_validate(const Communicator& comm, const Problem& p, SoftmaxSolver& solver, int folds, SoftmaxPoint& point) {
  std::vector<std::int64_t> hits(index(folds), 0), rows(index(folds), 0);
  for (std::int32_t fold = 0; fold < folds; ++fold) {
    const SoftmaxFit fit = solver.solve(point.C, fold);
    std::vector<float> x;
    std::vector<std::int32_t> truth;
    for (std::int64_t i = 0; i < p.rows; ++i) {
      if (p.folds[index(i)] != fold) continue;
      const auto row = std::span(p.x).subspan(index(i * p.dim), index(p.dim));
      x.insert(x.end(), row.begin(), row.end());
      truth.push_back(p.labels[index(i)]);
    }
    const auto f = softmax_scores(fit, x);
    rows[index(fold)] = std::ssize(truth);
    for (std::size_t i = 0; i < truth.size(); ++i)
      hits[index(fold)] += highest_of(std::span(f).subspan(i * index(p.classes), index(p.classes))) == truth[i] ? 1 : 0;
  }
  comm.sum(std::span<std::int64_t>(hits));
  comm.sum(std::span<std::int64_t>(rows));
  double counted = 0;
  for (std::size_t f = 0; f < hits.size(); ++f) {
    point.fold_accuracy.push_back(rows[f] > 0 ? static_cast<double>(hits[f]) / static_cast<double>(rows[f]) : -1);
    if (rows[f] == 0) continue;
    point.mean += point.fold_accuracy.back();
    ++counted;
  }
  if (counted > 0) point.mean /= counted;
}

}  // namespace

SoftmaxChoice choose_softmax(const Communicator& comm, const BaselineRows& rows, std::vector<double> C, int folds,
                             double tolerance, double search_tolerance) {
  std::ranges::sort(C);
  C.erase(std::unique(C.begin(), C.end()), C.end());
  SoftmaxSolver solver(comm, rows.training, {.tolerance = C.size() > 1 ? search_tolerance : tolerance});
  SoftmaxChoice choice{.C = C.front()};
  if (C.size() > 1) {
    for (const double c : C) {
      static_cast<void>(solver.solve(c));
      cross_validate(comm, rows.training, solver, folds, choice.points.emplace_back(SoftmaxPoint{.C = c}));
    }
    choice.C = std::ranges::max_element(choice.points, {}, &SoftmaxPoint::mean)->C;
    solver.set_tolerance(tolerance);
  }
  choice.fit = solver.solve(choice.C);
  return choice;
}

Verdicts softmax_verdicts(const SoftmaxChoice& choice, const BaselineRows& rows) {
  const std::size_t classes = choice.fit.intercept.size();
  Verdicts said{.model_bytes = static_cast<double>((choice.fit.w.size() + classes) * sizeof(float))};
  const auto all = softmax_scores(choice.fit, rows.x);
  for (std::size_t i = 0; i < rows.truth.size(); ++i) {
    const auto f = std::span(all).subspan(i * classes, classes);
    said.predicted.push_back(highest_of(f));
    for (const double p : softmax(f, 1)) said.probabilities.push_back(static_cast<float>(p));
  }
  return said;
}

}  // namespace pool3
