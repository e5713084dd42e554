#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "pool3/error.hpp"
#include "pool3/training.hpp"
#include "pool3/types.hpp"
#include "training/assignment.hpp"

namespace pool3 {
namespace {

using training::Assignment;

constexpr std::int64_t rows_at_once = 65536;

/// Calls `use(row, path)` with the whole path of each row.
template <typename Use>
void for_each_path(const FeatureReader& reader, const Use& use) {
  std::string root = reader.root();
  if (!root.ends_with('/')) root += '/';
  for (Row begin = 0; begin < reader.rows(); begin += rows_at_once) {
    const RowRange rows{begin, std::min(begin + rows_at_once, reader.rows())};
    const auto paths = reader.paths(rows);
    for (std::size_t i = 0; i < paths.size(); ++i)
      use(rows.begin + static_cast<Row>(i), paths[i].starts_with('/') ? paths[i] : root + paths[i]);
  }
}

/// The folders that all paths have in front, up to the last slash.
std::string shared_folder(const FeatureReader& reader) {
  std::string shared;
  for_each_path(reader, [&](Row row, const std::string& path) {
    if (row == 0) shared = path;
    const auto differ = std::ranges::mismatch(shared, path);
    shared.resize(static_cast<std::size_t>(differ.in1 - shared.begin()));
  });
  return shared.substr(0, shared.rfind('/') + 1);
}

/// The side that the first folder of `path` with such a name says.
std::optional<RowSide> side_of_path(std::string_view path) {
  for (std::size_t end = path.find('/'); end != std::string_view::npos; end = path.find('/')) {
    if (const auto side = side_of_name(path.substr(0, end))) return side;
    path.remove_prefix(end + 1);
  }
  return std::nullopt;
}

bool has(const std::vector<RowSide>& sides, RowSide side) { return std::ranges::find(sides, side) != sides.end(); }

Error unknown_split(const Model& model, const std::string& path) {
  return Error({.stage = "split",
                .path = path,
                .cause = fmt::format("the model's split is {}{}, and this is not the file that was split", model.split,
                                     model.grouped ? ", with groups" : ""),
                .advice = "evaluate on that file, or give --rows all"});
}

}  // namespace

std::vector<RowSide> sides_by_folder(const FeatureReader& reader) {
  const std::string shared = shared_folder(reader);
  std::vector<RowSide> sides(index(reader.rows()), RowSide::left_out);
  std::vector<bool> validates(sides.size(), false);
  for_each_path(reader, [&](Row row, const std::string& path) {
    const auto side = side_of_path(std::string_view(path).substr(shared.size()));
    if (side) sides[index(row)] = *side;
    validates[index(row)] = side == RowSide::left_out;
  });
  if (!has(sides, RowSide::held_out))
    for (std::size_t i = 0; i < sides.size(); ++i)
      if (validates[i]) sides[i] = RowSide::held_out;
  if (!has(sides, RowSide::held_out) || !has(sides, RowSide::training)) sides.clear();
  return sides;
}

Split split_of(const Model& model, const std::string& model_path, const FeatureReader& reader) {
  Split split{.seed = model.seed, .test_fraction = model.test_fraction};
  const auto is = [&](SplitRule rule) { return model.split == to_string(rule); };
  if (is(SplitRule::by_key) && !model.grouped) return split;
  split.rule = is(SplitRule::folders) ? SplitRule::folders : SplitRule::stratified;
  if (is(SplitRule::folders)) return split;
  if (model.features.catalogue_hash != reader.provenance().catalogue_hash) throw unknown_split(model, model_path);
  split.sides_of_rows = read_split_table(model_path).sides;
  const bool older = split.sides_of_rows.empty() && is(SplitRule::stratified) && !model.grouped;
  if (older) return split;
  if (std::ssize(split.sides_of_rows) != reader.rows()) throw unknown_split(model, model_path);
  split.rule = SplitRule::given;
  return split;
}

SplitTable split_table(const FeatureReader& reader, const Split& split, int folds, int search_folds,
                       const std::string& row_weights) {
  const auto status = reader.status();
  const auto labels = reader.labels();
  const auto keys = reader.keys();
  const auto weights = training::weights_of_rows(reader, row_weights);
  SplitTable table;
  table.sides.assign(status.size(), RowSide::left_out);
  const auto fill = [&](std::vector<std::int16_t>& of_rows, int count) {
    const Assignment assignment(reader, split, count);
    if (count > 0) of_rows.assign(status.size(), -1);
    for (std::size_t i = 0; i < status.size(); ++i) {
      const Row row = static_cast<Row>(i);
      if (status[i] != RowStatus::done || labels[i] < 0) continue;
      if (assignment.is_on(Side::test, row, keys[i])) table.sides[i] = RowSide::held_out;
      if (!assignment.is_on(Side::training, row, keys[i]) || (!weights.empty() && weights[i] == 0)) continue;
      table.sides[i] = RowSide::training;
      if (count == 0) continue;
      const std::int32_t fold = assignment.fold(row, keys[i]);
      if (fold < count) of_rows[i] = static_cast<std::int16_t>(fold);
    }
  };
  fill(table.folds, folds);
  if (search_folds > 0) fill(table.search_folds, search_folds);
  return table;
}

}  // namespace pool3
