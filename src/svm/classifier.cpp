#include <algorithm>
#include <array>

#include "pool3/svm.hpp"
#include "pool3/threads.hpp"
#include "pool3/types.hpp"
#include "svm/model/feature_rows.hpp"

namespace pool3 {
namespace {

constexpr std::int64_t block_rows = 256;

/// Calls `use(rows, scores)` with the scores [rows, columns] of one block after another.
template <typename Use>
void for_each_scored_block(const Problem& p, const Fit& fit, int threads, const Use& use) {
  share_products(threads);
  const svm::Matrix<float> w = Eigen::Map<const svm::Matrix<double>>(fit.w.data(), fit.dim, fit.columns).cast<float>();
  const auto intercept = Eigen::Map<const Eigen::RowVectorXd>(fit.intercept.data(), fit.columns).cast<float>();
  svm::Matrix<float> scores;
  svm::for_each_panel<float>(p, block_rows, [&](RowRange rows, const auto& x) {
    scores.noalias() = x * w;
    scores.rowwise() += intercept;
    use(rows, scores);
  });
}

}  // namespace

std::vector<float> decision_values(const Problem& problem, const Fit& fit, int threads) {
  std::vector<float> all(index(problem.rows * fit.columns));
  Eigen::Map<svm::Matrix<float>> of_rows(all.data(), problem.rows, fit.columns);
  for_each_scored_block(problem, fit, threads, [&](RowRange rows, const svm::Matrix<float>& scores) {
    of_rows.middleRows(rows.begin, rows.size()) = scores;
  });
  return all;
}

std::vector<float> held_out_scores(const Problem& problem, const Fit& fit, const std::vector<Column>& columns,
                                   int threads) {
  std::vector<float> held_out(index(problem.rows * problem.classes), 0.0F);
  for_each_scored_block(problem, fit, threads, [&](RowRange rows, const svm::Matrix<float>& scores) {
    for (std::int64_t i = 0; i < rows.size(); ++i) {
      const Row row = rows.begin + i;
      for (std::int64_t j = 0; j < fit.columns; ++j) {
        const Column& column = columns[index(j)];
        if (column.excluded_fold != problem.folds[index(row)]) continue;
        held_out[index(row * problem.classes + column.positive_class)] = scores(i, j);
      }
    }
  });
  return held_out;
}

LinearClassifier unfold(const Fit& fit, const Standardisation& standardisation, std::int32_t classes) {
  LinearClassifier c{std::vector<double>(index(classes * fit.dim)), std::vector<double>(index(classes))};
  Eigen::Map<svm::Matrix<double>> coef(c.coef.data(), classes, fit.dim);
  Eigen::Map<Eigen::VectorXd> intercept(c.intercept.data(), classes);
  const Eigen::Map<const svm::Matrix<double>> w(fit.w.data(), fit.dim, fit.columns);
  coef = w.leftCols(classes).transpose() / standardisation.scale;
  intercept = Eigen::Map<const Eigen::VectorXd>(fit.intercept.data(), classes);
  if (!standardisation.mean.empty())
    intercept -= coef * Eigen::Map<const Eigen::VectorXd>(standardisation.mean.data(), fit.dim);
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
