#include "svm/kernel/base_rows.hpp"

#include <algorithm>

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

Matrix<double> fold_margins(const KernelMatrix& kernel, const RowList& rows, const Matrix<double>& v,
                            const KernelPoint& answer, bool roughly) {
  Matrix<double> f = Matrix<double>::Zero(v.rows(), kernel.rows);
  if (!roughly) {
    add_products(kernel, rows, v, f);
    return f;
  }
  f.rowwise() = Eigen::Map<const Eigen::RowVectorXd>(answer.f.data(), kernel.rows);
  Matrix<double> change = v;
  for (std::size_t r = 0; r < rows.size(); ++r) change.col(Eigen::Index(r)).array() -= answer.v[index(rows[r])];
  add_rough_products(kernel, rows, change, f);
  return f;
}

}  // namespace pool3::svm
