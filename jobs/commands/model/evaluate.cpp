#include "commands/model/evaluate.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "commands/model/baseline_table.hpp"
#include "commands/model/evaluate_rows.hpp"
#include "commands/model/near_copies.hpp"
#include "console/output.hpp"
#include "pool3/extraction.hpp"
#include "pool3/files.hpp"
#include "pool3/prediction.hpp"
#include "setup/stage_clock.hpp"

namespace pool3::jobs {
namespace {

constexpr const char* stage = "evaluate";
constexpr std::size_t pairs_to_print = 10;
constexpr std::size_t usual_width = 80;

/// Characters of a line on the terminal, or as COLUMNS says, or 80.
std::size_t line_width() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const char* const told = std::getenv("COLUMNS");  // NOLINT(concurrency-mt-unsafe): nothing sets it
  const long columns = told == nullptr ? 0 : std::strtol(told, nullptr, 10);
  return columns > 0 ? static_cast<std::size_t>(columns) : usual_width;
}

void check_match(const FeatureReader& reader, const Model& model, const std::string& model_path) {
  const std::string difference = input_difference(reader, model);
  if (difference.empty()) return;
  throw Error({.stage = stage,
               .path = model_path,
               .cause = fmt::format("the model is for other features: {}", difference),
               .advice = "train it on this feature file"});
}

/// "accuracy on 123 held-out images: 0.5678".
std::string accuracy_line(const Evaluation& e, const RowChoice& choice) {
  const std::string kind = choice.side == Side::both ? "" : choice.name + " ";
  const char* const other = choice.other_file ? " of another file than the model's" : "";
  return fmt::format("accuracy on {} {}images{}: {:.4f}", e.macro.support, kind, other, e.accuracy);
}

void print_measures(const Evaluation& e, const Measures& m) {
  constexpr std::size_t top = 5;
  const bool exact = e.accuracy == 0 || e.accuracy == 1;
  const std::string top5 = e.classes.size() > top ? fmt::format("; top-5 accuracy {:.4f}", m.top5_accuracy) : "";
  print_line(fmt::format("95 % interval {:.4f} to {:.4f} ({}); balanced accuracy {:.4f}{}", m.accuracy_interval.low,
                         m.accuracy_interval.high, exact ? "exact" : "bootstrap", e.balanced_accuracy, top5));
  if (m.probabilities)
    print_line(fmt::format("log loss {:.4f}; Brier score {:.4f}; expected calibration error {:.4f}", m.log_loss,
                           m.brier, m.calibration_error));
  if (m.sets)
    print_line(
        fmt::format("prediction sets for a coverage of {:g}: {:.4f} hold the true class; {:.2f} classes on average",
                    m.coverage, m.covered, m.mean_set_size));
}

void print_confusion(const Evaluation& e, const std::string& out) {
  const auto pairs = most_confused(e, pairs_to_print);
  if (!pairs.empty()) print_text("\nmost confused:\n");
  for (const ConfusedPair& pair : pairs)
    print_line(fmt::format(
        "  {} of {} {} taken for {}", pair.rows, e.per_class[static_cast<std::size_t>(pair.truth)].support,
        e.classes[static_cast<std::size_t>(pair.truth)], e.classes[static_cast<std::size_t>(pair.predicted)]));
  const std::string table = confusion_table(e, line_width());
  if (table.empty()) {
    print_line("");
    print_line(fmt::format("the confusion matrix of {} classes is wider than the terminal: see {} or --confusion",
                           e.classes.size(), out));
  } else {
    print_text(fmt::format("\nconfusion matrix, a line a true class, a column a predicted one:\n{}", table));
  }
}

Error no_rows(const EvaluateFlags& flags, const FeatureReader& reader, const RowChoice& choice) {
  ErrorFields fields{.cause = "no rows to evaluate", .advice = "it needs rows that are done and have a label"};
  if (choice.side == Side::test) {
    fields = no_held_out_rows(reader, choice.split).fields();
    fields.advice = "give --rows all, or " + fields.advice;
  }
  fields.stage = stage;
  fields.path = flags.features;
  return Error(fields);
}

/// Rows of classes that the model does not know are left out, and a line says so.
void tell_unknown(Log& log, const FeatureReader& reader, const Findings& found) {
  std::int64_t rows = 0;
  std::string names;
  for (std::size_t k = 0; k < found.unknown_classes.size(); ++k) {
    if (found.unknown_classes[k] == 0) continue;
    rows += found.unknown_classes[k];
    if (names.size() < 200) names += (names.empty() ? "" : ", ") + reader.classes()[k];
  }
  if (rows > 0)
    log.line(stage, fmt::format("warning: left out {} rows of classes that the model does not know: {}", rows, names));
}

class EvaluateCommand : public Command {
 public:
  void declare(OptionParser& p) override {
    p.add_required("features", flags_.features, "feature file");
    p.take_without_flag("features");
    p.add_required("model", flags_.model, "model file");
    p.add_required("out", flags_.out, "report to make (JSON)", Changes::file);
    p.add("rows", flags_.rows,
          "held-out, training, left-out or all. If not given: the held-out rows of the file that the model was trained "
          "on, all "
          "rows of any other",
          std::string());
    p.add("predictions", flags_.predictions,
          "CSV to make: path, true and predicted class, and all probabilities of each row", std::string(),
          Changes::file);
    p.add("confusion", flags_.confusion, "CSV to make: the confusion matrix", std::string(), Changes::file);
    p.add("baselines", flags_.baselines, "table of pool3 baseline, to put beside the model", std::string());
    p.add("coverage", flags_.coverage, "share of rows whose prediction set is to hold the true class",
          default_coverage);
    p.add_switch("group-near-copies", flags_.group_near_copies,
                 "also say the accuracy on held-out images that have no near copy among the training images");
    p.reads("features");
    p.reads("model");
    p.reads("baselines");
    p.writes("out");
    p.writes("predictions");
    p.writes("confusion");
  }
  void check() const override {
    if (!(flags_.coverage > 0 && flags_.coverage < 1)) throw usage_error("--coverage must be above 0 and below 1");
  }
  ExitCode run(const Context& context) override {
    evaluate(context, flags_);
    return ExitCode::ok;
  }

 private:
  EvaluateFlags flags_;
};

/// The table of baselines, compared with what this model says of the same rows; none if none was given. The root alone
/// gets it. Collective; throws a collective Error if it is of other rows.
std::optional<BaselineTable> join_baselines(const Communicator& comm, const EvaluateFlags& flags, const Model& model,
                                            const Findings& found) {
  std::optional<BaselineTable> table;
  if (flags.baselines.empty()) return table;
  std::vector<Row> mine;
  for (const RowResult& r : found.results) mine.push_back(r.row);
  const auto rows = by_row(comm, mine, mine), truth = by_row(comm, mine, {found.truth.begin(), found.truth.end()}),
             predicted = by_row(comm, mine, {found.predicted.begin(), found.predicted.end()});
  comm.root_does([&] {
    table = read_baselines_beside(
        flags.baselines, stage,
        {.catalogue_hash = model.features.catalogue_hash, .rows = rows, .truth = truth, .predicted = predicted});
  });
  return table;
}

/// The report, with the baselines behind it.
std::string report_json(const Evaluation& e, const Measures& m, const RowChoice& choice,
                        const std::optional<BaselineTable>& baselines) {
  std::string text = to_json(e, m, choice.name);
  if (!baselines) return text;
  auto j = nlohmann::ordered_json::parse(text);
  j["baselines"] = nlohmann::ordered_json::parse(summary_json(*baselines));
  return j.dump(2) + "\n";
}

}  // namespace

void evaluate(const Context& context, const EvaluateFlags& flags) {
  const Communicator& comm = context.comm;
  const StageClock clock(context.comm, context.log, stage);
  std::unique_ptr<FeatureReader> reader;
  Model model;
  RowChoice choice;
  comm.all_do([&] {
    for (const std::string& out : {flags.out, flags.predictions, flags.confusion})
      if (comm.is_root() && !out.empty()) check_output({stage, out});
    reader = std::make_unique<FeatureReader>(flags.features);
    model = read_model(flags.model);
    check_match(*reader, model, flags.model);
    choice = choose_rows(*reader, model, flags.model, flags.rows);
  });
  const Findings found = judge_rows(comm, *reader, model, choice, flags.coverage, !flags.predictions.empty());
  tell_unknown(context.log, *reader, found);
  const Evaluation e = evaluate_predictions(comm, model.classes, found.truth, found.predicted);
  comm.root_does([&] {
    if (e.macro.support == 0) throw no_rows(flags, *reader, choice);
  });
  Measures m = measure(comm, found.results, has_probabilities(model));
  m.coverage = flags.coverage;
  const std::optional<BaselineTable> baselines = join_baselines(comm, flags, model, found);
  if (!flags.predictions.empty()) write_predictions(comm, flags.predictions, predictions_header(model), found);
  std::optional<ApartFromCopies> apart;
  if (flags.group_near_copies && choice.side == Side::test)
    apart =
        apart_from_copies(comm, *reader,
                          flags.near_copies != nullptr ? *flags.near_copies
                                                       : look_for_near_copies(context, *reader, thread_count(comm, 0)),
                          found.results);
  comm.root_does([&] {
    print_text(classification_report(e) + "\n");
    print_line(accuracy_line(e, choice));
    if (apart) print_line(text_of(*apart));
    print_measures(e, m);
    if (baselines) {
      print_line("");
      print_baselines(*baselines);
    }
    print_confusion(e, flags.out);
    flush_output();
    if (!flags.confusion.empty()) write_whole_file({stage, flags.confusion}, confusion_csv(e));
    const std::string report = report_json(e, m, choice, baselines);
    write_whole_file({stage, flags.out}, apart ? with_copies(report, *apart) : report);
  });
  clock.end();
  context.log.line(stage, fmt::format("{}: accuracy {:.4f}", flags.out, e.accuracy),
                   {{"accuracy", fixed(e.accuracy, 6)}});
}

std::unique_ptr<Command> make_evaluate() { return std::make_unique<EvaluateCommand>(); }

}  // namespace pool3::jobs
