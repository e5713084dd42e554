#include <algorithm>
#include <array>

#include "pool3/svm.hpp"
#include "svm/algebra/matrix.hpp"
#include "svm/model/feature_rows.hpp"

namespace pool3 {
namespace {

constexpr std::int64_t block_rows = 256;

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Calls `use(rows, scores)` with the scores [rows, columns] of one block after another.
template <typename Use>
void for_each_scored_block(const Problem& p, const Fit& fit, int threads, const Use& use) {
  svm::set_product_threads(threads);
  std::vector<float> w(fit.w.size());
  std::transform(fit.w.begin(), fit.w.end(), w.begin(), [](double v) { return static_cast<float>(v); });
  std::vector<float> scores(index(block_rows * fit.columns));
  svm::for_each_panel(p, block_rows, [&](RowRange rows, const float* x) {
    svm::multiply(rows.size(), fit.columns, p.dim, x, w.data(), scores.data());
    for (std::int64_t i = 0; i < rows.size(); ++i)
      for (std::int64_t j = 0; j < fit.columns; ++j)
        scores[index(i * fit.columns + j)] += static_cast<float>(fit.intercept[index(j)]);
    use(rows, scores.data());
  });
}

}  // namespace

std::vector<float> decision_values(const Problem& problem, const Fit& fit, int threads) {
  std::vector<float> all(index(problem.rows * fit.columns));
  for_each_scored_block(problem, fit, threads, [&](RowRange rows, const float* scores) {
    std::copy_n(scores, rows.size() * fit.columns, all.begin() + rows.begin * fit.columns);
  });
  return all;
}

std::vector<float> held_out_scores(const Problem& problem, const Fit& fit, const std::vector<Column>& columns,
                                   int threads) {
  std::vector<float> held_out(index(problem.rows * problem.classes), 0.0F);
  for_each_scored_block(problem, fit, threads, [&](RowRange rows, const float* scores) {
    for (std::int64_t i = 0; i < rows.size(); ++i) {
      const Row row = rows.begin + i;
      for (std::int64_t j = 0; j < fit.columns; ++j) {
        const Column& column = columns[index(j)];
        if (column.excluded_fold != problem.folds[index(row)]) continue;
        held_out[index(row * problem.classes + column.positive_class)] = scores[i * fit.columns + j];
      }
    }
  });
  return held_out;
}

LinearClassifier unfold(const Fit& fit, const Standardisation& standardisation, std::int32_t classes) {
  LinearClassifier c;
  c.coef.resize(index(classes * fit.dim));
  for (std::int32_t k = 0; k < classes; ++k) {
    double shift = 0.0;
    for (std::int64_t j = 0; j < fit.dim; ++j) {
      const double v = fit.w[index(j * fit.columns + k)] / standardisation.scale;
      c.coef[index(k * fit.dim + j)] = v;
      if (!standardisation.mean.empty()) shift += v * standardisation.mean[index(j)];
    }
    c.intercept.push_back(fit.intercept[index(k)] - shift);
  }
  return c;
}

std::vector<double> score_rows(std::span<const double> coef, std::span<const double> intercept,
                               std::span<const float> x) {
  const std::size_t classes = intercept.size();
  const std::size_t dim = coef.size() / classes;
  const std::size_t rows = x.size() / dim;
  std::vector<double> scores(rows * classes);
  std::vector<double> row(dim);
  for (std::size_t i = 0; i < rows; ++i) {
    std::copy_n(x.begin() + static_cast<std::ptrdiff_t>(i * dim), dim, row.begin());
    for (std::size_t k = 0; k < classes; ++k) {
      const double* w = coef.data() + k * dim;
      // Eight running sums: a fixed order that the compiler can still do in parallel.
      std::array<double, 8> part{};
      std::size_t j = 0;
      for (; j + 8 <= dim; j += 8)
        for (std::size_t u = 0; u < 8; ++u) part[u] += w[j + u] * row[j + u];
      double sum = intercept[k];
      for (; j < dim; ++j) sum += w[j] * row[j];
      for (const double p : part) sum += p;
      scores[i * classes + k] = sum;
    }
  }
  return scores;
}

std::vector<std::int32_t> highest(std::span<const double> scores, std::int64_t classes) {
  std::vector<std::int32_t> best;
  for (auto row = scores.begin(); row != scores.end(); row += classes)
    best.push_back(static_cast<std::int32_t>(std::max_element(row, row + classes) - row));
  return best;
}

}  // namespace pool3
