#include "pool3/svm/fold_solver.hpp"

#include <algorithm>
#include <utility>

#include "pool3/mpi/shared_memory.hpp"
#include "pool3/partition.hpp"
#include "pool3/types.hpp"
#include "svm/choose_method.hpp"
#include "svm/kernel/shared_rows.hpp"
#include "svm/model/columns.hpp"
#include "svm/model/feature_rows.hpp"
#include "svm/state_bytes.hpp"

namespace pool3 {
namespace {

/// Columns of a product with rows: fewer would read rows for nothing, more would leave ranks without a task.
constexpr std::int64_t classes_of_task = 32;
/// Rows that one call maps to landmarks, or scores. The same for any number of ranks, so bits are, too.
constexpr std::int64_t panel_rows = svm::margin_rows;

/// One fold of some classes.
struct Task {
  std::int32_t fold = 0;
  RowRange classes;
  std::unique_ptr<Solver> solver;
};

/// Folds begin with Newton's method where the loss has a second derivative. A Gram matrix for each task would be more
/// than the kernel matrix that does not fit.
svm::Stages stages_of(Loss loss) {
  svm::Stages stages;
  stages.gram = false;
  stages.descent = loss == Loss::l1;
  return stages;
}

}  // namespace

struct FoldSolver::Impl {
  Impl(const Communicator& c, const Problem& mine, FoldOptions o)
      : comm(c),
        options(std::move(o)),
        alone(c.split(c.rank())),
        shared(c, mine, options.centering, options.solver.seed),
        scores(shared.node, shared.rows * shared.classes * std::int64_t{sizeof(float)}) {
    features = problem_over({shared.x().data(), index(shared.rows * shared.dim)}, shared.dim);
    if (options.landmarks > 0) landmarks = choose_landmarks(alone, features, options.landmarks, options.solver.seed);
  }

  [[nodiscard]] Problem problem_over(std::span<const float> x, std::int64_t dim) const;
  [[nodiscard]] std::int64_t parts() const { return block_count(shared.classes, classes_of_task); }
  [[nodiscard]] std::int64_t task_count() const { return options.folds * parts(); }
  void map_rows(double gamma);
  void make_tasks();
  void score(const Task& task, const Fit& fit) const;

  const Communicator& comm;
  FoldOptions options;
  Communicator alone;  ///< this rank
  SharedRows::Impl shared;
  SharedMemory scores;  ///< [rows, classes]
  Problem features;     ///< all rows, of the node's memory
  Landmarks landmarks;
  SharedMemory z;           ///< [rows, landmarks]; empty with the linear kernel
  Problem problem;          ///< what is solved: rows in features, or over landmarks
  std::vector<Task> tasks;  ///< of this rank
};

Problem FoldSolver::Impl::problem_over(std::span<const float> x, std::int64_t dim) const {
  return {.rows = shared.rows,
          .dim = dim,
          .classes = shared.classes,
          .lent = x,
          .labels = shared.labels,
          .folds = shared.folds,
          .weights = shared.weights,
          .origin = shared.origin};
}

/// Each rank of a node maps a share of the panels. Collective.
void FoldSolver::Impl::map_rows(double gamma) {
  const LandmarkMap map(comm, landmarks, gamma, options.solver.threads);
  const std::int64_t width = landmarks.count();
  z = SharedMemory(shared.node, shared.rows * width * std::int64_t{sizeof(float)});
  const RowRange panels = even_share(block_count(shared.rows, panel_rows), shared.node.size(), shared.node.rank());
  const RowRange some{panels.begin * panel_rows, std::min(panels.end * panel_rows, shared.rows)};
  if (some.begin < some.end) {
    const Problem part{.rows = some.size(),
                       .dim = shared.dim,
                       .lent = features.lent.subspan(index(some.begin * shared.dim), index(some.size() * shared.dim))};
    map.map_rows(part, z.as<float>().subspan(index(some.begin * width), index(some.size() * width)));
  }
  z.sync();
  problem = problem_over(z.as<float>(), width);
}

/// Every size()-th task is this rank's, of all nodes.
void FoldSolver::Impl::make_tasks() {
  tasks.clear();
  for (std::int64_t t = comm.rank(); t < task_count(); t += comm.size()) {
    Task task{static_cast<std::int32_t>(t / parts()), block_range(shared.classes, classes_of_task, t % parts()), {}};
    std::vector<Column> columns;
    for (Row k = task.classes.begin; k < task.classes.end; ++k)
      columns.push_back({static_cast<std::int32_t>(k), task.fold});
    task.solver = std::make_unique<Solver>(alone, problem, columns, options.solver, stages_of(options.solver.loss));
    if (!tasks.empty()) task.solver->share_with(*tasks.front().solver);
    tasks.push_back(std::move(task));
  }
}

/// Writes the scores of the fold's rows.
void FoldSolver::Impl::score(const Task& task, const Fit& fit) const {
  std::vector<std::int64_t> of_fold;
  for (std::int64_t i = 0; i < shared.rows; ++i)
    if (shared.folds[index(i)] == task.fold) of_fold.push_back(i);
  const auto out = scores.as<float>();
  for (std::int64_t b = 0; b < block_count(std::ssize(of_fold), panel_rows); ++b) {
    const RowRange some = block_range(std::ssize(of_fold), panel_rows, b);
    Problem panel{.rows = some.size(), .dim = problem.dim, .x = std::vector<float>(index(some.size() * problem.dim))};
    for (std::int64_t i = 0; i < some.size(); ++i)
      std::copy_n(problem.lent.begin() + of_fold[index(some.begin + i)] * problem.dim, problem.dim,
                  panel.x.begin() + i * problem.dim);
    const std::vector<float> values = decision_values(panel, fit, options.solver.threads);
    for (std::int64_t i = 0; i < some.size(); ++i)
      std::copy_n(values.begin() + i * fit.columns, fit.columns,
                  out.begin() + of_fold[index(some.begin + i)] * shared.classes + task.classes.begin);
  }
}

FoldSolver::FoldSolver(const Communicator& comm, const Problem& mine, FoldOptions options)
    : impl_(std::make_unique<Impl>(comm, mine, std::move(options))) {}
FoldSolver::~FoldSolver() = default;
std::int64_t FoldSolver::rows() const { return impl_->shared.rows; }
std::int32_t FoldSolver::classes() const { return impl_->shared.classes; }
std::span<const std::int32_t> FoldSolver::labels() const { return impl_->shared.labels; }
std::span<const std::int32_t> FoldSolver::folds() const { return impl_->shared.folds; }
int FoldSolver::tasks() const { return static_cast<int>(impl_->task_count()); }

double FoldSolver::gamma_of(const Gamma& gamma) const {
  double value = 0;
  impl_->comm.all_do([&] { value = pool3::gamma_of(impl_->alone, gamma, impl_->features, impl_->landmarks); });
  return value;
}

void FoldSolver::take(Kernel kernel, double gamma) {
  Impl& s = *impl_;
  s.tasks.clear();
  if (kernel == Kernel::rbf) {
    s.map_rows(gamma);
  } else {
    s.z = {};
    s.problem = s.features;
  }
  s.comm.all_do([&] { s.make_tasks(); });
}

FoldFit FoldSolver::solve(double C, const std::function<void(const SolverProgress&)>& progress) {
  Impl& s = *impl_;
  s.scores.sync();
  if (s.shared.nodes > 1) {  // nodes add up what each of them has
    if (s.shared.node.is_root()) std::ranges::fill(s.scores.as<float>(), 0.0F);
    s.scores.sync();
  }
  FoldFit of_all;
  s.comm.all_do([&] {
    for (const Task& task : s.tasks) {
      const Fit fit = task.solver->solve(C, progress);
      s.score(task, fit);
      of_all.relative_gap = std::max(of_all.relative_gap, fit.relative_gap());
      of_all.passes = std::max(of_all.passes, fit.epochs);
      of_all.seconds += fit.seconds;
    }
  });
  sum_over_nodes<float>(s.shared, s.scores);
  of_all.relative_gap = s.comm.max(of_all.relative_gap);
  of_all.passes = static_cast<std::int64_t>(s.comm.max(static_cast<double>(of_all.passes)));
  of_all.seconds = s.comm.max(of_all.seconds);
  return of_all;
}

std::vector<float> FoldSolver::held_out_scores(RowRange some) const {
  const std::int64_t classes = impl_->shared.classes;
  const auto part = impl_->scores.as<float>().subspan(index(some.begin * classes), index(some.size() * classes));
  return {part.begin(), part.end()};
}

std::string FoldSolver::state() const {
  std::string bytes;
  for (const Task& task : impl_->tasks) {
    const std::string of_task = task.solver->state();
    svm::append(bytes, static_cast<std::int64_t>(of_task.size()));
    bytes += of_task;
  }
  return bytes;
}

void FoldSolver::restore(std::string_view state) {
  for (const Task& task : impl_->tasks) {
    svm::StateBytes bytes(state);
    const auto size = bytes.take<std::int64_t>();
    const std::string_view rest = bytes.rest();
    if (size < 0 || static_cast<std::size_t>(size) > rest.size()) svm::OfAnotherProblem{}();
    task.solver->restore(rest.substr(0, static_cast<std::size_t>(size)));
    state = rest.substr(static_cast<std::size_t>(size));
  }
  if (!state.empty()) svm::OfAnotherProblem{}();
}

}  // namespace pool3
