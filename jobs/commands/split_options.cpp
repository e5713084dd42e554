#include "commands/split_options.hpp"

#include "pool3/error.hpp"

namespace pool3::jobs {

void declare_split(OptionParser& p, SplitFlags& f) {
  p.add("split", f.rule,
        "which images are held out, and the folds: key (each image by its content, also when the catalogue grows) or "
        "stratified (a share of each class, as scikit-learn's train_test_split and StratifiedKFold)",
        std::string("key"));
}

SplitRule split_rule(const SplitFlags& flags) {
  if (flags.rule == to_string(SplitRule::by_key)) return SplitRule::by_key;
  if (flags.rule == to_string(SplitRule::stratified)) return SplitRule::stratified;
  throw usage_error("--split must be key or stratified");
}

void declare_scoring(OptionParser& p, ScoringFlags& f) {
  p.add("scoring", f.scoring, "what makes a point better: accuracy, balanced-accuracy, macro-f1 or log-loss",
        std::string("accuracy"));
  p.add("choose", f.choose, "best: the best mean; simplest: the smallest C within one standard error of it",
        std::string("best"));
}

}  // namespace pool3::jobs
