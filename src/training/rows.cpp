#include <algorithm>

#include "pool3/error.hpp"
#include "pool3/partition.hpp"
#include "pool3/training.hpp"
#include "pool3/types.hpp"
#include "training/assignment.hpp"

namespace pool3 {
namespace {

using training::Assignment;
using training::weights_of_rows;

/// Those of `rows` that are done, have a label, are on `side`, and whose weight is not 0. Without their features.
LabelledRows wanted_rows(const FeatureReader& reader, RowRange rows, const Assignment& assignment, Side side,
                         const std::vector<float>& weights = {}) {
  const auto status = reader.status(rows);
  const auto labels = reader.labels(rows);
  const auto keys = reader.keys(rows);
  LabelledRows found;
  for (std::size_t i = 0; i < status.size(); ++i) {
    const Row row = rows.begin + static_cast<Row>(i);
    if (status[i] != RowStatus::done || labels[i] < 0) continue;
    if (!assignment.is_on(side, row, keys[i])) continue;
    if (!weights.empty() && weights[index(row)] == 0) continue;
    found.rows.push_back(row);
    found.labels.push_back(labels[i]);
    found.keys.push_back(keys[i]);
  }
  return found;
}

/// Moves some rows of a block to its front. `block`: [rows, width], the first of which is row `first` of the file.
template <typename T>
void move_to_front(std::span<T> block, Row first, const std::vector<Row>& rows, std::size_t width) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t from = index(rows[i] - first);
    if (from > i) std::ranges::copy(block.subspan(from * width, width), block.subspan(i * width).begin());
  }
}

/// Appends the features of some rows of block `b`, as they are stored.
template <typename T>
void append_stored(const FeatureReader& reader, std::int64_t b, const std::vector<Row>& rows, std::vector<T>& all) {
  const std::size_t width = index(reader.width()), before = all.size();
  const RowRange block = reader.block(b);
  all.resize(before + index(block.size()) * width);
  const std::span<T> added = std::span(all).subspan(before);
  reader.read_stored(b, b + 1, std::as_writable_bytes(added));
  move_to_front(added, block.begin, rows, width);
  all.resize(before + rows.size() * width);
}

}  // namespace

void for_each_labelled_rows(const Communicator& comm, const FeatureReader& reader, const Split& split, Side side,
                            const std::function<void(const LabelledRows&)>& use) {
  comm.all_do([&] { reader.check_tables(comm.rank(), comm.size()); });
  comm.all_do([&] {
    const Assignment assignment(reader, split, 0);
    const std::size_t width = index(reader.width());
    std::vector<float> features;
    for (std::int64_t b = comm.rank(); b < reader.blocks(); b += comm.size()) {
      const RowRange block = reader.block(b);
      LabelledRows wanted = wanted_rows(reader, block, assignment, side);
      if (wanted.rows.empty()) continue;
      features.resize(index(block.size()) * width);
      reader.read_blocks(b, b + 1, features);
      move_to_front(std::span(features), block.begin, wanted.rows, width);
      wanted.features = std::span<const float>(features).first(wanted.rows.size() * width);
      use(wanted);
    }
  });
}

std::vector<bool> rows_on_side(const FeatureReader& reader, const Split& split, Side side) {
  constexpr std::int64_t step = 65536;
  const Assignment assignment(reader, split, 0);
  std::vector<bool> on_side(index(reader.rows()), false);
  for (Row begin = 0; begin < reader.rows(); begin += step) {
    const LabelledRows wanted = wanted_rows(reader, {begin, std::min(begin + step, reader.rows())}, assignment, side);
    for (const Row row : wanted.rows) on_side[index(row)] = true;
  }
  return on_side;
}

Problem load_training_rows(const Communicator& comm, const FeatureReader& reader, const Split& split, int folds,
                           const std::string& row_weights) {
  Problem problem{.dim = reader.width(), .classes = static_cast<std::int32_t>(reader.classes().size())};
  const bool halves = reader.type() == FeatureType::float16;
  comm.all_do([&] { reader.check_tables(comm.rank(), comm.size()); });
  comm.all_do([&] {
    const Assignment assignment(reader, split, folds);
    const std::vector<float> weights = weights_of_rows(reader, row_weights);
    const std::size_t most = index((reader.rows() / comm.size() + reader.block_rows()) * reader.width());
    halves ? problem.halves.reserve(most) : problem.x.reserve(most);
    for (std::int64_t b = comm.rank(); b < reader.blocks(); b += comm.size()) {
      const LabelledRows wanted = wanted_rows(reader, reader.block(b), assignment, Side::training, weights);
      if (wanted.rows.empty()) continue;
      halves ? append_stored(reader, b, wanted.rows, problem.halves) : append_stored(reader, b, wanted.rows, problem.x);
      std::ranges::copy(wanted.labels, std::back_inserter(problem.labels));
      std::ranges::copy(wanted.rows, std::back_inserter(problem.origin));
      if (!weights.empty())
        for (const Row row : wanted.rows) problem.weights.push_back(weights[index(row)]);
      if (folds > 0)
        for (std::size_t i = 0; i < wanted.rows.size(); ++i)
          problem.folds.push_back(assignment.fold(wanted.rows[i], wanted.keys[i]));
    }
  });
  problem.rows = static_cast<std::int64_t>(problem.labels.size());
  return problem;
}

std::vector<std::int64_t> count_training_rows(const Communicator& comm, const FeatureReader& reader, const Split& split,
                                              const std::string& row_weights) {
  return count_rows(comm, reader, split, Side::training, row_weights);
}

std::vector<std::int64_t> count_rows(const Communicator& comm, const FeatureReader& reader, const Split& split,
                                     Side side, const std::string& row_weights) {
  constexpr std::int64_t step = 65536;
  std::vector<std::int64_t> counts(reader.classes().size(), 0);
  comm.all_do([&] { reader.check_tables(comm.rank(), comm.size()); });
  comm.all_do([&] {
    const Assignment assignment(reader, split, 0);
    const std::vector<float> weights = weights_of_rows(reader, row_weights);
    const RowRange share = even_share(reader.rows(), comm.size(), comm.rank());
    for (Row begin = share.begin; begin < share.end; begin += step) {
      const RowRange rows{begin, std::min(begin + step, share.end)};
      for (const std::int32_t label : wanted_rows(reader, rows, assignment, side, weights).labels)
        ++counts[index(label)];
    }
  });
  comm.sum(std::span<std::int64_t>(counts));
  return counts;
}

}  // namespace pool3
