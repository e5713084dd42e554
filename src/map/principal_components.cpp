#include "map/principal_components.hpp"

#include <fmt/format.h>
#include <lapacke.h>

#include <algorithm>
#include <limits>
#include <new>

#include "map/row_panels.hpp"
#include "pool3/error.hpp"
#include "pool3/threads.hpp"

namespace pool3::map {
namespace {

using Square = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr std::int64_t widest_covariance = 4096;
constexpr std::int64_t most_sample_rows = 4096;
constexpr std::int64_t least_sample = 256;
constexpr std::int64_t most_sample_floats = std::int64_t{1} << 28;
constexpr std::int64_t tile = 128;

std::int64_t tiles_of(std::int64_t count) { return (count + tile - 1) / tile; }

/// Squares of features that differ, and yet are nothing in float, have no directions.
void check_squares(bool differ, double largest) {
  if (!differ || !(largest < static_cast<double>(std::numeric_limits<float>::min()))) return;
  throw Error({.stage = "map",
               .cause = "the features are so small that their squares vanish",
               .advice = "multiply them all by one number"});
}

/// Eigenvectors of the largest `count` eigenvalues, one a column, the largest first. The upper half counts.
Square largest_eigenvectors(Square symmetric, std::int64_t count) {
  if (!symmetric.allFinite())
    throw Error({.stage = "map",
                 .cause = "the features are so large that their squares overflow",
                 .advice = "divide them all by one number"});
  const auto n = static_cast<lapack_int>(symmetric.rows());
  std::vector<double> values(index(n));
  std::vector<lapack_int> support(2 * index(count));
  Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic> vectors(n, count);
  lapack_int found = 0;
  // LAPACK's columns are our rows, and its lower half is our upper half. Its order is rising.
  const auto status = LAPACKE_dsyevr(LAPACK_COL_MAJOR, 'V', 'I', 'L', n, symmetric.data(), n, 0, 0,
                                     static_cast<lapack_int>(n - count + 1), n, 0, &found, values.data(),
                                     vectors.data(), n, support.data());
  if (status == LAPACK_WORK_MEMORY_ERROR) throw std::bad_alloc();
  if (status != 0) throw Error({.stage = "map", .cause = fmt::format("LAPACK's dsyevr failed with {}", status)});
  return vectors.rowwise().reverse();
}

/// The largest part of each column becomes positive.
void fix_signs(Square& columns) {
  for (Eigen::Index k = 0; k < columns.cols(); ++k) {
    Eigen::Index at = 0;
    columns.col(k).cwiseAbs().maxCoeff(&at);
    if (columns(at, k) < 0) columns.col(k) *= -1;
  }
}

/// Adds x^T x to the upper half of `sum`, a tile of its rows a piece.
void add_products(const Matrix& x, Square& sum, int threads) {
  const std::int64_t width = x.cols();
  run_tasks(threads, tiles_of(width), [&](std::int64_t t) {
    const std::int64_t begin = t * tile, count = std::min(tile, width - begin);
    const Matrix part = x.middleCols(begin, count).transpose() * x.rightCols(width - begin);
    sum.block(begin, begin, count, width - begin) += part.cast<double>();
  });
}

Components from_covariance(const FeatureReader& reader, const std::vector<Row>& rows, std::int64_t most, int threads,
                           const Show& show) {
  const std::int64_t width = reader.width();
  Eigen::RowVectorXf shift;  // near the mean, so that products lose nothing
  Eigen::RowVectorXd sum = Eigen::RowVectorXd::Zero(width);
  Square products = Square::Zero(width, width);
  bool differ = false;
  for_each_panel(reader, rows, [&](const Panel& panel) {
    Matrix x = View(panel.x, panel.count, width);
    if (panel.first == 0) shift = x.colwise().mean();
    x.rowwise() -= shift;
    differ = differ || (x.array() != 0).any();
    sum += x.cast<double>().colwise().sum();
    add_products(x, products, threads);
    show(panel.first + panel.count, std::ssize(rows));
  });
  check_squares(differ, products.diagonal().maxCoeff());
  const Eigen::RowVectorXd mean = sum / static_cast<double>(rows.size());
  products.noalias() -= (static_cast<double>(rows.size()) * mean.transpose()) * mean;
  Square directions = largest_eigenvectors(std::move(products), std::min(most, width));
  fix_signs(directions);
  return {shift + mean.cast<float>(), directions.cast<float>()};
}

std::vector<Row> evenly(const std::vector<Row>& rows, std::int64_t count) {
  std::vector<Row> taken;
  for (std::int64_t i = 0; i < count; ++i) taken.push_back(rows[index(i * std::ssize(rows) / count)]);
  return taken;
}

Components from_products(const FeatureReader& reader, const std::vector<Row>& rows, std::int64_t most,
                         const Show& show) {
  const std::int64_t fits = std::max(least_sample, most_sample_floats / reader.width());
  const std::int64_t count = std::min({std::ssize(rows), most_sample_rows, fits});
  Matrix x = features_of(reader, evenly(rows, count));
  const Eigen::RowVectorXf mean = x.colwise().mean();
  x.rowwise() -= mean;
  show(count / 2, count);
  const Matrix products = x * x.transpose();
  check_squares((x.array() != 0).any(), static_cast<double>(products.diagonal().maxCoeff()));
  const Square weights = largest_eigenvectors(products.cast<double>(), std::min(most, count));
  Square directions = (x.transpose() * weights.cast<float>()).cast<double>();
  for (Eigen::Index k = 0; k < directions.cols(); ++k) {
    const double norm = directions.col(k).norm();
    if (norm > 0) directions.col(k) /= norm;
  }
  fix_signs(directions);
  show(count, count);
  return {mean, directions.cast<float>()};
}

}  // namespace

Components principal_components(const FeatureReader& reader, const std::vector<Row>& rows, std::int64_t most,
                                int threads, const Show& show) {
  return reader.width() <= widest_covariance ? from_covariance(reader, rows, most, threads, show)
                                             : from_products(reader, rows, most, show);
}

Matrix project(const FeatureReader& reader, const std::vector<Row>& rows, const Components& components, int threads,
               const Show& show) {
  Matrix all(static_cast<Eigen::Index>(rows.size()), components.directions.cols());
  for_each_panel(reader, rows, [&](const Panel& panel) {
    const View x(panel.x, panel.count, reader.width());
    run_tasks(threads, tiles_of(panel.count), [&](std::int64_t t) {
      const std::int64_t begin = t * tile, count = std::min(tile, panel.count - begin);
      const Matrix centred = x.middleRows(begin, count).rowwise() - components.mean;
      all.middleRows(panel.first + begin, count).noalias() = centred * components.directions;
    });
    show(panel.first + panel.count, std::ssize(rows));
  });
  return all;
}

}  // namespace pool3::map
