#include "commands/evaluate.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "pool3/evaluation.hpp"
#include "pool3/files.hpp"
#include "pool3/model.hpp"
#include "pool3/training.hpp"

namespace pool3::jobs {
namespace {

constexpr const char* stage = "evaluate";

void check_match(const FeatureReader& reader, const Model& model, const std::string& model_path) {
  const std::string difference = features_difference(reader, model);
  if (difference.empty()) return;
  throw Error({.stage = stage,
               .path = model_path,
               .cause = fmt::format("the model is for other features: {}", difference),
               .advice = "train it on this feature file"});
}

class EvaluateCommand : public Command {
 public:
  void declare(OptionParser& p) override {
    p.add_required("features", features_, "feature file");
    p.take_without_flag("features");
    p.add_required("model", model_, "model file");
    p.add_required("out", out_, "report to make (JSON)", Changes::file);
  }
  ExitCode run(const Context& context) override {
    evaluate(context, features_, model_, out_);
    return ExitCode::ok;
  }

 private:
  std::string features_, model_, out_;
};

}  // namespace

void evaluate(const Context& context, const std::string& features, const std::string& model_path,
              const std::string& out) {
  const Communicator& comm = context.comm;
  std::unique_ptr<FeatureReader> reader;
  Model model;
  std::vector<std::int32_t> truth, predicted;
  comm.all_do([&] {
    if (comm.is_root()) check_output({stage, out});
    reader = std::make_unique<FeatureReader>(features);
    model = read_model(model_path);
    check_match(*reader, model, model_path);
  });
  for_each_labelled_rows(comm, *reader, split_of(model), Side::test, [&](const LabelledRows& found) {
    const auto scores = score_rows(model.coef, model.intercept, found.features);
    const auto best = highest(scores, static_cast<std::int64_t>(model.classes.size()));
    predicted.insert(predicted.end(), best.begin(), best.end());
    truth.insert(truth.end(), found.labels.begin(), found.labels.end());
  });
  const Evaluation e = evaluate_predictions(comm, model.classes, truth, predicted);
  comm.root_does([&] {
    if (e.macro.support == 0)
      throw Error({.stage = stage,
                   .path = features,
                   .cause = "no rows are held out",
                   .advice = "train with --test-fraction above 0"});
    fmt::print("{}\naccuracy on {} held-out images: {:.4f}\n", classification_report(e), e.macro.support, e.accuracy);
    std::fflush(stdout);
    write_whole_file({stage, out}, to_json(e));
  });
  context.log.line(stage, fmt::format("{}: accuracy {:.4f}", out, e.accuracy), {{"accuracy", fixed(e.accuracy, 6)}});
}

std::unique_ptr<Command> make_evaluate() { return std::make_unique<EvaluateCommand>(); }

}  // namespace pool3::jobs
