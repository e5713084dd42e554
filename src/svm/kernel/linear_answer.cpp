// From dual variables of the linear kernel to weights, in double, with the certificate of the features themselves.

#include "pool3/partition.hpp"
#include "pool3/types.hpp"
#include "svm/kernel/kernel_solver.hpp"
#include "svm/model/columns.hpp"

namespace pool3 {
namespace {

constexpr std::int64_t panel_rows = 256;
/// Margins from floats' products are replaced by exact ones, and solved on from there, so often.
constexpr int most_refinements = 5;

/// Weights [columns, dim + 1] of the centred features, the constant last, on every rank of the node. Collective.
void write_weights(const KernelSolver::Impl& s, const SharedMemory& memory) {
  const std::int64_t n = s.rows.rows(), dim = s.rows.dim();
  Eigen::Map<svm::Matrix<double>> w(memory.as<double>().data(), s.count(), dim + 1);
  const Eigen::Map<const Eigen::RowVectorXd> mean(s.shared.mean.data(), dim);
  const auto x = s.shared.x();
  s.shared.counter.reset();
  for (std::int64_t j = s.shared.counter.next(); j < s.count(); j = s.shared.counter.next()) {
    const double* v = s.duals.as<double>().data() + j * n;
    w.row(j).setZero();
    double sum = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      if (v[i] == 0) continue;
      w.row(j).head(dim) += v[i] * x.row(i).cast<double>();
      sum += v[i];
    }
    w(j, dim) = s.options.bias * s.options.bias * sum;
    if (s.shared.centred) continue;
    w.row(j).head(dim) += sum * mean;
    w(j, dim) += w.row(j).head(dim).dot(mean);  // rows are kept without their mean
  }
  memory.sync();
}

/// Margins of all rows from weights. Panels have one shape for any number of ranks. Collective.
void write_margins(const KernelSolver::Impl& s, const SharedMemory& weights) {
  const std::int64_t n = s.rows.rows(), dim = s.rows.dim();
  const Eigen::Map<const svm::Matrix<double>> w(weights.as<double>().data(), s.count(), dim + 1);
  Eigen::Map<svm::Matrix<double>> f(s.margins.as<double>().data(), s.count(), n);
  const auto x = s.shared.x();
  s.shared.counter.reset();
  for (std::int64_t b = s.shared.counter.next(); b < block_count(n, panel_rows); b = s.shared.counter.next()) {
    const RowRange some = block_range(n, panel_rows, b);
    const svm::Matrix<double> panel = x.middleRows(some.begin, some.size()).cast<double>();
    f.middleCols(some.begin, some.size()).noalias() = w.leftCols(dim) * panel.transpose();
    f.middleCols(some.begin, some.size()).colwise() += w.col(dim);
  }
  s.margins.sync();
}

/// Primal and gap of every column at these margins, which are those of its own dual variables.
void certify_columns(const KernelSolver::Impl& s, KernelFit& fit) {
  fit.converged = true;
  for (std::int64_t j = 0; j < s.count(); ++j) {
    const auto view = s.view(s.classes[index(j)]);
    svm::KernelPoint p = s.load(j, view);
    svm::certify(s.column(s.classes[index(j)], view, -1), p);
    fit.primal[index(j)] = p.primal;
    fit.gap[index(j)] = p.gap;
    fit.converged = fit.converged && p.gap <= s.options.tolerance * p.primal;
  }
}

}  // namespace

LinearClassifier KernelSolver::linear_classifier(KernelFit& fit) {
  Impl& s = *impl_;
  const std::int64_t dim = s.rows.dim();
  const SharedMemory weights(s.shared.node, s.count() * (dim + 1) * std::int64_t{sizeof(double)});
  const double tolerance = s.options.tolerance;
  for (int round = 0;; ++round) {
    write_weights(s, weights);
    write_margins(s, weights);
    certify_columns(s, fit);
    if (fit.converged || fit.out_of_time || round == most_refinements) break;
    s.options.tolerance = 0.3 * tolerance;
    s.margins.sync();
    const KernelFit again = solve(s.C);
    s.options.tolerance = tolerance;
    fit.products += again.products;
    fit.seconds += again.seconds;
  }
  const Eigen::Map<const svm::Matrix<double>> w(weights.as<double>().data(), s.count(), dim + 1);
  LinearClassifier c{std::vector<double>(index(s.count() * dim)), std::vector<double>(index(s.count()))};
  Eigen::Map<svm::Matrix<double>> coef(c.coef.data(), s.count(), dim);
  coef = w.leftCols(dim) / (s.shared.centred ? s.shared.standardisation.scale : 1.0);
  const Eigen::Map<const Eigen::VectorXd> mean(s.shared.mean.data(), dim);
  Eigen::Map<Eigen::VectorXd>(c.intercept.data(), s.count()) = w.col(dim) - coef * mean;
  weights.sync();
  return c;
}

}  // namespace pool3
