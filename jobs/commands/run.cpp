// The run job: all stages, one after another, into one folder.

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "commands/extract/extract.hpp"
#include "commands/model/baseline.hpp"
#include "commands/model/evaluate.hpp"
#include "commands/model/search.hpp"
#include "commands/report/report.hpp"
#include "console/stop_signal.hpp"
#include "pool3/files.hpp"
#include "pool3/store/model.hpp"

namespace pool3::jobs {
namespace {

/// The part of a resolved configuration that concerns extraction, so that a new C grid does not make new features.
std::string extract_config(const std::string& config) {
  OptionParser parser("extract", "");
  ExtractOptions ignored;
  declare_extract(parser, ignored);
  nlohmann::json all = nlohmann::json::parse(config);
  const auto names = parser.names();
  nlohmann::json part = {{"command", "extract"}};
  for (const auto& [name, value] : all.items())
    if (names.contains(name)) part[name] = value;
  return part.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// The flags of search and training, by which an earlier result may differ.
std::set<std::string> names_of_training() {
  OptionParser parser("run", "");
  SearchFlags search;
  TrainingFlags training;
  declare_search(parser, search);
  declare_training(parser, training);
  std::set<std::string> names = parser.names_that_change_rows();
  names.insert("probability-folds");
  names.erase("extend");
  return names;
}

/// Throws Error if `path` was made with other flags of search or training. `there`: its configuration.
void require_same_flags(const std::string& path, const std::string& there, const std::string& here) {
  const auto was = nlohmann::json::parse(there, nullptr, false), now = nlohmann::json::parse(here);
  for (const std::string& name : names_of_training()) {
    if (!was.is_object() || !was.contains(name) || !now.contains(name) || was[name] == now[name]) continue;
    throw Error(
        {.stage = "run",
         .path = path,
         .cause = fmt::format("it is of a run with --{} {}, this one has {}", name, was[name].dump(), now[name].dump()),
         .advice = "give another --out, or add --overwrite to replace it",
         .code = ExitCode::usage});
  }
}

/// The configuration of a table of a search; "" if there is none.
std::string config_of_table(const std::string& path) {
  constexpr std::int64_t most_bytes = std::int64_t{1} << 30;
  const std::string text = read_source({"run", path}, most_bytes);
  if (!excess_of_json(text).empty()) return "";
  const auto table = nlohmann::json::parse(text, nullptr, false);
  return table.is_object() && table.contains("config") ? table["config"].dump() : "";
}

class RunCommand : public Command {
 public:
  void declare(OptionParser& p) override {
    p.add_required("out", folder_, "folder for features.h5, search.json, model.h5, evaluation.json and report.html",
                   Changes::file);
    p.writes_folder(
        "out",
        {"features.h5", "features.h5.partial*", "features.h5.lock", "features.h5.failures.tsv", "search.json",
         "search.json.points", "search.json.state-*", "model.h5", "model.h5.certificate.json", "baselines.json",
         "baselines.json.partial", "baselines.json.cnn", "evaluation.json", "report.html"},
        "update-from");
    declare_extract(p, extract_);
    p.take_without_flag("corpus");
    declare_search(p, search_);
    declare_training(p, training_);
    p.add("probability-folds", training_.options.probability_folds,
          "folds that probabilities are calibrated with; 0: none", 5);
    p.add_words(
        "baselines", baselines_,
        fmt::format("other classifiers to put beside the model, in baselines.json, the evaluation and the page: {}",
                    fmt::join(baseline_names, ", ")),
        {}, Changes::file);
    p.add("report", report_, "yes or no: also make a page to look at, report.html", std::string("yes"), Changes::file);
  }

  void check() const override {
    if (report_ != "yes" && report_ != "no") throw usage_error("--report must be yes or no");
    jobs::check(extract_);
    for (const std::string& kind : words_of(baselines_)) static_cast<void>(parse_baseline(kind));
    static_cast<void>(options_of(training_));
    jobs::check(search_);
  }

  ExitCode run(const Context& context) override {
    const Communicator& comm = context.comm;
    comm.all_do([&] {
      search_.folds = folds_of(training_.split, search_.folds);
      jobs::check(search_);
      if (comm.is_root() && !extract_.policy.dry_run) make_folder({"run", folder_});
    });
    extract_.file.out = folder_ + "/features.h5";
    const std::string table = folder_ + "/search.json", model = folder_ + "/model.h5";
    const KernelFlagValues kernel = values_of(training_.kernel);
    const std::size_t kernels = (kernel.linear ? 1 : 0) + (kernel.rbf ? kernel.gammas.size() : 0);
    const bool searches = search_.C.size() > 1 || kernels > 1 || search_.extend;
    require_same_files(context, searches ? table : "", model);
    const StopSignal signal(context.log, extract_.policy.dry_run ? Again::begins_anew : Again::resumes);
    if (context.log.metrics() != nullptr) context.log.metrics()->keep();
    const ExitCode code = extract({context.comm, context.log, extract_config(context.config)}, extract_);
    if (extract_.policy.dry_run || code == ExitCode::resumable) return code;
    const TrainingInput input = open_training(context, training_, extract_.file.out, {table, model});
    TrainingOptions training = input.options;
    if (!searches) {
      training.C = search_.C[0];
      note_old_table(context, table);
    } else {
      training = search(context, training_, training, search_, input.reader, table);
    }
    train(context, input.reader, training, model);
    const std::string evaluation = folder_ + "/evaluation.json", baselines = compare(context, model);
    evaluate(context, {.features = extract_.file.out,
                       .model = model,
                       .out = evaluation,
                       .baselines = baselines,
                       .group_near_copies = training_.group_near_copies,
                       .near_copies = input.near_copies ? &*input.near_copies : nullptr});
    if (report_ == "yes") write_report(context, model, searches ? table : "", evaluation, baselines);
    SearchJournal::remove(comm, table);
    return code;
  }

 private:
  /// What an earlier run has left must be of the same flags; `table`: "" if none is made. Collective.
  void require_same_files(const Context& context, const std::string& table, const std::string& model) const {
    context.comm.root_does([&] {
      if (extract_.policy.overwrite || extract_.policy.dry_run) return;
      if (!table.empty() && file_exists(table)) require_same_flags(table, config_of_table(table), context.config);
      if (file_exists(model)) require_same_flags(model, read_model(model).config, context.config);
    });
  }
  static void note_old_table(const Context& context, const std::string& table) {
    if (context.comm.is_root() && file_exists(table))
      context.log.line("run", fmt::format("nothing is searched for one C; {} is of an earlier run, and stays", table));
  }
  /// The table of baselines, or "". Collective.
  [[nodiscard]] std::string compare(const Context& context, const std::string& model) const {
    const std::vector<std::string> kinds = words_of(baselines_);
    if (kinds.empty()) return "";
    const BaselineFlags flags{.features = extract_.file.out,
                              .model = model,
                              .out = folder_ + "/baselines.json",
                              .corpus = {},
                              .kinds = kinds,
                              .split = training_.split,
                              .split_values = training_.options.split,
                              .no_centering = training_.no_centering,
                              .prints = false,
                              .folds = search_.folds,
                              .threads = training_.options.solver.threads};
    compute_baselines(context, flags);
    return flags.out;
  }

  void write_report(const Context& context, const std::string& model, const std::string& table,
                    const std::string& evaluation, const std::string& baselines) const {
    ReportFlags flags{.features = extract_.file.out,
                      .out = folder_ + "/report.html",
                      .model = model,
                      .search = table,
                      .evaluation = evaluation,
                      .baselines = baselines};
    const Metrics* metrics = context.log.metrics();
    if (metrics != nullptr && file_exists(metrics->folder() + "/rank-0.jsonl")) flags.measured = metrics->folder();
    if (metrics != nullptr) flags.numbers = context.comm.gather(metrics->kept());
    report(context, flags);
  }

  std::string folder_, report_;
  std::vector<std::string> baselines_;
  ExtractOptions extract_;
  TrainingFlags training_;
  SearchFlags search_;
};

}  // namespace

std::unique_ptr<Command> make_run() { return std::make_unique<RunCommand>(); }

}  // namespace pool3::jobs
