#include "svm/kernel/kernel_solver.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "pool3/partition.hpp"
#include "pool3/threads.hpp"
#include "pool3/types.hpp"
#include "svm/model/columns.hpp"

namespace pool3 {
namespace {

constexpr double two_sides = 8;  // a dual and a margin, doubles both

std::vector<ColumnClasses> columns_of(std::int32_t classes, Multiclass multiclass) {
  std::vector<ColumnClasses> columns;
  for (std::int32_t a = 0; a < classes; ++a) {
    if (multiclass == Multiclass::one_vs_rest) columns.push_back({a});
    for (std::int32_t b = a + 1; b < classes && multiclass == Multiclass::one_vs_one; ++b) columns.push_back({a, b});
  }
  return columns;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

double KernelFit::objective() const { return std::accumulate(primal.begin(), primal.end(), 0.0); }
double KernelFit::relative_gap() const {
  const double total = objective(), gaps = std::accumulate(gap.begin(), gap.end(), 0.0);
  return total > 0 ? gaps / total : gaps;
}

double shared_bytes(std::int64_t rows, std::int64_t dim, std::int64_t classes, const KernelOptions& how, int folds) {
  const auto n = static_cast<double>(rows), k = static_cast<double>(classes);
  const double columns = how.multiclass == Multiclass::one_vs_one ? k * (k - 1) / 2 : k;
  const double kernels = how.kernel == Kernel::linear ? 1 : 2;
  const double margins = how.multiclass == Multiclass::one_vs_one ? 0 : columns;
  return 4 * n * static_cast<double>(dim) + 4 * n * n * kernels + two_sides * n * (k + margins) +
         (folds > 0 ? 4 * n * columns : 0);
}

KernelSolver::Impl::Impl(const Communicator& c, const SharedRows& r, KernelOptions o, int f)
    : comm(c),
      rows(r),
      shared(r.impl()),
      options(std::move(o)),
      folds(f),
      classes(columns_of(r.classes(), options.multiclass)) {
  const std::int64_t n = rows.rows();
  const auto class_rows = rows.class_rows();
  class_begin.assign(1, 0);
  for (const std::int64_t count_of : class_rows) class_begin.push_back(class_begin.back() + count_of);
  order.resize(classes.size());
  std::iota(order.begin(), order.end(), 0);
  const auto size = [&](std::int64_t j) {
    const auto [a, b] = classes[index(j)];
    return class_rows[index(a)] + (b < 0 ? 0 : class_rows[index(b)]);
  };
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return size(a) > size(b); });
  place.resize(order.size());
  for (std::size_t t = 0; t < order.size(); ++t) place[index(order[t])] = static_cast<std::int64_t>(t);
  const bool pairs = options.multiclass == Multiclass::one_vs_one;
  const std::int64_t real = sizeof(double);
  duals = SharedMemory(shared.node, (rows.classes() - (pairs ? 1 : 0)) * n * real);
  if (!pairs) margins = SharedMemory(shared.node, count() * n * real);
  records = SharedMemory(shared.node, count() * (folds + 1) * std::int64_t{sizeof(ColumnRecord)});
  if (folds > 0) held_out = SharedMemory(shared.node, count() * n * std::int64_t{sizeof(float)});
  make_kernel();
}

/// Collective over the node.
void KernelSolver::Impl::make_kernel() {
  const std::int64_t n = rows.rows();
  kernel = {.values = shared.gram().data(), .rows = n, .shift = shared.shift, .constant = shared.common};
  if (options.kernel == Kernel::rbf) {
    kernel_values = SharedMemory(shared.node, n * n * std::int64_t{sizeof(float)});
    float* const values = kernel_values.as<float>().data();
    const RowRange mine = even_share(n, shared.node.size(), shared.node.rank());
    const std::span<const double> squares(shared.squares.data(), index(n));
    svm::rbf_rows(shared.gram().data(), squares, options.gamma, mine.begin, mine.end, values);
    kernel_values.sync();
    kernel = {.values = values, .rows = n};
  }
  if (options.multiclass != Multiclass::one_vs_rest) return;
  kernel.constant += options.bias * options.bias;
  if (options.loss == Loss::l2) low_rank = svm::LowRankKernel(kernel);
}

/// What other nodes solve becomes 0 here, to be added up. Collective over the node.
void KernelSolver::Impl::clear_others(bool of_folds) const {
  if (shared.nodes == 1) return;
  records.sync();
  const std::int64_t mine = shared.node.is_root() ? count() : 0;
  const bool is_first = shared.node_index == 0;  // records of the other kind are the same on all: it adds its own
  const std::int64_t batch = folds > 0 ? fold_batch() : 1, batches = block_count(folds, batch);
  for (std::int64_t j = 0; j < mine; ++j) {
    if (of_folds && !is_first) record(j) = {};
    if (!of_folds && !is_mine(place[index(j)])) clear_column(j);
    for (std::int32_t fold = 0; fold < folds; ++fold) {
      if (!of_folds && !is_first) record(j, fold) = {};
      if (of_folds && !is_mine(place[index(j)] * batches + fold / batch)) clear_fold(j, fold);
    }
  }
  records.sync();
}

/// What the records of all columns, or of all folds of all, say together.
KernelFit KernelSolver::Impl::summary(bool of_folds) const {
  KernelFit fit;
  fit.converged = true;
  for (std::int64_t j = 0; j < count(); ++j)
    for (std::int32_t fold = of_folds ? 0 : -1; fold < (of_folds ? folds : 0); ++fold) {
      const ColumnRecord& r = record(j, fold);
      fit.primal.push_back(r.primal);
      fit.gap.push_back(r.gap);
      fit.products = std::max<std::int64_t>(fit.products, std::llround(r.products));
      fit.skipped += r.skipped > 0 ? 1 : 0;
      fit.converged = fit.converged && std::isfinite(r.primal) && r.gap <= options.tolerance * r.primal;
    }
  return fit;
}

/// Works off tasks 0 .. tasks - 1 of this node. Collective.
KernelFit KernelSolver::Impl::run(std::int64_t tasks, std::int64_t size, bool of_folds,
                                  const std::function<void(std::int64_t)>& task,
                                  const std::function<void(const SolverProgress&)>& progress) const {
  const auto start = std::chrono::steady_clock::now();
  const int threads = 1;  // the tasks are the threads
  share_products(threads);
  clear_others(of_folds);
  shared.counter.reset();
  bool in_time = true;
  for (std::int64_t next = shared.counter.next(); next < tasks; next = shared.counter.next()) {
    if (!is_mine(next)) continue;
    in_time = in_time && !(options.max_seconds > 0 && seconds_since(start) > options.max_seconds);
    if (!in_time) continue;
    task(next);
    if (progress) progress({(next + 1) * size, 0, options.tolerance});
  }
  for (const SharedMemory* memory : {&duals, &margins, &records})
    if (!of_folds || memory == &records)
      if (memory->bytes() > 0) sum_over_nodes<double>(shared, *memory);
  if (of_folds) sum_over_nodes<float>(shared, held_out);
  KernelFit fit = summary(of_folds);
  fit.out_of_time = !comm.all(in_time);
  fit.converged = fit.converged && !fit.out_of_time;
  fit.seconds = comm.max(seconds_since(start));
  return fit;
}

KernelSolver::KernelSolver(const Communicator& comm, const SharedRows& rows, KernelOptions options, int folds)
    : impl_(std::make_unique<Impl>(comm, rows, std::move(options), folds)) {}
KernelSolver::~KernelSolver() = default;
std::int64_t KernelSolver::columns() const { return impl_->count(); }

const KernelOptions& KernelSolver::options() const { return impl_->options; }
void KernelSolver::set_tolerance(double tolerance) { impl_->options.tolerance = tolerance; }

KernelFit KernelSolver::solve(double C, const std::function<void(const SolverProgress&)>& progress) {
  if (!(C > 0) || !std::isfinite(C)) throw usage_error("--C must be above 0");
  if (C < impl_->C) {  // what is saturated at a larger C need not be here
    impl_->records.sync();
    if (impl_->shared.node.is_root()) std::ranges::fill(impl_->records.as<ColumnRecord>(), ColumnRecord{});
    impl_->records.sync();
  }
  impl_->C = C;
  return impl_->run(
      impl_->count(), 1, false, [&](std::int64_t t) { impl_->solve_column(impl_->order[index(t)]); }, progress);
}

KernelFit KernelSolver::solve_folds(const std::function<void(const SolverProgress&)>& progress) {
  const std::int64_t batch = impl_->fold_batch(), batches = block_count(impl_->folds, batch);
  return impl_->run(
      impl_->count() * batches, batch, true,
      [&](std::int64_t t) { impl_->solve_folds(impl_->order[index(t / batches)], t % batches); }, progress);
}

}  // namespace pool3
