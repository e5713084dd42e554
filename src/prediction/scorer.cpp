#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "pool3/error.hpp"
#include "pool3/prediction.hpp"
#include "pool3/svm.hpp"
#include "pool3/threads.hpp"
#include "pool3/types.hpp"

namespace pool3 {
namespace {

template <typename Real>
using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Rows of one product. The last block is filled up with zeros: a product of another shape may round in another order.
constexpr std::int64_t block_rows = 64;
/// Support vectors of one product.
constexpr std::int64_t block_support = 1024;

/// Support vectors of one product: at most block_support, and of one class if there is a column for each pair.
std::vector<RowRange> blocks_of(const Model& model) {
  const auto& labels = model.support.labels;
  std::vector<RowRange> blocks;
  for (std::int64_t begin = 0; begin < std::ssize(labels);) {
    std::int64_t end = std::min(begin + block_support, std::ssize(labels));
    if (model.multiclass == Multiclass::one_vs_one)
      end =
          std::min(end, std::upper_bound(labels.begin() + begin, labels.end(), labels[index(begin)]) - labels.begin());
    blocks.push_back({begin, end});
    begin = end;
  }
  return blocks;
}

/// A power of two that features are multiplied by, which changes no digit: squared distances times gamma count from
/// nothing up to some hundreds, so floats then hold what they are made of, however large or small features are.
/// `farthest`: the largest difference of a support vector from the mean.
double unit_of(double gamma, double farthest) {
  constexpr int most_of_support = 40, largest = 400;  // the square of a unit is a double
  const int near = gamma > 0 ? std::ilogb(std::sqrt(gamma)) : 0;
  const int fits = farthest > 0 ? most_of_support - 1 - std::ilogb(farthest) : largest;
  return std::ldexp(1.0, std::clamp(std::min(near, fits), -largest, largest));
}

/// Differences from the mean in those units. A row beyond the bound is infinitely far from all support vectors, and so
/// it is on the bound; its products with them are floats.
template <typename Row>
Eigen::RowVectorXf in_units(const Row& x, const Eigen::RowVectorXd& mean, double unit) {
  constexpr double bound = 0x1p50;
  return (unit * (x.template cast<double>() - mean)).cwiseMax(-bound).cwiseMin(bound).template cast<float>();
}

/// Column of the pair (a, b), a < b.
std::int64_t pair_column(std::int64_t a, std::int64_t b, std::int64_t classes) {
  return a * classes - a * (a + 1) / 2 + b - a - 1;
}

/// Adds what support vectors of class `label` give to the columns of its pairs. `part`: [rows, classes - 1].
void add_pairs(const Matrix<double>& part, std::int64_t label, Matrix<double>& sums) {
  const std::int64_t classes = part.cols() + 1;
  for (std::int64_t b = label + 1; b < classes; ++b) sums.col(pair_column(label, b, classes)) += part.col(b - 1);
  for (std::int64_t a = 0; a < label; ++a) sums.col(pair_column(a, label, classes)) += part.col(a);
}

}  // namespace

struct Scorer::Impl {
  const Model& model;
  int threads;
  double unit = 1;             ///< what features are multiplied by
  Eigen::RowVectorXd mean;     ///< [width] of the support vectors: distances keep more digits around it
  Matrix<float> support;       ///< [S, width] less the mean, in units
  Eigen::RowVectorXd squares;  ///< [S] |s|^2
  Matrix<double> coef;         ///< [S, as the file has rows]

  Impl(const Model& m, int t) : model(m), threads(t) {
    if (m.kernel == Kernel::linear) return;
    const Eigen::Map<const Matrix<float>> x(m.support.x.data(), std::ssize(m.support.labels), m.width());
    mean = Eigen::RowVectorXd::Zero(x.cols());
    for (Eigen::Index i = 0; i < x.rows(); ++i) mean += x.row(i).cast<double>();
    mean /= static_cast<double>(x.rows());
    double farthest = 0;
    for (Eigen::Index i = 0; i < x.rows(); ++i)
      farthest = std::max(farthest, (x.row(i).cast<double>() - mean).cwiseAbs().maxCoeff());
    unit = unit_of(m.support.gamma, farthest);
    support.resize(x.rows(), x.cols());
    squares.resize(x.rows());
    for (Eigen::Index i = 0; i < x.rows(); ++i) {
      support.row(i) = in_units(x.row(i), mean, unit);
      squares[i] = support.row(i).cast<double>().squaredNorm();
    }
    coef = Eigen::Map<const Matrix<double>>(m.support.dual_coef.data(), std::ssize(m.support.dual_coef) / x.rows(),
                                            x.rows())
               .transpose();
  }

  /// exp(-gamma |x - s|^2) of a block of rows with some of the support vectors.
  [[nodiscard]] Matrix<double> kernel(const Matrix<float>& x, const Eigen::VectorXd& of_rows, RowRange some) const {
    const Matrix<float> products = x * support.middleRows(some.begin, some.size()).transpose();
    Matrix<double> k = -2.0 * products.cast<double>();
    k.colwise() += of_rows;
    k.rowwise() += squares.segment(some.begin, some.size());
    k.array() = (-(model.support.gamma / (unit * unit)) * k.array().max(0.0)).exp();
    return k;
  }

  /// Decision values; NaN or infinite where numbers of the model are too large.
  [[nodiscard]] std::vector<double> values(std::span<const float> x) const;

  void score_block(std::span<const float> rows, std::span<double> out) const {
    const std::int64_t width = mean.size(), columns = model.columns(), count = std::ssize(rows) / width;
    Matrix<float> x = Matrix<float>::Zero(block_rows, width);
    Eigen::VectorXd of_rows = Eigen::VectorXd::Zero(block_rows);
    const Eigen::Map<const Matrix<float>> given(rows.data(), count, width);
    for (std::int64_t i = 0; i < count; ++i) {
      x.row(i) = in_units(given.row(i), mean, unit);
      of_rows[i] = x.row(i).cast<double>().squaredNorm();
    }
    Matrix<double> sums =
        Eigen::Map<const Eigen::RowVectorXd>(model.intercept.data(), columns).replicate(block_rows, 1);
    for (const RowRange some : blocks_of(model)) {
      const Matrix<double> part = kernel(x, of_rows, some) * coef.middleRows(some.begin, some.size());
      if (model.multiclass == Multiclass::one_vs_one) {
        add_pairs(part, model.support.labels[index(some.begin)], sums);
      } else {
        sums += part;
      }
    }
    Eigen::Map<Matrix<double>>(out.data(), count, columns) = sums.topRows(count);
  }
};

Scorer::Scorer(const Model& model, int threads) : impl_(std::make_unique<Impl>(model, threads)) {}
Scorer::~Scorer() = default;

std::vector<double> Scorer::decision_values(std::span<const float> x) const {
  std::vector<double> values = impl_->values(x);
  if (std::ranges::all_of(values, [](double value) { return std::isfinite(value); })) return values;
  throw Error({.stage = "score rows",
               .cause = "a score is not a finite number",
               .advice = "the model's numbers are too large for these features; train it again"});
}

std::vector<double> Scorer::Impl::values(std::span<const float> x) const {
  if (model.kernel == Kernel::linear) return score_rows(model.coef, model.intercept, x);
  share_products(threads);
  const std::int64_t width = mean.size(), columns = model.columns(), rows = std::ssize(x) / width;
  std::vector<double> out(index(rows * columns));
  for (std::int64_t first = 0; first < rows; first += block_rows) {
    const std::int64_t count = std::min(block_rows, rows - first);
    score_block(x.subspan(index(first * width), index(count * width)),
                std::span(out).subspan(index(first * columns), index(count * columns)));
  }
  return out;
}

/// scikit-learn's _ovr_decision_function.
std::vector<double> class_scores(const Model& model, std::vector<double> decision_values) {
  if (model.multiclass == Multiclass::one_vs_rest) return decision_values;
  const std::int64_t classes = std::ssize(model.classes), columns = model.columns();
  const std::int64_t rows = std::ssize(decision_values) / columns;
  std::vector<double> scores(index(rows * classes));
  for (std::int64_t i = 0; i < rows; ++i) {
    const Eigen::Map<const Eigen::ArrayXd> of_row(decision_values.data() + i * columns, columns);
    Eigen::ArrayXd votes = Eigen::ArrayXd::Zero(classes), sums = votes;
    std::int64_t column = 0;
    for (std::int64_t a = 0; a < classes; ++a)
      for (std::int64_t b = a + 1; b < classes; ++b, ++column) {
        const double f = of_row[column];
        votes[f > 0 ? a : b] += 1;
        sums[a] += f;
        sums[b] -= f;
      }
    Eigen::Map<Eigen::ArrayXd>(scores.data() + i * classes, classes) = votes + sums / (3 * (sums.abs() + 1));
  }
  return scores;
}

}  // namespace pool3
