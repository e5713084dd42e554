#include "commands/train.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>

#include "console/stop_signal.hpp"
#include "pool3/files.hpp"
#include "pool3/traffic.hpp"

namespace pool3::jobs {
namespace {

std::vector<Column> class_columns(std::int32_t classes, int folds) {
  std::vector<Column> columns;
  for (std::int32_t fold = 0; fold < folds; ++fold)
    for (std::int32_t k = 0; k < classes; ++k) columns.push_back({k, fold});
  return columns;
}

std::vector<Column> class_columns(std::int32_t classes) {
  std::vector<Column> columns = class_columns(classes, 1);
  for (Column& column : columns) column.excluded_fold = -1;
  return columns;
}

/// Solves and shows progress. Collective.
Fit solve(const Context& context, Solver& solver, double C, const std::string& what) {
  Progress progress(context.log, "train", "", 0);
  Fit fit = solver.solve(C, [&](const SolverProgress& p) {
    progress.update(0, what + ": pass " + std::to_string(p.epoch) + ", relative gap about " + scientific(p.gap));
  });
  return fit;
}

/// Platt's sigmoids from scores that each come from a fit without the row's fold. Collective.
Sigmoids calibrate(const Context& context, const Problem& problem, SolverOptions options, double C, int folds) {
  options.tolerance = std::max(options.tolerance, 1e-2);  // a sigmoid needs no more
  const auto columns = class_columns(problem.classes, folds);
  Solver solver(context.comm, problem, columns, options);
  const Fit fit = solve(context, solver, C, "probabilities");
  const auto scores = held_out_scores(problem, fit, columns, options.threads);
  return fit_sigmoids(context.comm, scores, problem.labels, problem.classes);
}

Model make_model(const SolverFlags& flags, const FeatureReader& reader, const Fit& fit, const Standardisation& s,
                 std::int32_t classes) {
  Model model;
  model.classes = reader.classes();
  LinearClassifier c = unfold(fit, s, classes);
  model.coef = std::move(c.coef);
  model.intercept = std::move(c.intercept);
  model.features = reader.provenance();
  model.loss = flags.loss;
  model.class_weight = flags.class_weight;
  model.bias = flags.bias;
  model.tolerance = flags.tolerance;
  model.centering = !flags.no_centering;
  model.center_scale = s.scale;
  model.seed = flags.split.seed;
  model.test_fraction = flags.split.test_fraction;
  model.objective = fit.objective();
  model.relative_gap = fit.relative_gap();
  for (std::size_t j = 0; j < fit.gap.size(); ++j)
    model.column_gaps.push_back(fit.primal[j] > 0 ? fit.gap[j] / fit.primal[j] : fit.gap[j]);
  model.epochs = fit.epochs;
  return model;
}

/// The certificate with what it took. It lies beside the model: the model's own bytes tell nothing of the machine's
/// speed. Bytes and calls are those of the first rank.
std::string certificate_text(const Model& model, const Fit& fit, const Traffic& spent, int ranks) {
  nlohmann::ordered_json j;
  j["rows"] = model.training_rows;
  j["C"] = model.C;
  j["objective"] = model.objective;
  j["relative_gap"] = model.relative_gap;
  j["tolerance"] = model.tolerance;
  j["converged"] = fit.converged;
  j["passes"] = fit.epochs;
  j["seconds"] = fit.seconds;
  j["ranks"] = ranks;
  j["bytes_sent"] = fit.bytes_sent;
  j["communication_calls"] = spent.calls;
  j["communication_seconds"] = spent.seconds;
  for (std::size_t k = 0; k < model.classes.size(); ++k)
    j["classes"].push_back({{"name", model.classes[k]}, {"relative_gap", model.column_gaps[k]}});
  return j.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

/// Both files or none: a certificate of another model would be worse than none.
void write(const Model& model, const std::string& out, const std::string& certificate) {
  const std::string beside = out + ".certificate.json";
  write_whole_file({"train", beside}, certificate);
  try {
    write_model(model, out);
  } catch (...) {
    std::remove(beside.c_str());
    throw;
  }
}

void log_certificate(Log& log, const Fit& fit, const Traffic& spent, std::int64_t rows, double C) {
  log.line(
      "train",
      std::to_string(rows) + " rows, C " + number_text(C) + ", objective " + fixed(fit.objective(), 6) +
          ", relative gap " + scientific(fit.relative_gap()) + ", " + std::to_string(fit.epochs) + " passes, " +
          fixed(fit.seconds, 2) + " s, " + bytes_text(static_cast<double>(fit.bytes_sent)) + " sent by rank 0 (" +
          bytes_text(static_cast<double>(fit.bytes_sent) / static_cast<double>(std::max<std::int64_t>(fit.epochs, 1))) +
          " a pass)",
      {{"rows", std::to_string(rows)},
       {"objective", fixed(fit.objective(), 9)},
       {"relative_gap", fixed(fit.relative_gap(), 12)},
       {"passes", std::to_string(fit.epochs)},
       {"seconds", fixed(fit.seconds, 6)},
       {"communication_seconds", fixed(spent.seconds, 6)},
       {"communication_calls", std::to_string(spent.calls)},
       {"communication_bytes", std::to_string(spent.bytes)}});
  if (!fit.converged)
    log.line("train", std::string("warning: the tolerance was not reached; ") +
                          (fit.out_of_time ? "raise --max-seconds" : "raise --max-epochs or lower --C"));
}

class TrainJob : public Job {
 public:
  void declare(OptionParser& p) override {
    p.add_required("features", flags_.features, "feature file");
    p.add_required("out", out_, "model file to make", false);
    declare_solver(p, flags_);
    p.add("C", C_, "cost of errors, in standardised features", 1.0);
    p.add("probability-folds", probability_folds_, "folds that probabilities are calibrated with; 0: none", 5);
  }
  ExitCode run(const Context& context) override {
    const StopSignal signal(context.log);
    train(context, flags_, C_, probability_folds_, out_);
    return ExitCode::ok;
  }

 private:
  SolverFlags flags_;
  std::string out_;
  double C_ = 1;
  int probability_folds_ = 5;
};

}  // namespace

void declare_solver(OptionParser& p, SolverFlags& f) {
  p.add("loss", f.loss, "l2 (squared hinge) or l1 (hinge)", std::string("l2"));
  p.add("bias", f.bias, "value of the constant feature; 0: no intercept", 1.0);
  p.add("tolerance", f.tolerance, "relative duality gap to stop at", 1e-4);
  p.add("max-epochs", f.max_epochs, "stop after so many passes anyway", std::int64_t{2000});
  p.add("max-seconds", f.max_seconds, "stop each solve after so long anyway, and say what gap it reached; 0: no limit",
        0.0);
  p.add("test-fraction", f.split.test_fraction, "part of the images that is held out", 0.2);
  p.add("seed", f.split.seed, "of the split and the row order", std::uint64_t{42});
  p.add("class-weight", f.class_weight, "none, or balanced: errors on rare classes cost more", std::string("none"));
  p.add("row-weights", f.row_weights, "FILE[:DATASET], HDF5: how much each row of the feature file counts (weights)",
        std::string());
  p.add_switch("no-centering", f.no_centering, "train on the features as they are");
  p.add("solver-threads", f.threads, "threads per rank of the matrix products", 1, false);
}

void check(const SolverFlags& f) {
  check(f.split);
  if (f.loss != "l1" && f.loss != "l2") throw usage_error("--loss must be l1 or l2");
  if (f.class_weight != "none" && f.class_weight != "balanced")
    throw usage_error("--class-weight must be none or balanced");
  if (!(f.tolerance > 0)) throw usage_error("--tolerance must be above 0");
  if (!(f.bias >= 0) || !std::isfinite(f.bias)) throw usage_error("--bias must be 0 or a positive number");
  if (f.max_epochs < 1) throw usage_error("--max-epochs must be above 0");
  if (!(f.max_seconds >= 0)) throw usage_error("--max-seconds must be at least 0");
  if (f.threads < 1) throw usage_error("--solver-threads must be above 0");
}

SolverOptions solver_options(const SolverFlags& f, const std::vector<std::int64_t>& counts) {
  SolverOptions o{.loss = f.loss == "l1" ? Loss::l1 : Loss::l2,
                  .bias = f.bias,
                  .tolerance = f.tolerance,
                  .max_epochs = f.max_epochs,
                  .max_seconds = f.max_seconds,
                  .seed = f.split.seed,
                  .threads = f.threads};
  if (f.class_weight == "balanced") {
    // scikit-learn's rule: rows / (classes * rows of the class)
    const double rows = static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}));
    const auto present = static_cast<double>(std::count_if(counts.begin(), counts.end(), [](auto n) { return n > 0; }));
    for (const std::int64_t n : counts)
      o.positive_weights.push_back(n > 0 ? rows / (present * static_cast<double>(n)) : 1.0);
  }
  return o;
}

void train(const Context& context, const SolverFlags& flags, double C, int probability_folds, const std::string& out) {
  const Communicator& comm = context.comm;
  std::unique_ptr<FeatureReader> reader;
  comm.all_do([&] {
    check(flags);
    if (!(C > 0) || !std::isfinite(C)) throw usage_error("--C must be above 0");
    if (probability_folds < 0 || probability_folds == 1)
      throw usage_error("--probability-folds must be 0, or 2 or more");
    if (comm.is_root()) check_output({"train", out});
    reader = std::make_unique<FeatureReader>(flags.features);
  });
  Problem problem = load_training_rows(comm, *reader, flags.split, probability_folds, flags.row_weights);
  check_problem(comm, problem);
  const Standardisation s = flags.no_centering ? Standardisation{} : standardise(comm, problem);
  shuffle_rows(problem, flags.split.seed);
  const SolverOptions options = solver_options(flags, class_counts(comm, problem));
  const std::int64_t rows = comm.sum(problem.rows);
  const Traffic before = traffic();
  const Fit fit = [&] {  // the solver's memory is free for the one of the probabilities
    Solver solver(comm, problem, class_columns(problem.classes), options);
    return solve(context, solver, C, "classes");
  }();
  const Traffic spent = traffic().since(before);
  log_certificate(context.log, fit, spent, rows, C);
  Model model = make_model(flags, *reader, fit, s, problem.classes);
  model.C = C;
  model.training_rows = rows;
  model.config = context.config;
  if (probability_folds > 0) {
    const Sigmoids sigmoids = calibrate(context, problem, options, C, probability_folds);
    model.sigmoid_a = sigmoids.a;
    model.sigmoid_b = sigmoids.b;
  }
  comm.root_does([&] { write(model, out, certificate_text(model, fit, spent, comm.size())); });
  context.log.line("train", out + ": " + std::to_string(problem.classes) + " classes");
}

std::unique_ptr<Job> make_train() { return std::make_unique<TrainJob>(); }

}  // namespace pool3::jobs
