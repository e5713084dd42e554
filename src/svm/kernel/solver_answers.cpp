// What a KernelSolver's columns say of rows, and what a model takes from them.

#include <cmath>

#include "pool3/types.hpp"
#include "svm/kernel/kernel_solver.hpp"

namespace pool3 {

std::span<const float> KernelSolver::held_out() const { return impl_->held_out.as<float>(); }

std::vector<float> KernelSolver::held_out_values(RowRange some) const {
  const std::int64_t n = impl_->rows.rows();
  std::vector<float> values;
  values.reserve(index(some.size() * columns()));
  for (Row i = some.begin; i < some.end; ++i)
    for (std::int64_t j = 0; j < columns(); ++j) values.push_back(held_out()[index(j * n + i)]);
  return values;
}

std::vector<float> KernelSolver::fitted_values(RowRange some) const {
  const std::int64_t n = impl_->rows.rows();
  const auto margins = impl_->margins.as<double>();
  std::vector<float> values;
  values.reserve(index(some.size() * columns()));
  for (Row i = some.begin; i < some.end; ++i)
    for (std::int64_t j = 0; j < columns(); ++j) values.push_back(static_cast<float>(margins[index(j * n + i)]));
  return values;
}

std::vector<float> KernelSolver::held_out_scores(RowRange some) const {
  const std::int64_t n = impl_->rows.rows(), classes = impl_->rows.classes();
  const auto f = [&](std::int64_t j, Row i) { return impl_->held_out.as<float>()[index(j * n + i)]; };
  std::vector<float> scores(index(some.size() * classes));
  for (Row i = some.begin; i < some.end; ++i) {
    float* const out = scores.data() + (i - some.begin) * classes;
    if (impl_->options.multiclass == Multiclass::one_vs_rest) {
      for (std::int64_t k = 0; k < classes; ++k) out[k] = f(k, i);
      continue;
    }
    std::vector<double> sums(index(classes), 0.0), votes = sums;
    for (std::int64_t j = 0; j < impl_->count(); ++j) {
      const auto [a, b] = impl_->classes[index(j)];
      const auto value = static_cast<double>(f(j, i));
      votes[index(value > 0 ? a : b)] += 1;
      sums[index(a)] += value;
      sums[index(b)] -= value;
    }
    for (std::int64_t k = 0; k < classes; ++k)
      out[k] = static_cast<float>(votes[index(k)] + sums[index(k)] / (3 * (std::abs(sums[index(k)]) + 1)));
  }
  return scores;
}

std::span<const double> KernelSolver::duals() const { return impl_->duals.as<double>(); }

std::vector<double> KernelSolver::intercepts() const {
  std::vector<double> all;
  const std::int64_t n = impl_->rows.rows();
  for (std::int64_t j = 0; j < impl_->count(); ++j) {
    double value = impl_->record(j).bias;
    if (impl_->options.multiclass == Multiclass::one_vs_rest) {
      double sum = 0;
      for (const double v : duals().subspan(index(j * n), index(n))) sum += v;
      value = impl_->options.bias * impl_->options.bias * sum;
    }
    all.push_back(value);
  }
  return all;
}

}  // namespace pool3
