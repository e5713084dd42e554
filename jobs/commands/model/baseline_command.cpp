// The baseline command: its flags.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>

#include "commands/model/baseline.hpp"
#include "console/stop_signal.hpp"
#include "pool3/training.hpp"

namespace pool3::jobs {
namespace {

class BaselineCommand : public Command {
 public:
  void declare(OptionParser& p) override {
    p.add_required("features", flags_.features, "feature file");
    p.take_without_flag("features");
    p.add_required("out", flags_.out, "table to make (JSON); what an earlier table of these rows has is kept",
                   Changes::file);
    p.add_words("kind", flags_.kinds, fmt::format("what to compute: {}", fmt::join(baseline_names, ", ")),
                {"softmax", "nearest", "centroid"});
    p.add("corpus", flags_.corpus,
          "where the pictures are, for kinds that look at them: a source as in extract, in which each is found by its "
          "content. If not given: where the feature file says",
          std::string(), Changes::nothing);
    p.add("model", flags_.model,
          "model file of train or search: its split is taken, and a paired test compares each baseline with it",
          std::string());
    p.add_switch("json", flags_.json, "print a line of JSON for each baseline", Changes::nothing);
    p.reads("features");
    p.reads("model");
    p.reads("corpus", ReadPath::Form::corpus);
    p.writes("out", {".partial", ".cnn"});
    p.group("Training");
    p.add("test-fraction", flags_.split_values.test_fraction, "share of the images that is held out", 0.2);
    declare_split(p, flags_.split);
    p.add("seed", flags_.split_values.seed, "seed of the split", std::uint64_t{42});
    p.add_switch("no-centering", flags_.no_centering, "take the features as they are");
    p.add("solver-threads", flags_.threads, "threads per rank for the matrix products", 1, Changes::nothing);
    p.group("Softmax regression");
    p.add_numbers("C", flags_.C, "cost of errors, in standardised features; of several the best in the folds is taken",
                  "10 100 1000");
    p.add("folds", flags_.folds, "folds of the cross-validation", 10);
    p.add("tolerance", flags_.tolerance, "relative duality gap to stop at", 1e-6);
    p.add("search-tolerance", flags_.search_tolerance, "relative duality gap to stop at while searching", 1e-3);
    p.group("Small network");
    p.add("epochs", flags_.epochs, "passes over the training pictures, at most", std::int64_t{60});
  }
  void check() const override {
    if (flags_.epochs < 1 || flags_.epochs > 100000) throw usage_error("--epochs must be between 1 and 100000");
    if (flags_.kinds.empty()) throw usage_error("--kind names nothing");
    for (const std::string& kind : words_of(flags_.kinds)) static_cast<void>(parse_baseline(kind));
    jobs::check(flags_.split);
    if (!(flags_.split_values.test_fraction > 0 && flags_.split_values.test_fraction < 1))
      throw usage_error("--test-fraction must be above 0 and below 1");
    for (const double C : flags_.C) check_C(C);
    if (flags_.C.empty()) throw usage_error("--C needs a value");
    if (flags_.folds < 2 || flags_.folds > 1000) throw usage_error("--folds must be between 2 and 1000");
    if (!(flags_.tolerance > 0)) throw usage_error("--tolerance must be above 0");
    if (!(flags_.search_tolerance > 0)) throw usage_error("--search-tolerance must be above 0");
    if (flags_.threads < 1 || flags_.threads > 1024) throw usage_error("--solver-threads must be between 1 and 1024");
  }
  ExitCode run(const Context& context) override {
    const StopSignal signal(context.log, Again::resumes);
    flags_.kinds = words_of(flags_.kinds);
    compute_baselines(context, flags_);
    return ExitCode::ok;
  }

 private:
  BaselineFlags flags_;
};

}  // namespace

std::unique_ptr<Command> make_baseline() { return std::make_unique<BaselineCommand>(); }

}  // namespace pool3::jobs
