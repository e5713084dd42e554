// The run job: all stages, one after another, into one folder.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "commands/extract/extract.hpp"
#include "commands/model/evaluate.hpp"
#include "commands/model/search.hpp"
#include "console/stop_signal.hpp"
#include "pool3/files.hpp"

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

class RunCommand : public Command {
 public:
  void declare(OptionParser& p) override {
    p.add_required("out", folder_, "folder for features.h5, search.json, model.h5 and evaluation.json", Changes::file);
    p.writes_folder(
        "out",
        {"features.h5", "features.h5.partial*", "features.h5.lock", "features.h5.failures.tsv", "search.json",
         "search.json.points", "search.json.state-*", "model.h5", "model.h5.certificate.json", "evaluation.json"},
        "update-from");
    declare_extract(p, extract_);
    p.take_without_flag("corpus");
    declare_search(p, search_);
    declare_training(p, training_);
    p.add("probability-folds", training_.options.probability_folds,
          "folds that probabilities are calibrated with; 0: none", 5);
  }

  void check() const override {
    jobs::check(extract_);
    static_cast<void>(options_of(training_));
    jobs::check(search_);
  }

  ExitCode run(const Context& context) override {
    const Communicator& comm = context.comm;
    TrainingOptions training;
    comm.all_do([&] {
      training = options_of(training_);
      search_.folds = folds_of(training.split, search_.folds);
      jobs::check(search_);
      if (comm.is_root() && !extract_.policy.dry_run) make_folder({"run", folder_});
    });
    extract_.file.out = folder_ + "/features.h5";
    const std::string table = folder_ + "/search.json", model = folder_ + "/model.h5";
    const StopSignal signal(context.log);
    const ExitCode code = extract({context.comm, context.log, extract_config(context.config)}, extract_);
    if (extract_.policy.dry_run || code == ExitCode::resumable) return code;
    const KernelFlagValues kernel = values_of(training_.kernel);
    const std::size_t kernels = (kernel.linear ? 1 : 0) + (kernel.rbf ? kernel.gammas.size() : 0);
    if (search_.C.size() == 1 && kernels == 1) {
      training.C = search_.C[0];
      if (comm.is_root() && file_exists(table))
        context.log.line("run",
                         fmt::format("nothing is searched for one C; {} is of an earlier run, and stays", table));
    } else {
      training = search(context, training_, training, search_, extract_.file.out, table);
    }
    train(context, extract_.file.out, training, model);
    evaluate(context, {.features = extract_.file.out, .model = model, .out = folder_ + "/evaluation.json"});
    SearchJournal::remove(comm, table);
    return code;
  }

 private:
  std::string folder_;
  ExtractOptions extract_;
  TrainingFlags training_;
  SearchFlags search_;
};

}  // namespace

std::unique_ptr<Command> make_run() { return std::make_unique<RunCommand>(); }

}  // namespace pool3::jobs
