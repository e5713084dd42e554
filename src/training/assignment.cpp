#include "training/assignment.hpp"

#include <fmt/format.h>

#include "pool3/error.hpp"
#include "pool3/partition.hpp"
#include "pool3/stratified.hpp"

namespace pool3::training {
namespace {

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Rows that are done and have a label.
std::vector<Row> usable_rows(const FeatureReader& reader, const std::vector<std::int32_t>& labels) {
  const auto status = reader.status();
  std::vector<Row> rows;
  for (std::size_t i = 0; i < status.size(); ++i)
    if (status[i] == RowStatus::done && labels[i] >= 0) rows.push_back(static_cast<Row>(i));
  return rows;
}

std::vector<std::int32_t> labels_of(const std::vector<Row>& rows, const std::vector<std::int32_t>& labels) {
  std::vector<std::int32_t> found;
  found.reserve(rows.size());
  for (const Row row : rows) found.push_back(labels[index(row)]);
  return found;
}

}  // namespace

Assignment::Assignment(const FeatureReader& reader, const Split& split, int folds) : split_(split), folds_(folds) {
  if (!split.folds_of_rows.empty() && std::ssize(split.folds_of_rows) != reader.rows())
    throw Error({.stage = "folds",
                 .cause = fmt::format("{} folds for the {} rows of the feature file", split.folds_of_rows.size(),
                                      reader.rows()),
                 .advice = "give one for each row, in their order"});
  if (split.rule != SplitRule::stratified) return;
  const auto labels = reader.labels();
  const auto usable = usable_rows(reader, labels);
  const auto held_out = stratified_test_rows(labels_of(usable, labels), split.test_fraction, split.seed);
  held_out_.assign(labels.size(), 0);
  std::vector<Row> training;
  for (std::size_t i = 0; i < usable.size(); ++i) {
    held_out_[index(usable[i])] = held_out[i];
    if (held_out[i] == 0) training.push_back(usable[i]);
  }
  if (folds == 0 || !split.folds_of_rows.empty()) return;
  fold_.assign(labels.size(), folds);
  const auto folds_of_training = stratified_folds(labels_of(training, labels), folds, split.seed);
  for (std::size_t i = 0; i < training.size(); ++i) fold_[index(training[i])] = folds_of_training[i];
}

bool Assignment::is_on(Side side, Row row, const ImageKey& key) const {
  if (side == Side::both) return true;
  const bool test =
      held_out_.empty() ? is_test_row(split_.seed, key, split_.test_fraction) : held_out_[index(row)] != 0;
  return test == (side == Side::test);
}

std::int32_t Assignment::fold(Row row, const ImageKey& key) const {
  if (!split_.folds_of_rows.empty()) {
    const std::int32_t given = split_.folds_of_rows[index(row)];
    return given < 0 ? folds_ : given;
  }
  return fold_.empty() ? fold_of(split_.seed, key, folds_) : fold_[index(row)];
}

}  // namespace pool3::training
