#include "commands/model/train.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>

#include "commands/model/near_copies.hpp"
#include "console/stop_signal.hpp"
#include "pool3/files.hpp"
#include "pool3/threads.hpp"
#include "setup/stage_clock.hpp"

namespace pool3::jobs {
namespace {

constexpr const char* stage = "train";

/// What a solve shows of `what`.
ShowProgress show(Progress& progress, const std::string& what) {
  return [&progress, what](const SolverProgress& p) { progress.update(0, fmt::format("{}: {}", what, text_of(p))); };
}

/// Both files or none: a certificate of another model would be worse than none.
void write(const Model& model, const std::string& out, const std::string& certificate) {
  const Place beside{stage, out + ".certificate.json"};
  write_whole_file(beside, certificate);
  try {
    write_model(model, out);
  } catch (...) {
    remove_file(beside);
    throw;
  }
}

void log_certificate(Log& log, const ClassFit& solved, std::int64_t rows, double C) {
  const Fit& fit = solved.fit;
  const auto passes = static_cast<double>(std::max<std::int64_t>(fit.epochs, 1));
  log.line(stage,
           fmt::format("{} rows, C {}, objective {:.6f}, relative gap {:.1e}, {} passes, {:.2f} s, {} sent by rank 0 "
                       "({} a pass)",
                       rows, number_text(C), fit.objective(), fit.relative_gap(), fit.epochs, fit.seconds,
                       bytes_text(static_cast<double>(fit.bytes_sent)),
                       bytes_text(static_cast<double>(fit.bytes_sent) / passes)),
           {{"rows", fmt::to_string(rows)},
            {"objective", fixed(fit.objective(), 9)},
            {"relative_gap", fixed(fit.relative_gap(), 12)},
            {"passes", fmt::to_string(fit.epochs)},
            {"seconds", fixed(fit.seconds, 6)},
            {"communication_seconds", fixed(solved.spent.seconds, 6)},
            {"communication_calls", fmt::to_string(solved.spent.calls)},
            {"communication_bytes", fmt::to_string(solved.spent.bytes)}});
  if (!fit.converged)
    log.line(stage, fmt::format("warning: the tolerance was not reached; {}",
                                fit.out_of_time ? "raise --max-seconds" : "raise --max-epochs or lower --C"));
}

/// What a model with the RBF kernel keeps.
std::string support_text(const Model& model, std::int64_t landmarks) {
  if (model.kernel == Kernel::linear) return {};
  return fmt::format(
      ", {} {} of {} rows, as {}", model.support.labels.size(), landmarks > 0 ? "landmarks" : "support vectors",
      model.training_rows,
      model.support.as_halves ? "float16, which changes no decision value by more than 0.001" : "float32");
}

/// Names the classes without rows, if some classes have any.
void say_missing(Log& log, const std::vector<std::string>& classes, const std::vector<std::int64_t>& rows,
                 std::string_view what) {
  constexpr std::size_t most = 5;
  std::vector<std::string> missing;
  for (std::size_t k = 0; k < classes.size(); ++k)
    if (rows[k] == 0) missing.push_back(one_line(classes[k]));
  if (missing.empty() || missing.size() == classes.size()) return;
  const auto shown = std::span(missing).first(std::min(most, missing.size()));
  const std::string more = missing.size() > most ? fmt::format(" and {} more", missing.size() - most) : "";
  log.line(stage, fmt::format("{} of {} classes ha{} {}: {}{}", missing.size(), classes.size(),
                              missing.size() == 1 ? "s" : "ve", what, fmt::join(shown, ", "), more));
}

class TrainCommand : public Command {
 public:
  void declare(OptionParser& p) override {
    p.add_required("features", flags_.features, "feature file");
    p.take_without_flag("features");
    p.add_required("out", out_, "model file to make", Changes::file);
    p.reads("features");
    p.writes("out", {".certificate.json"});
    declare_training(p, flags_);
    p.add("C", flags_.options.C,
          "cost of errors, in standardised features: scikit-learn's and LIBLINEAR's C, on features as they are, times "
          "the mean of |x - mean|^2 (center_scale^2 of the model); with --no-centering it is theirs",
          30.0);
    p.add("probability-folds", flags_.options.probability_folds,
          "folds that probabilities are calibrated with; 0: none", 5);
  }
  void check() const override { static_cast<void>(options_of(flags_)); }
  ExitCode run(const Context& context) override {
    const StopSignal signal(context.log, Again::begins_anew);
    context.comm.all_do([&] { check_single(values_of(flags_.kernel)); });
    const TrainingInput input = open_training(context, flags_, flags_.features, {out_});
    train(context, input.reader, input.options, out_);
    return ExitCode::ok;
  }

 private:
  TrainingFlags flags_;
  std::string out_;
};

}  // namespace

void declare_training(OptionParser& p, TrainingFlags& f) {
  TrainingOptions& o = f.options;
  p.group("Training");
  p.add("loss", f.loss, "l2 (squared hinge) or l1 (hinge)", std::string("l2"));
  p.add("bias", o.solver.bias, "value of the constant feature; 0: no intercept", 1.0);
  p.add("tolerance", o.solver.tolerance, "relative duality gap to stop at", 1e-4);
  p.add("max-epochs", o.solver.max_epochs, "stop after this many passes", std::int64_t{2000});
  p.add("max-seconds", o.solver.max_seconds,
        "stop each solve after this many seconds, and say what gap it reached; 0: no limit", 0.0);
  p.add("test-fraction", o.split.test_fraction, "share of the images that is held out", 0.2);
  declare_split(p, f.split);
  p.add_switch("group-near-copies", f.group_near_copies,
               "near copies of a picture (see audit) stay on one side of the split, and in one fold");
  declare_kernel(p, f.kernel);
  p.add("seed", o.split.seed, "seed of the split and of the row order", std::uint64_t{42});
  p.add("class-weight", f.class_weight, "none, or balanced: errors on rare classes cost more", std::string("none"));
  p.add("row-weights", o.row_weights, "FILE[:DATASET], HDF5: how much each row of the feature file counts (weights)",
        std::string());
  p.reads("row-weights", ReadPath::Form::dataset);
  p.add_switch("no-centering", f.no_centering, "train on the features as they are");
  p.add("solver-threads", o.solver.threads, "threads per rank for the matrix products", 1, Changes::nothing);
}

TrainingOptions options_of(const TrainingFlags& f) {
  if (f.loss != "l1" && f.loss != "l2") throw usage_error("--loss must be l1 or l2");
  if (f.class_weight != "none" && f.class_weight != "balanced")
    throw usage_error("--class-weight must be none or balanced");
  TrainingOptions options = f.options;
  options.solver.loss = f.loss == "l1" ? Loss::l1 : Loss::l2;
  options.balanced = f.class_weight == "balanced";
  const KernelFlagValues kernel = values_of(f.kernel);
  options.kernel = kernel.choice;
  options.solver.method = kernel.method;
  options.centering = !f.no_centering;
  check(f.split);
  if (options.probability_folds > 0) options.probability_folds = folds_of(f.split, options.probability_folds);
  check(options);
  return options;
}

TrainingInput open_training(const Context& context, const TrainingFlags& flags, const std::string& features,
                            const std::vector<std::string>& outputs) {
  const Communicator& comm = context.comm;
  std::optional<TrainingInput> input;
  std::vector<std::string> notes;
  comm.all_do([&] {
    TrainingOptions options = options_of(flags);
    for (const std::string& out : outputs)
      if (comm.is_root() && !out.empty())
        for (const char* ending : {"", ".certificate.json"}) check_output({"", out + ending});
    input.emplace(TrainingInput{FeatureReader(features), std::move(options), {}});
    notes = take_split(input->reader, flags.split, input->options.split);
    share_products(input->options.solver.threads);  // ranks that lack memory say so together
  });
  if (flags.group_near_copies) {
    input->near_copies = look_for_near_copies(context, input->reader, input->options.solver.threads);
    notes.push_back(group_near_copies(comm, input->reader, *input->near_copies, input->options.split));
  }
  for (const std::string& note : notes) context.log.line("split", note);
  return std::move(*input);
}

namespace {

void note_full_fold(const Context& context, const FeatureReader& reader, const TrainingOptions& options) {
  std::string note;
  context.comm.root_does(
      [&] { note = full_fold_note(reader, options.split, options.probability_folds, options.row_weights); });
  if (!note.empty()) context.log.line(stage, note);
}

}  // namespace

void train(const Context& context, const FeatureReader& reader, const TrainingOptions& options,
           const std::string& out) {
  const Communicator& comm = context.comm;
  const StageClock clock(context.comm, context.log, stage);
  const TrainingSet set = load_training_set(comm, reader, options);
  context.log.line(stage, set.solver.why);
  say_missing(context.log, reader.classes(), set.class_rows, "no training row, and will never be predicted");
  say_missing(context.log, reader.classes(), count_rows(comm, reader, options.split, Side::test),
              "no held-out row, so that nothing is measured of them");
  if (options.probability_folds > 0) note_full_fold(context, reader, options);
  Progress classes(context.log, stage, "", 0);
  const ClassFit solved = fit_classes(comm, set, options, show(classes, "classes"));
  log_certificate(context.log, solved, set.rows(), options.C);
  Progress probabilities(context.log, stage, "", 0);
  const Calibration calibration = fit_probabilities(comm, set, options, solved, show(probabilities, "probabilities"));
  const Model model = make_model(comm, reader, set, options, solved, calibration, context.config);
  comm.root_does([&] { write(model, out, certificate_json(model, solved, comm.size())); });
  clock.end();
  context.log.line(stage,
                   fmt::format("{}: {} classes{}", out, model.classes.size(), support_text(model, solved.landmarks)));
}

std::unique_ptr<Command> make_train() { return std::make_unique<TrainCommand>(); }

}  // namespace pool3::jobs
