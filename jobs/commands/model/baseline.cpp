#include "commands/model/baseline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "commands/model/baseline_table.hpp"
#include "commands/model/evaluate_rows.hpp"
#include "console/output.hpp"
#include "pool3/files.hpp"
#include "pool3/prediction.hpp"
#include "pool3/svm.hpp"
#include "pool3/threads.hpp"
#include "setup/stage_clock.hpp"

namespace pool3::jobs {
namespace {

constexpr const char* stage = "baseline";
constexpr const char* model_kind = "svm";

std::string partial_of(const std::string& out) { return out + ".partial"; }
std::string checkpoint_of(const std::string& out) { return out + ".cnn"; }

/// How a table differs from the one that is to be made, or "".
std::string difference(const BaselineTable& there, const BaselineTable& wanted) {
  if (there.features.catalogue_hash != wanted.features.catalogue_hash) return "another catalogue";
  if (std::string kind = kind_difference(there.features, wanted.features); !kind.empty()) return kind;
  if (there.split.rule != wanted.split.rule || there.split.seed != wanted.split.seed ||
      there.split.test_fraction != wanted.split.test_fraction || there.rows != wanted.rows ||
      there.truth != wanted.truth || there.training_rows != wanted.training_rows)
    return "another split";
  return {};
}

/// What is finished: of an earlier call that was interrupted, or of one that asked for other kinds.
void recall(Log& log, const std::string& out, BaselineTable& table) {
  for (const std::string& path : {out, partial_of(out)}) {
    if (!file_exists(path)) continue;
    try {
      const BaselineTable there = read_baselines(path);
      const std::string differs = difference(there, table);
      if (!differs.empty()) {
        log.line(stage, fmt::format("{} is of {}: starting anew", path, differs));
        continue;
      }
      for (const BaselineEntry& e : there.entries) table.put(e);
    } catch (const Error& error) {
      log.line(stage, fmt::format("{}: {}: starting anew", path, error.fields().cause));
    }
  }
}

std::string settings_of(Baseline kind, const BaselineFlags& f, const Split& split) {
  if (kind == Baseline::hog) return "{}";
  if (kind == Baseline::cnn) return nlohmann::ordered_json{{"seed", split.seed}, {"epochs", f.epochs}}.dump();
  nlohmann::ordered_json j = {{"centering", !f.no_centering}};
  if (kind != Baseline::softmax) return j.dump();
  std::vector<double> C = f.C;
  std::ranges::sort(C);
  j["C"] = C;
  j["tolerance"] = f.tolerance;
  if (C.size() == 1) return j.dump();
  j["folds"] = folds_of(f.split, f.folds);
  j["search_tolerance"] = f.search_tolerance;
  if (!split.folds_of_rows.empty()) j["folds_of_rows"] = split.folds_of_rows;
  return j.dump();
}

bool asks_for_softmax_search(const BaselineFlags& f) {
  return f.C.size() > 1 && std::ranges::count(f.kinds, std::string(to_string(Baseline::softmax))) > 0;
}

/// The work of one command.
class Work {
 public:
  Work(const Context& context, const BaselineFlags& flags) : context_(context), comm_(context.comm), flags_(flags) {
    comm_.all_do([&] {
      if (comm_.is_root()) {
        check_output({stage, flags.out});
        check_output({stage, partial_of(flags.out)});
        check_output({stage, checkpoint_of(flags.out)});
      }
      reader_ = std::make_unique<FeatureReader>(flags.features);
      set_split();
      share_products(flags.threads);
    });
    for (const std::string& note : notes_) context.log.line("split", note);
    const int folds = asks_for_softmax_search(flags) ? folds_of(flags.split, flags.folds) : 0;
    rows_ = load_baseline_rows(comm_, *reader_, split_, folds, !flags.no_centering);
    for (const std::string& note :
         folds > 0 ? fold_notes(comm_, rows_.training, reader_->classes(), folds) : std::vector<std::string>())
      context.log.line(stage, note);
    begin_table();
  }

  void compute() {
    if (model_) judge_model();
    for (const std::string& name : flags_.kinds) compute(parse_baseline(name));
    comm_.root_does([&] {
      table_.compare();
      if (flags_.json)
        print_lines();
      else if (flags_.prints)
        print_baselines(table_);
      flush_output();
      write_whole_file({stage, flags_.out}, to_json(table_));
      remove_file({stage, partial_of(flags_.out)});
      remove_file({stage, checkpoint_of(flags_.out)});
    });
  }

 private:
  void set_split() {
    split_ = flags_.split_values;
    notes_ = take_split(*reader_, flags_.split, split_);
    const std::vector<std::int32_t> folds = split_.folds_of_rows;
    if (!flags_.model.empty()) {
      model_ = read_model(flags_.model);
      const std::string differs = features_difference(*reader_, *model_);
      if (!differs.empty())
        throw Error({.stage = stage,
                     .path = flags_.model,
                     .cause = fmt::format("the model is for other features: {}", differs),
                     .advice = "train it on this feature file"});
      if (choose_rows(*reader_, *model_, flags_.model, "held-out").other_file)
        throw Error({.stage = stage,
                     .path = flags_.model,
                     .cause = "the model was trained on another catalogue, so no rows of this one were held out",
                     .advice = "train it on this feature file"});
      split_ = split_of(*model_, flags_.model, *reader_);
    }
    split_.folds_of_rows = folds;
  }

  /// Collective.
  void begin_table() {
    const auto rows = std::span<const Row>(rows_.rows);
    const auto truth = by_row(comm_, rows, {rows_.truth.begin(), rows_.truth.end()});
    const auto sorted = by_row(comm_, rows, rows_.rows);
    std::int64_t training = 0;
    for (const std::int64_t n : rows_.class_rows) training += n;
    comm_.root_does([&] {
      table_ = {.features = reader_->provenance(),
                .split = split_,
                .config = context_.config,
                .classes = reader_->classes(),
                .training_rows = training,
                .rows = sorted,
                .model = flags_.model};
      table_.truth.assign(truth.begin(), truth.end());
      recall(context_.log, flags_.out, table_);
    });
  }

  /// True if the root has it. Collective.
  [[nodiscard]] bool is_done(std::string_view kind, const std::string& settings) const {
    const BaselineEntry* found = comm_.is_root() ? table_.find(kind) : nullptr;
    return comm_.sum(std::int64_t{found != nullptr && found->settings == settings ? 1 : 0}) > 0;
  }

  void compute(Baseline kind) {
    const std::string name(to_string(kind)), settings = settings_of(kind, flags_, split_);
    if (is_done(name, settings)) return context_.log.line(stage, fmt::format("{}: done earlier", name));
    const double begin = context_.log.clock().seconds();
    std::optional<SoftmaxChoice> choice;
    Verdicts said;
    if (kind == Baseline::softmax) {
      choice = choose_softmax(comm_, rows_, flags_.C, folds_of(flags_.split, flags_.folds), flags_.tolerance,
                              flags_.search_tolerance);
      say_softmax(*choice);
      said = softmax_verdicts(*choice, rows_);
    } else {
      said = simple_verdicts(kind);
    }
    BaselineEntry entry = judge(comm_, rows_, reader_->classes(), said);
    entry.kind = name;
    entry.settings = settings;
    entry.seconds = comm_.max(context_.log.clock().seconds() - begin);
    if (choice) {
      entry.C = choice->C;
      entry.search = choice->points;
    }
    keep(std::move(entry));
  }

  [[nodiscard]] Verdicts simple_verdicts(Baseline kind) {
    if (kind == Baseline::nearest) return nearest_verdicts(comm_, rows_);
    if (kind == Baseline::centroid) return centroid_verdicts(comm_, rows_);
    if (kind == Baseline::hog) return hog_verdicts(comm_, rows_, pictures());
    return cnn_verdicts(comm_, rows_, pictures(),
                        {.seed = split_.seed,
                         .epochs = flags_.epochs,
                         .checkpoint = checkpoint_of(flags_.out),
                         .progress = [this](const CnnProgress& p) { say_epoch(p); }});
  }

  void say_epoch(const CnnProgress& p) const {
    context_.log.line(stage, fmt::format("cnn, epoch {}: loss {:.4f}; on rows kept apart {:.4f}, accuracy {:.4f}",
                                         p.epoch, p.loss, p.validation_loss, p.validation_accuracy));
  }

  /// Loads them once. Collective.
  [[nodiscard]] const BaselinePictures& pictures() {
    if (!pictures_) pictures_ = load_baseline_pictures(comm_, *reader_, rows_, flags_.corpus);
    return *pictures_;
  }

  void say_softmax(const SoftmaxChoice& choice) {
    const SoftmaxFit& fit = choice.fit;
    for (const SoftmaxPoint& p : choice.points)
      context_.log.line(stage, fmt::format("softmax, C {}: accuracy {:.4f} in the folds", number_text(p.C), p.mean));
    context_.log.line(
        stage,
        fmt::format("softmax, C {}: objective {:.6f}, relative gap {:.1e}, {} passes and {} in the "
                    "leading directions, {:.2f} s",
                    number_text(choice.C), fit.objective, fit.relative_gap(), fit.passes, fit.lean_passes, fit.seconds),
        {{"objective", fixed(fit.objective, 9)}, {"relative_gap", fixed(fit.relative_gap(), 12)}});
    if (!fit.converged) context_.log.line(stage, "warning: the tolerance was not reached; lower --C");
  }

  void judge_model() {
    const double begin = context_.log.clock().seconds();
    const RowChoice choice = choose_rows(*reader_, *model_, flags_.model, "held-out");
    const Findings found = judge_rows(comm_, *reader_, *model_, choice, default_coverage, false);
    const Evaluation e = evaluate_predictions(comm_, model_->classes, found.truth, found.predicted);
    const Measures m = measure(comm_, found.results, has_probabilities(*model_));
    BaselineEntry entry{
        .kind = model_kind, .settings = "{}", .accuracy = e.accuracy, .balanced_accuracy = e.balanced_accuracy};
    entry.interval = m.accuracy_interval;
    if (m.probabilities) entry.log_loss = m.log_loss;
    entry.C = model_->C;
    comm_.root_does([&] { entry.model_bytes = static_cast<double>(file_bytes({stage, flags_.model})); });
    for (const std::int64_t k : by_row(comm_, rows_.rows, {found.predicted.begin(), found.predicted.end()}))
      entry.predicted.push_back(static_cast<std::int32_t>(k));
    entry.seconds = context_.log.clock().seconds() - begin;
    keep(std::move(entry));
  }

  void keep(BaselineEntry entry) {
    context_.log.line(stage, fmt::format("{}: accuracy {:.4f}, {:.1f} s", entry.kind, entry.accuracy, entry.seconds));
    comm_.root_does([&] {
      table_.put(std::move(entry));
      table_.compare();
      write_whole_file({stage, partial_of(flags_.out)}, to_json(table_));
    });
  }

  void print_lines() const {
    for (const BaselineEntry& e : table_.entries) {
      nlohmann::ordered_json j = {{"kind", e.kind},
                                  {"accuracy", e.accuracy},
                                  {"accuracy_interval", {e.interval.low, e.interval.high}},
                                  {"balanced_accuracy", e.balanced_accuracy}};
      j["log_loss"] = e.log_loss ? nlohmann::ordered_json(*e.log_loss) : nlohmann::ordered_json();
      j["seconds"] = e.seconds;
      j["model_bytes"] = static_cast<std::int64_t>(e.model_bytes);
      if (e.paired) j["p"] = e.paired->p;
      print_json(j);
    }
  }

  const Context& context_;
  const Communicator& comm_;
  const BaselineFlags& flags_;
  std::unique_ptr<FeatureReader> reader_;
  std::optional<Model> model_;
  Split split_;
  std::vector<std::string> notes_;  ///< on the split, for the log
  BaselineRows rows_;
  std::optional<BaselinePictures> pictures_;
  BaselineTable table_;  ///< on the root
};

}  // namespace

void compute_baselines(const Context& context, const BaselineFlags& flags) {
  const StageClock clock(context.comm, context.log, stage);
  Work(context, flags).compute();
  clock.end();
}

}  // namespace pool3::jobs
