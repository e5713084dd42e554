#include "svm/model/certificate.hpp"

#include "svm/model/feature_rows.hpp"
#include "svm/model/loss.hpp"

namespace pool3::svm {
namespace {

/// Adds the row's loss and gap at these margins, in every column that it counts for.
template <typename RowLoss, typename Real>
void add_row(const Objective& objective, std::int64_t row, const Real* margins, const Real* alpha, Certificate& sums) {
  for (std::int64_t j = 0; j < objective.width(); ++j) {
    if (!objective.columns.counts(j, objective.fold(row))) continue;
    const auto cost = static_cast<double>(objective.cost(j, row)), a = static_cast<double>(alpha[j]);
    const double slack = 1 - static_cast<double>(objective.sign(j, row)) * static_cast<double>(margins[j]);
    sums.primal[j] += RowLoss::loss(cost, slack);
    sums.gap[j] += RowLoss::gap(cost, slack, a);
  }
}

}  // namespace

double Certificate::relative_gap() const {
  const double total = primal.sum();
  return total > 0 ? gap.sum() / total : gap.sum();
}

Certificate zero_certificate(const Objective& objective) {
  return {Sums::Zero(objective.width()), Sums::Zero(objective.width())};
}

template <typename Real>
void complete(Certificate& sums, const Objective& objective, const Matrix<Real>& v, const Matrix<Real>& away) {
  objective.comm.sum(numbers(sums.primal));
  objective.comm.sum(numbers(sums.gap));
  sums.primal += 0.5 * column_dots(v, v);
  sums.gap += 0.5 * column_dots(away, away);
}

template <typename Real>
Certificate certify(const Objective& objective, const Iterate<Real>& iterate, const Matrix<double>& of_duals) {
  const std::int64_t dim = objective.dim();
  Certificate sums = zero_certificate(objective);
  Matrix<Real> margins;
  for_each_panel<Real>(objective.problem, margin_rows, [&](RowRange rows, const RowsView<Real>& x) {
    margins.noalias() = x * iterate.v.topRows(dim);
    margins.rowwise() += static_cast<Real>(objective.bias) * iterate.v.row(dim);
    with_loss(objective.columns.loss, [&](auto loss) {
      for (std::int64_t i = 0; i < rows.size(); ++i)
        add_row<decltype(loss)>(objective, rows.begin + i, margins.row(i).data(),
                                iterate.alpha.row(rows.begin + i).data(), sums);
    });
  });
  const Matrix<double> v = iterate.v.template cast<double>();
  complete<double>(sums, objective, v, v - of_duals);
  return sums;
}

template void complete(Certificate&, const Objective&, const Matrix<float>&, const Matrix<float>&);
template void complete(Certificate&, const Objective&, const Matrix<double>&, const Matrix<double>&);
template Certificate certify(const Objective&, const Iterate<float>&, const Matrix<double>&);
template Certificate certify(const Objective&, const Iterate<double>&, const Matrix<double>&);

}  // namespace pool3::svm
