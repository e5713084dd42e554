#include "commands/model/search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "console/output.hpp"
#include "console/stop_signal.hpp"
#include "pool3/files.hpp"
#include "setup/stage_clock.hpp"

namespace pool3::jobs {
namespace {

constexpr const char* stage = "search";
constexpr int most_extra_points = 8;

void print_table(const SearchResult& result) {
  const bool has_rbf = std::ranges::count(result.points, Kernel::rbf, &SearchPoint::kernel) > 0;
  const bool other = result.scoring != Scoring::accuracy;
  print_line(fmt::format("{}           C   accuracy   deviation   {}relative gap   passes   seconds",
                         has_rbf ? "kernel        gamma " : "",
                         other ? fmt::format("{:>17}   ", to_string(result.scoring)) : ""));
  for (std::size_t i = 0; i < result.points.size(); ++i) {
    const SearchPoint& p = result.points[i];
    const bool rbf = p.kernel == Kernel::rbf;
    std::string line;
    if (has_rbf) line += fmt::format("{:6} {:>12} ", rbf ? "rbf" : "linear", rbf ? fmt::format("{:.6g}", p.gamma) : "");
    line += fmt::format("{:12g}   {:8.4f}   {:9.4f}   ", p.C, p.mean, p.deviation);
    if (other) line += fmt::format("{:17.4f}   ", p.score);
    line += fmt::format("{:12.1e}   {:6}   {:7.1f}", p.relative_gap, p.epochs, p.seconds);
    print_line(line + (i == result.best ? "   best" : p.dropped ? "   dropped" : ""));
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
  log.line(stage, fmt::format("{} rows, {} groups, {} passes, {:.2f} s", rows, result.groups, passes, seconds),
           {{"rows", fmt::to_string(rows)},
            {"groups", fmt::to_string(result.groups)},
            {"passes", fmt::to_string(passes)},
            {"seconds", fixed(seconds, 6)},
            {"wall_seconds", fixed(wall_seconds, 6)},
            {"communication_seconds", fixed(spent.seconds, 6)},
            {"communication_calls", fmt::to_string(spent.calls)},
            {"communication_bytes", fmt::to_string(spent.bytes)}});
}

/// A better C may lie beyond what was tried.
void warn_of_edge(Log& log, const SearchResult& result, bool extended) {
  const GridEdge edge = edge_of_best(result);
  if (edge == GridEdge::none || result.points.size() < 2) return;
  const std::string C = number_text(result.points[result.best].C);
  const char* const what = edge == GridEdge::largest ? "largest" : "smallest";
  log.line(stage, fmt::format("warning: the best C, {}, is the {} that was tried; {}", C, what,
                              extended ? "give other values with --C"
                                       : "a better one may lie beyond: --extend goes on until it is not"));
}

/// Which points were dropped, in a line.
void log_halving(Log& log, const SearchOptions& options, const SearchResult& result) {
  if (!options.halving) return;
  if (result.sample_rows == 0) return log.line(stage, "too few rows for --halving: every point on all of them");
  std::string names;
  for (const SearchPoint& p : result.points) {
    if (!p.dropped) continue;
    const std::string kernel = text_of(p.kernel, p.gamma);
    names += fmt::format("{}{}{}C {} ({:.4f})", names.empty() ? "" : "; ", kernel, kernel.empty() ? "" : ", ",
                         number_text(p.C), p.score);
  }
  log.line(stage, fmt::format("halving, on {} rows: {}", result.sample_rows,
                              names.empty() ? "no point is clearly worse than the best" : "dropped " + names));
}

std::string progress_text(const SearchProgress& p) {
  const std::string kernel = text_of(p.kernel, p.gamma);
  return fmt::format("{}{}C {} ({} of {}): {}", kernel, kernel.empty() ? "" : ", ", number_text(p.C), p.point + 1,
                     p.points, text_of(p.solver));
}

/// Collective: rows are counted.
SearchOptions search_options(const Communicator& comm, const FeatureReader& reader, const TrainingOptions& training,
                             const KernelFlagValues& kernel, const SearchFlags& flags, Log& log) {
  const auto class_rows = count_training_rows(comm, reader, training.split, training.row_weights);
  check_training_classes(comm, reader, training.split, class_rows);
  SearchOptions options{.C = flags.C,
                        .linear = kernel.linear,
                        .gammas = kernel.rbf ? kernel.gammas : std::vector<Gamma>(),
                        .multiclass = training.kernel.multiclass,
                        .folds = flags.folds,
                        .groups = flags.groups,
                        .centering = training.centering,
                        .seed = training.split.seed,
                        .most_extra = flags.extend ? most_extra_points : 0,
                        .solver = solver_options(training, class_rows)};
  options.solver.tolerance = flags.tolerance;
  options.scoring = parse_scoring(flags.scoring.scoring);
  options.choice = parse_choice(flags.scoring.choose);
  options.halving = flags.halving;
  KernelOptions how = kernel_options(training.kernel, options.solver);
  how.kernel = kernel.rbf ? Kernel::rbf : Kernel::linear;
  const std::int64_t rows = std::accumulate(class_rows.begin(), class_rows.end(), std::int64_t{0});
  const auto classes = static_cast<std::int64_t>(class_rows.size());
  double spread = 1;
  if (!training.centering) comm.all_do([&] { spread = spread_of(reader); });
  std::vector<double> C = flags.C;
  for (double& value : C) value *= spread;
  const ProblemSize size{.rows = rows,
                         .dim = reader.width(),
                         .classes = classes,
                         .folds = flags.folds,
                         .C = C,
                         .class_rows = class_rows,
                         .landmarks = training.kernel.landmarks,
                         .all_on_each_node = true};
  const SolverChoice choice = choose_solver(comm, size, how, kernel.method, training.kernel.max_memory_bytes);
  options.gram = choice.gram;
  options.landmarks = choice.landmarks;
  if (choice.method != SolverMethod::automatic) options.solver.method = choice.method;
  log.line(stage, choice.why);
  if (choice.gram && comm.size() > classes)
    log.line(stage, fmt::format("{} ranks for {} classes: some wait while the largest classes are solved", comm.size(),
                                classes));
  return options;
}

class SearchCommand : public Command {
 public:
  void declare(OptionParser& p) override {
    p.add_required("features", training_.features, "feature file");
    p.take_without_flag("features");
    p.add_required("out", out_, "table to make (JSON)", Changes::file);
    p.add("best", best_, "also train the best point on all training rows, and write this model file", std::string(),
          Changes::file);
    p.reads("features");
    p.writes("out", {".points", ".state-*"});
    p.writes("best", {".certificate.json"});
    p.add("probability-folds", training_.options.probability_folds, "as in train; for --best", 5);
    declare_training(p, training_);
    declare_search(p, flags_);
  }
  void check() const override {
    static_cast<void>(options_of(training_));
    jobs::check(flags_);
  }
  ExitCode run(const Context& context) override {
    context.comm.all_do([&] {
      flags_.folds = folds_of(training_.split, flags_.folds);
      jobs::check(flags_);
    });
    const StopSignal signal(context.log, Again::resumes);
    const TrainingInput input = open_training(context, training_, training_.features, {out_, best_});
    const TrainingOptions best = search(context, training_, input.options, flags_, input.reader, out_);
    if (!best_.empty()) train(context, input.reader, best, best_);
    SearchJournal::remove(context.comm, out_);
    return ExitCode::ok;
  }

 private:
  TrainingFlags training_;
  SearchFlags flags_;
  std::string out_, best_;
};

}  // namespace

void declare_search(OptionParser& p, SearchFlags& f) {
  p.group("Search");
  p.add_numbers("C", f.C,
                "values to try, in standardised features (as in train); by default those that do well on catalogues of "
                "200 to 7,600 pictures",
                "3 10 30 100");
  p.add_switch("extend", f.extend,
               "while the best C is the smallest or the largest, try one more beyond it, 8 at most; also of a search "
               "that has ended: its points are not computed again");
  p.add("folds", f.folds, "folds of the cross-validation", 10);
  p.add("groups", f.groups,
        "groups of ranks that share out the folds; each holds all training rows; 0: one for each rank", 0);
  declare_scoring(p, f.scoring);
  p.add_switch(
      "halving", f.halving,
      "first try all points on a quarter of the rows, and drop those that are worse than the best by more than two "
      "standard errors there");
  p.add("search-tolerance", f.tolerance, "relative duality gap to stop at while searching", 1e-3);
}

void check(const SearchFlags& f) {
  for (const double C : f.C) check_C(C);
  (void)parse_scoring(f.scoring.scoring);
  (void)parse_choice(f.scoring.choose);
  if (f.folds < 2 || f.folds > 1000) throw usage_error("--folds must be between 2 and 1000");
  if (f.groups < 0) throw usage_error("--groups must be 0 or more");
  if (!(f.tolerance > 0)) throw usage_error("--search-tolerance must be above 0");
}

TrainingOptions search(const Context& context, const TrainingFlags& of_training, const TrainingOptions& training,
                       const SearchFlags& flags, const FeatureReader& reader, const std::string& out) {
  const Communicator& comm = context.comm;
  const StageClock clock(context.comm, context.log, stage);
  bool told = false;
  const auto load = [&](const Communicator& group) {
    Problem problem = load_training_rows(group, reader, training.split, flags.folds, training.row_weights);
    check_folds(group, problem, training.split, flags.folds);
    for (const std::string& note : fold_notes(group, problem, reader.classes(), flags.folds))
      if (!told) context.log.line(stage, note);
    told = true;
    return problem;
  };
  const SearchOptions options =
      search_options(comm, reader, training, values_of(of_training.kernel), flags, context.log);
  const SearchedBy by{reader.provenance(), context.config, options.landmarks};
  const SearchJournal journal(comm, out, by);
  auto [memory, note] = journal.recall(flags.extend);
  if (!note.empty()) context.log.line(stage, note);
  memory.keep = [&](const SearchResult& so_far, const std::string& state) { journal.keep(so_far, state); };
  Progress progress(context.log, stage, "", 0);
  const Traffic before = traffic();
  const SearchResult result = search_grid(
      comm, load, options, [&](const SearchProgress& p) { progress.update(0, progress_text(p)); }, memory);
  if (result.remembered > 0)
    context.log.line(stage, fmt::format("resumed: {} of {} points were done", result.remembered, result.points.size()));
  const SearchPoint& best = result.points[result.best];
  progress.finish(0, fmt::format("best {}{}C {}, accuracy {:.4f} in {} folds", text_of(best.kernel, best.gamma),
                                 best.kernel == Kernel::rbf ? ", " : "", number_text(best.C), best.mean, flags.folds));
  log_halving(context.log, options, result);
  warn_of_edge(context.log, result, flags.extend);
  log_effort(context.log, result, traffic().since(before), progress.seconds());
  comm.root_does([&] {
    print_table(result);
    write_whole_file({stage, out}, search_table(result, by));
  });
  clock.end();
  TrainingOptions chosen = training;
  chosen.C = best.C;
  chosen.search_folds = flags.folds;
  chosen.kernel.kernel = best.kernel;
  chosen.kernel.gamma = {best.gamma, Gamma::Unit::one};
  chosen.kernel.landmarks = best.kernel == Kernel::rbf ? options.landmarks : 0;
  if (best.kernel == Kernel::linear) chosen.kernel.multiclass = Multiclass::one_vs_rest;
  return chosen;
}

std::unique_ptr<Command> make_search() { return std::make_unique<SearchCommand>(); }

}  // namespace pool3::jobs
