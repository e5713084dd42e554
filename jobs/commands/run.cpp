// The run job: all stages, one after another, into one folder.

#include <cstdio>
#include <nlohmann/json.hpp>

#include "commands/evaluate.hpp"
#include "commands/extract.hpp"
#include "commands/search.hpp"
#include "commands/search_journal.hpp"
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

class RunJob : public Job {
 public:
  void declare(OptionParser& p) override {
    p.add_required("out", folder_, "folder for features.h5, search.json, model.h5 and evaluation.json", false);
    declare_extract(p, extract_);
    declare_solver(p, solver_);
    declare_search(p, search_);
    p.add("probability-folds", probability_folds_, "folds that probabilities are calibrated with; 0: none", 5);
  }

  ExitCode run(const Context& context) override {
    context.comm.root_does([&] {
      check(solver_);
      check(search_);
      if (!extract_.dry_run) make_folder({"run", folder_});
    });
    extract_.out = solver_.features = folder_ + "/features.h5";
    const std::string model = folder_ + "/model.h5";
    const StopSignal signal(context.log);
    const ExitCode code = extract({context.comm, context.log, extract_config(context.config)}, extract_);
    if (extract_.dry_run || code == ExitCode::resumable) return code;
    const double C = search_.C.size() == 1 ? search_.C[0] : search(context, solver_, search_, folder_ + "/search.json");
    if (search_.C.size() == 1 && context.comm.is_root())
      std::remove((folder_ + "/search.json").c_str());  // of another run
    train(context, solver_, C, probability_folds_, model);
    evaluate(context, solver_.features, model, folder_ + "/evaluation.json");
    SearchJournal(context, folder_ + "/search.json").remove();
    return code;
  }

 private:
  std::string folder_;
  ExtractOptions extract_;
  SolverFlags solver_;
  SearchFlags search_;
  int probability_folds_ = 5;
};

}  // namespace

std::unique_ptr<Job> make_run() { return std::make_unique<RunJob>(); }

}  // namespace pool3::jobs
