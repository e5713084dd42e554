#include "commands/search.hpp"

#include <cmath>
#include <cstdio>
#include <numeric>

#include "commands/search_journal.hpp"
#include "console/stop_signal.hpp"
#include "pool3/files.hpp"
#include "pool3/traffic.hpp"

namespace pool3::jobs {
namespace {

void print_table(const SearchResult& result) {
  std::puts("           C   accuracy   deviation   relative gap   passes   seconds");
  for (std::size_t i = 0; i < result.points.size(); ++i) {
    const SearchPoint& p = result.points[i];
    std::printf("%12g   %8.4f   %9.4f   %12.1e   %6lld   %7.1f%s\n", p.C, p.mean, p.deviation, p.relative_gap,
                static_cast<long long>(p.epochs), p.seconds, i == result.best ? "   best" : "");
  }
}

/// Where the time went. `spent`: by this rank, in loading and in all points.
void log_effort(Log& log, const SearchResult& result, const Traffic& spent, double wall_seconds) {
  double seconds = 0;
  std::int64_t passes = 0;
  for (const SearchPoint& p : result.points) {
    seconds += p.seconds;
    passes += p.epochs;
  }
  const std::int64_t rows = std::accumulate(result.fold_rows.begin(), result.fold_rows.end(), std::int64_t{0});
  log.line("search",
           std::to_string(rows) + " rows, " + std::to_string(result.groups) + " groups, " + std::to_string(passes) +
               " passes, " + fixed(seconds, 2) + " s",
           {{"rows", std::to_string(rows)},
            {"groups", std::to_string(result.groups)},
            {"passes", std::to_string(passes)},
            {"seconds", fixed(seconds, 6)},
            {"wall_seconds", fixed(wall_seconds, 6)},
            {"communication_seconds", fixed(spent.seconds, 6)},
            {"communication_calls", std::to_string(spent.calls)},
            {"communication_bytes", std::to_string(spent.bytes)}});
}

class SearchJob : public Job {
 public:
  void declare(OptionParser& p) override {
    p.add_required("features", solver_.features, "feature file");
    p.add_required("out", out_, "table to make (JSON)", false);
    p.add("best", best_, "also train the best point on all training rows, and write this model file", std::string(),
          false);
    p.add("kernel", kernel_, "linear", std::string("linear"));
    p.add("probability-folds", probability_folds_, "as for train, for --best", 5);
    declare_solver(p, solver_);
    declare_search(p, flags_);
  }
  ExitCode run(const Context& context) override {
    context.comm.all_do([&] {
      if (kernel_ != "linear") throw usage_error("--kernel must be linear");
    });
    const StopSignal signal(context.log);
    const double C = search(context, solver_, flags_, out_);
    if (!best_.empty()) train(context, solver_, C, probability_folds_, best_);
    SearchJournal(context, out_).remove();
    return ExitCode::ok;
  }

 private:
  SolverFlags solver_;
  SearchFlags flags_;
  std::string out_, best_, kernel_;
  int probability_folds_ = 5;
};

}  // namespace

void declare_search(OptionParser& p, SearchFlags& f) {
  p.add_numbers("C", f.C, "values to try", "0.1 1 10");
  p.add("folds", f.folds, "folds of the cross-validation", 10);
  p.add("groups", f.groups, "groups of ranks that share out the folds; each holds all training rows; 0: one a rank", 0);
  p.add("search-tolerance", f.tolerance, "relative duality gap to stop at while searching", 1e-3);
}

void check(const SearchFlags& f) {
  for (const double C : f.C)
    if (!(C > 0) || !std::isfinite(C)) throw usage_error("--C must be above 0");
  if (f.folds < 2 || f.folds > 1000) throw usage_error("--folds must be between 2 and 1000");
  if (f.groups < 0) throw usage_error("--groups must be 0 or more");
  if (!(f.tolerance > 0)) throw usage_error("--search-tolerance must be above 0");
}

double search(const Context& context, const SolverFlags& solver, const SearchFlags& flags, const std::string& out) {
  const Communicator& comm = context.comm;
  std::unique_ptr<FeatureReader> reader;
  comm.all_do([&] {
    check(solver);
    check(flags);
    if (comm.is_root()) check_output({"search", out});
    reader = std::make_unique<FeatureReader>(solver.features);
  });
  std::vector<std::int64_t> counts(reader->classes().size(), 0);
  const auto load = [&](const Communicator& group) {
    return load_training_rows(group, *reader, solver.split, flags.folds, solver.row_weights);
  };
  if (solver.class_weight == "balanced")
    counts = class_counts(comm, load_training_rows(comm, *reader, solver.split, 0, solver.row_weights));
  SearchOptions options{.C = flags.C,
                        .folds = flags.folds,
                        .groups = flags.groups,
                        .centering = !solver.no_centering,
                        .seed = solver.split.seed,
                        .solver = solver_options(solver, counts)};
  options.solver.tolerance = flags.tolerance;
  SearchJournal journal(context, out);
  SearchMemory memory = journal.recall(*reader);
  memory.keep = [&](const SearchResult& so_far, const std::string& state) { journal.keep(so_far, *reader, state); };
  Progress progress(context.log, "search", "", 0);
  const Traffic before = traffic();
  const SearchResult result = search_C(
      comm, load, options,
      [&](const SearchProgress& p) {
        progress.update(0, "C " + number_text(p.C) + " (" + std::to_string(p.point + 1) + " of " +
                               std::to_string(p.points) + "): pass " + std::to_string(p.solver.epoch) +
                               ", relative gap about " + scientific(p.solver.gap));
      },
      memory);
  if (result.remembered > 0)
    context.log.line("search", "gone on: " + std::to_string(result.remembered) + " of " +
                                   std::to_string(result.points.size()) + " points were done");
  const SearchPoint& best = result.points[result.best];
  progress.finish(0, "best C " + number_text(best.C) + ", accuracy " + fixed(best.mean, 4) + " in " +
                         std::to_string(options.folds) + " folds");
  log_effort(context.log, result, traffic().since(before), progress.seconds());
  comm.root_does([&] {
    print_table(result);
    write_whole_file({"search", out}, search_table(result, *reader, context));
  });
  return best.C;
}

std::unique_ptr<Job> make_search() { return std::make_unique<SearchJob>(); }

}  // namespace pool3::jobs
