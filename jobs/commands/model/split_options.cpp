#include "commands/model/split_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "pool3/error.hpp"
#include "pool3/import.hpp"

namespace pool3::jobs {
namespace {

constexpr std::int32_t most_folds = 1000;

}  // namespace

void declare_split(OptionParser& p, SplitFlags& f) {
  p.add("split", f.rule,
        "which images are held out, and the folds: key (each image by its content, also when the catalogue grows) or "
        "stratified (a share of each class, as scikit-learn's train_test_split and StratifiedKFold)",
        std::string("key"));
  p.add("folds-from", f.folds_from,
        "FILE[:DATASET] with the fold of each row of the feature file, from 0 on; -1: a row that trains in each. Array "
        "of "
        "NumPy, HDF5, or a column of text",
        std::string(), Changes::content);
  p.reads("folds-from", ReadPath::Form::dataset);
}

SplitRule split_rule(const SplitFlags& flags) {
  if (flags.rule == to_string(SplitRule::by_key)) return SplitRule::by_key;
  if (flags.rule == to_string(SplitRule::stratified)) return SplitRule::stratified;
  throw usage_error("--split must be key or stratified");
}

std::vector<std::int32_t> read_folds(const SplitFlags& flags) {
  std::vector<std::int32_t> folds;
  if (flags.folds_from.empty()) return folds;
  const TableName name = parse_table_name(flags.folds_from);
  const std::vector<std::string> texts = read_column(name);
  for (std::size_t row = 0; row < texts.size(); ++row) {
    const std::string& text = texts[row];
    std::int32_t fold = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), fold);
    if (error != std::errc() || end != text.data() + text.size() || fold < -1 || fold >= most_folds)
      throw Error({.stage = "folds",
                   .path = name.text(),
                   .cause = fmt::format("row {}: '{}' is no fold", row, one_line(text.substr(0, 40))),
                   .advice = fmt::format("folds are whole numbers from 0 to {}, or -1", most_folds - 1)});
    folds.push_back(fold);
  }
  if (folds.empty() || std::ranges::max(folds) < 1)
    throw Error({.stage = "folds", .path = name.text(), .cause = "it has fewer than two folds"});
  return folds;
}

int folds_of(const Split& split, int folds) { return split.folds_of_rows.empty() ? folds : given_folds(split); }

void declare_scoring(OptionParser& p, ScoringFlags& f) {
  p.add("scoring", f.scoring, "what makes a point better: accuracy, balanced-accuracy, macro-f1 or log-loss",
        std::string("accuracy"));
  p.add("choose", f.choose, "best: the best mean; simplest: the smallest C within one standard error of it",
        std::string("best"));
}

}  // namespace pool3::jobs
