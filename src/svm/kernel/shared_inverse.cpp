#include "svm/kernel/shared_inverse.hpp"

#include <algorithm>
#include <utility>

#include "svm/model/columns.hpp"

namespace pool3::svm {

RowList with_nearest(RowList rows, std::vector<NearRow> near, double share, std::size_t least) {
  const auto most = static_cast<std::size_t>(share * static_cast<double>(rows.size()));
  const std::size_t count = std::min(near.size(), std::max(least, most));
  std::ranges::sort(near, [](const NearRow& a, const NearRow& b) {
    return a.distance != b.distance ? a.distance < b.distance : a.row < b.row;
  });
  for (std::size_t i = 0; i < count; ++i) rows.push_back(near[i].row);
  std::ranges::sort(rows);
  return rows;
}

namespace {

/// The least tolerance that margins in floats will do for.
constexpr double least_of_floats = 1e-4;

/// Of all rows: [folds, rows of the kernel].
Matrix<double> fold_margins(const KernelMatrix& kernel, const RowList& rows, const Matrix<double>& v,
                            const KernelPoint& answer, double tolerance) {
  Matrix<double> f = Matrix<double>::Zero(v.rows(), kernel.rows);
  if (tolerance < least_of_floats) {
    add_products(kernel, rows, v, f);
    return f;
  }
  f.rowwise() = Eigen::Map<const Eigen::RowVectorXd>(answer.f.data(), kernel.rows);
  Matrix<double> change = v;
  for (std::size_t r = 0; r < rows.size(); ++r) change.col(Eigen::Index(r)).array() -= answer.v[index(rows[r])];
  add_rough_products(kernel, rows, change, f);
  return f;
}

}  // namespace

std::vector<KernelPoint> points_with(const KernelMatrix& kernel, const RowList& rows, const Matrix<double>& v,
                                     const KernelPoint& answer, double tolerance) {
  const Matrix<double> f = fold_margins(kernel, rows, v, answer, tolerance);
  std::vector<KernelPoint> points;
  for (Eigen::Index k = 0; k < v.rows(); ++k) {
    KernelPoint p{.v = std::vector<double>(index(kernel.rows), 0.0), .f = {f.row(k).begin(), f.row(k).end()}};
    for (std::size_t r = 0; r < rows.size(); ++r) p.v[index(rows[r])] = v(k, Eigen::Index(r));
    p.products = 1;
    points.push_back(std::move(p));
  }
  return points;
}

}  // namespace pool3::svm
