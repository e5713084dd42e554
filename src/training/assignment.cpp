#include "training/assignment.hpp"

#include <fmt/format.h>

#include "pool3/error.hpp"
#include "pool3/partition.hpp"
#include "pool3/partition/stratified.hpp"
#include "pool3/types.hpp"

namespace pool3::training {
namespace {

/// Rows that are done and have a label.
std::vector<Row> usable_rows(const FeatureReader& reader, const std::vector<std::int32_t>& labels) {
  const auto status = reader.status();
  std::vector<Row> rows;
  for (std::size_t i = 0; i < status.size(); ++i)
    if (status[i] == RowStatus::done && labels[i] >= 0) rows.push_back(static_cast<Row>(i));
  return rows;
}

template <typename T>
std::vector<T> at(const std::vector<Row>& rows, const std::vector<T>& of_file) {
  std::vector<T> found;
  if (of_file.empty()) return found;
  found.reserve(rows.size());
  for (const Row row : rows) found.push_back(of_file[index(row)]);
  return found;
}

void check_size(std::size_t given, const char* what, const FeatureReader& reader) {
  if (given == 0 || static_cast<std::int64_t>(given) == reader.rows()) return;
  throw Error({.stage = what,
               .cause = fmt::format("{} {} for the {} rows of the feature file", given, what, reader.rows()),
               .advice = "give one for each row, in their order"});
}

}  // namespace

Assignment::Assignment(const FeatureReader& reader, const Split& split, int folds) : split_(split), folds_(folds) {
  check_size(split.folds_of_rows.size(), "folds", reader);
  check_size(split.groups_of_rows.size(), "groups", reader);
  check_size(split.sides_of_rows.size(), "sides", reader);
  if (split.rule == SplitRule::stratified) split_by_class(reader);
  if (split.rule == SplitRule::folders) sides_ = sides_by_folder(reader);
  if (split.rule == SplitRule::given) sides_ = split.sides_of_rows;
  if (split.rule != SplitRule::by_key && std::ssize(sides_) != reader.rows())
    throw Error({.stage = "split",
                 .cause = "there are not both, rows that train and rows that are held out",
                 .advice = "folders are known by names such as train and test; or leave --split away"});
  const bool by_class = split.rule == SplitRule::stratified || split.folds_by_class;
  if (folds > 0 && split.folds_of_rows.empty() && by_class) fold_by_class(reader);
}

void Assignment::split_by_class(const FeatureReader& reader) {
  const auto all = reader.labels();
  const auto usable = usable_rows(reader, all);
  const auto labels = at(usable, all);
  const auto groups = at(usable, split_.groups_of_rows);
  const auto held_out = groups.empty() ? stratified_test_rows(labels, split_.test_fraction, split_.seed)
                                       : stratified_group_test_rows(labels, groups, split_.test_fraction, split_.seed);
  sides_.assign(all.size(), RowSide::left_out);
  for (std::size_t i = 0; i < usable.size(); ++i)
    sides_[index(usable[i])] = held_out[i] != 0 ? RowSide::held_out : RowSide::training;
}

void Assignment::fold_by_class(const FeatureReader& reader) {
  const auto all = reader.labels();
  auto training = usable_rows(reader, all);
  const auto keys = sides_.empty() ? reader.keys() : std::vector<ImageKey>(all.size());
  std::erase_if(training, [&](Row row) { return !is_on(Side::training, row, keys[index(row)]); });
  const auto labels = at(training, all);
  const auto groups = at(training, split_.groups_of_rows);
  const auto folds = groups.empty() ? stratified_folds(labels, folds_, split_.seed)
                                    : stratified_group_folds(labels, groups, folds_, split_.seed);
  fold_.assign(all.size(), folds_);
  for (std::size_t i = 0; i < training.size(); ++i) fold_[index(training[i])] = folds[i];
}

GroupId Assignment::group(Row row) const {
  return split_.groups_of_rows.empty() ? no_group : split_.groups_of_rows[index(row)];
}

bool Assignment::is_on(Side side, Row row, const ImageKey& key) const {
  if (side == Side::both) return true;
  if (!sides_.empty()) {
    const RowSide is = sides_[index(row)];
    if (side == Side::left_out) return is == RowSide::left_out;
    return is == (side == Side::test ? RowSide::held_out : RowSide::training);
  }
  if (side == Side::left_out) return false;
  return is_test_row(split_.seed, deciding_key(group(row), key), split_.test_fraction) == (side == Side::test);
}

std::int32_t Assignment::fold(Row row, const ImageKey& key) const {
  if (!split_.folds_of_rows.empty()) {
    const std::int32_t given = split_.folds_of_rows[index(row)];
    return given < 0 ? folds_ : given;
  }
  return fold_.empty() ? fold_of(split_.seed, deciding_key(group(row), key), folds_) : fold_[index(row)];
}

std::vector<float> weights_of_rows(const FeatureReader& reader, const std::string& source) {
  if (source.empty()) return {};
  const std::size_t colon = source.rfind(':');
  const bool named = colon != std::string::npos;
  const std::string path = named ? source.substr(0, colon) : source;
  return read_row_weights(path, named ? source.substr(colon + 1) : "weights", reader.rows());
}

}  // namespace pool3::training
