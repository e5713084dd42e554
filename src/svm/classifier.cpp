#include <algorithm>
#include <array>
#include <map>

#include "pool3/svm.hpp"
#include "pool3/threads.hpp"
#include "pool3/types.hpp"
#include "svm/model/feature_rows.hpp"

namespace pool3 {
namespace {

constexpr std::int64_t block_rows = 256;

svm::Matrix<float> weights_of(const Fit& fit) {
  return Eigen::Map<const svm::Matrix<double>>(fit.w.data(), fit.dim, fit.columns).cast<float>();
}

/// Calls `use(rows, scores)` with the scores [rows, columns] of one block after another.
template <typename Use>
void for_each_scored_block(const Problem& p, const Fit& fit, int threads, const Use& use) {
  share_products(threads);
  const svm::Matrix<float> w = weights_of(fit);
  const auto intercept = Eigen::Map<const Eigen::RowVectorXd>(fit.intercept.data(), fit.columns).cast<float>();
  svm::Matrix<float> scores;
  svm::for_each_panel<float>(p, block_rows, [&](RowRange rows, const auto& x) {
    scores.noalias() = x * w;
    scores.rowwise() += intercept;
    use(rows, scores);
  });
}

/// Places of the columns that leave a fold out.
std::map<std::int32_t, svm::Places> columns_by_fold(const std::vector<Column>& columns) {
  std::map<std::int32_t, svm::Places> of_folds;
  for (std::size_t j = 0; j < columns.size(); ++j)
    of_folds[columns[j].excluded_fold].push_back(static_cast<std::int64_t>(j));
  return of_folds;
}

std::vector<Row> rows_of_fold(const Problem& problem, std::int32_t fold) {
  std::vector<Row> rows;
  for (Row i = 0; i < problem.rows; ++i)
    if (problem.folds[index(i)] == fold) rows.push_back(i);
  return rows;
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

// A row is scored by the columns of its own fold alone, so rows are put together by their folds.
std::vector<float> held_out_scores(const Problem& problem, const Fit& fit, const std::vector<Column>& columns,
                                   int threads) {
  share_products(threads);
  const svm::Matrix<float> w = weights_of(fit);
  std::vector<float> held_out(index(problem.rows * problem.classes), 0.0F);
  svm::FeatureRows features(problem);
  for (const auto& [fold, places] : columns_by_fold(columns)) {
    const svm::Matrix<float> of_fold = w(Eigen::all, places);
    const std::vector<Row> rows = rows_of_fold(problem, fold);
    for (std::int64_t b = 0; b < block_count(std::ssize(rows), block_rows); ++b) {
      const RowRange some = block_range(std::ssize(rows), block_rows, b);
      svm::Matrix<float> x(some.size(), problem.dim);
      for (std::int64_t r = 0; r < some.size(); ++r) {
        const Row row = rows[index(some.begin + r)];
        x.row(r) = features({row, row + 1}).row(0);
      }
      const svm::Matrix<float> scores = x * of_fold;
      for (std::int64_t r = 0; r < some.size(); ++r)
        for (std::size_t c = 0; c < places.size(); ++c) {
          const auto j = index(places[c]);
          held_out[index(rows[index(some.begin + r)] * problem.classes + columns[j].positive_class)] =
              scores(r, Eigen::Index(c)) + static_cast<float>(fit.intercept[j]);
        }
    }
  }
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

}  // namespace pool3
