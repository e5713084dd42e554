// Why a split leaves nothing to train on, or nothing to test with.

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "pool3/error.hpp"
#include "pool3/partition.hpp"
#include "pool3/training.hpp"
#include "pool3/types.hpp"
#include "training/assignment.hpp"

namespace pool3 {
namespace {

using training::Assignment;

/// The rows of a file that are done and have a label.
struct Usable {
  std::vector<std::int64_t> classes, training;  ///< [classes] rows of each, and those that the split lets train
  std::int64_t rows = 0, held_out = 0;
  bool same_key = true;  ///< the same one decides for all of them
};

Usable usable_rows(const FeatureReader& reader, const Split& split) {
  const Assignment assignment(reader, split, 0);
  const auto status = reader.status();
  const auto labels = reader.labels();
  const auto keys = reader.keys();
  Usable found;
  found.classes.assign(reader.classes().size(), 0);
  found.training = found.classes;
  ImageKey first;
  for (std::size_t i = 0; i < status.size(); ++i) {
    if (status[i] != RowStatus::done || labels[i] < 0) continue;
    const Row row = static_cast<Row>(i);
    const GroupId group = split.groups_of_rows.empty() ? no_group : split.groups_of_rows[i];
    const ImageKey key = deciding_key(group, keys[i]);
    if (found.rows == 0) first = key;
    found.same_key = found.same_key && key == first;
    ++found.rows;
    ++found.classes[index(labels[i])];
    if (assignment.is_on(Side::training, row, keys[i])) ++found.training[index(labels[i])];
    if (assignment.is_on(Side::test, row, keys[i])) ++found.held_out;
  }
  return found;
}

auto present(const std::vector<std::int64_t>& rows_of_classes) {
  return std::ranges::count_if(rows_of_classes, [](std::int64_t n) { return n > 0; });
}

/// What keeps all rows together, or "".
std::string why_together(const Usable& found, const Split& split) {
  if (!found.same_key || found.rows < 2 || split.rule == SplitRule::folders || split.rule == SplitRule::given)
    return {};
  if (!split.groups_of_rows.empty()) return "; they are of one group, which stays together";
  if (split.rule == SplitRule::stratified) return {};
  return "; they have the same content, and copies stay together";
}

std::string advice_for(const Split& split) {
  if (split.rule == SplitRule::folders || split.rule == SplitRule::given)
    return "the split must let rows of two classes train";
  if (!split.groups_of_rows.empty()) return "give other groups, or --test-fraction 0";
  if (split.rule == SplitRule::stratified) return "give a smaller --test-fraction; 0 holds nothing out";
  return "give --split stratified, or --test-fraction 0";
}

Error too_few_classes(const FeatureReader& reader, const Split& split, std::int64_t classes) {
  const Usable found = usable_rows(reader, split);
  const std::string cause =
      classes == 0 ? "there are no training rows with a label" : "all training rows are of one class; two are needed";
  if (present(found.classes) < 2) return Error({.cause = cause, .advice = "check --labels of extract or import"});
  if (present(found.training) >= 2)
    return Error({.cause = cause + ": all others have the weight 0", .advice = "give other --row-weights"});
  return Error({.cause = fmt::format("{}: of {} rows with a label {} are held out{}", cause, found.rows, found.held_out,
                                     why_together(found, split)),
                .advice = advice_for(split)});
}

struct FullFold {
  std::ptrdiff_t number;  ///< -1: none has all rows
  std::int64_t rows;      ///< of all folds
};
FullFold full_fold(const std::vector<std::int64_t>& fold_rows) {
  const std::int64_t all = std::accumulate(fold_rows.begin(), fold_rows.end(), std::int64_t{0});
  if (all == 0) return {-1, 0};
  const auto full = std::find(fold_rows.begin(), fold_rows.end() - 1, all);
  return {full == fold_rows.end() - 1 ? -1 : full - fold_rows.begin(), all};
}

bool folds_go_by_key(const Split& split) {
  return split.groups_of_rows.empty() && split.folds_of_rows.empty() && !split.folds_by_class;
}

std::string all_in_one(const FullFold& full, std::size_t folds, const Split& split) {
  return fmt::format(
      "all {} training rows are in fold {} of {}, so that none is left to train on when it is held out{}", full.rows,
      full.number, folds, folds_go_by_key(split) ? "; folds go by content, and copies stay together" : "");
}

}  // namespace

void check_training_classes(const Communicator& comm, const FeatureReader& reader, const Split& split,
                            const std::vector<std::int64_t>& class_rows) {
  const auto classes = present(class_rows);
  if (classes < 2) comm.root_does([&] { throw too_few_classes(reader, split, classes); });
}

void check_folds(const Communicator& comm, const Problem& problem, const Split& split, int folds) {
  std::vector<std::int64_t> rows(index(folds) + 1, 0);
  for (const std::int32_t fold : problem.folds) ++rows[index(fold)];
  comm.sum(std::span<std::int64_t>(rows));
  const FullFold full = full_fold(rows);
  if (full.number < 0) return;
  comm.root_does([&] {
    throw Error({.cause = all_in_one(full, index(folds), split),
                 .advice = folds_go_by_key(split) ? "give --split stratified" : "give other folds or groups"});
  });
}

std::string full_fold_note(const FeatureReader& reader, const Split& split, int folds, const std::string& row_weights) {
  std::vector<std::int64_t> rows(index(folds) + 1, 0);
  const SplitTable table = split_table(reader, split, folds, 0, row_weights);
  for (std::size_t i = 0; i < table.sides.size(); ++i)
    if (table.sides[i] == RowSide::training) ++rows[table.folds[i] < 0 ? rows.size() - 1 : index(table.folds[i])];
  const FullFold full = full_fold(rows);
  if (full.number < 0) return {};
  return fmt::format(
      "probabilities say no more than how many rows a class has: {} ({}, or --probability-folds 0 for none)",
      all_in_one(full, index(folds), split),
      folds_go_by_key(split) ? "give --split stratified" : "other folds or groups");
}

Error no_held_out_rows(const FeatureReader& reader, const Split& split) {
  const Usable found = usable_rows(reader, split);
  const bool chance = split.rule == SplitRule::by_key && split.test_fraction > 0;
  return Error({.cause = found.rows == 0
                             ? "no rows are held out: none is done and has a label"
                             : fmt::format("no rows are held out{}", chance ? why_together(found, split) : ""),
                .advice = chance                    ? "train with --split stratified"
                          : split.test_fraction > 0 ? "train with a split that holds some out"
                                                    : "train with --test-fraction above 0"});
}

}  // namespace pool3
