#include <algorithm>

#include "pool3/numbers.hpp"
#include "pool3/partition.hpp"
#include "pool3/training.hpp"

namespace pool3 {
namespace {

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// A factor for each row of the file; empty if `source` is.
std::vector<float> weights_of_rows(const FeatureReader& reader, const std::string& source) {
  if (source.empty()) return {};
  const std::size_t colon = source.rfind(':');
  const bool named = colon != std::string::npos;
  const std::string path = named ? source.substr(0, colon) : source;
  return read_row_weights(path, named ? source.substr(colon + 1) : "weights", reader.rows());
}

/// The rows of one block that are done, have a label and are on `side`.
LabelledRows wanted_rows(const FeatureReader& reader, RowRange block, const Split& split, Side side) {
  const auto status = reader.status(block);
  const auto labels = reader.labels(block);
  const auto keys = reader.keys(block);
  LabelledRows found;
  for (std::size_t i = 0; i < status.size(); ++i) {
    if (status[i] != RowStatus::done || labels[i] < 0) continue;
    if (is_test_row(split.seed, keys[i], split.test_fraction) != (side == Side::test)) continue;
    found.rows.push_back(block.begin + static_cast<Row>(i));
    found.labels.push_back(labels[i]);
    found.keys.push_back(keys[i]);
  }
  return found;
}

/// Puts the features of these rows of block `b` into `to`, at its front.
void read_features(const FeatureReader& reader, std::int64_t b, LabelledRows& wanted, std::vector<float>& to) {
  const RowRange block = reader.block(b);
  reader.read_blocks(b, b + 1, std::span(to).first(index(block.size() * feature_dim)));
  for (std::size_t i = 0; i < wanted.rows.size(); ++i)
    std::copy_n(to.begin() + (wanted.rows[i] - block.begin) * feature_dim, feature_dim,
                to.begin() + static_cast<std::ptrdiff_t>(i) * feature_dim);
  wanted.features = std::span<const float>(to).first(wanted.rows.size() * static_cast<std::size_t>(feature_dim));
}

}  // namespace

void check(const Split& split) {
  if (!(split.test_fraction >= 0 && split.test_fraction < 1))
    throw usage_error("--test-fraction must be at least 0 and below 1");
}

void for_each_labelled_rows(const Communicator& comm, const FeatureReader& reader, const Split& split, Side side,
                            const std::function<void(const LabelledRows&)>& use) {
  comm.all_do([&] { reader.check_tables(comm.rank(), comm.size()); });
  comm.all_do([&] {
    std::vector<float> features(index(reader.block_rows() * feature_dim));
    for (std::int64_t b = comm.rank(); b < reader.blocks(); b += comm.size()) {
      LabelledRows wanted = wanted_rows(reader, reader.block(b), split, side);
      if (wanted.rows.empty()) continue;
      read_features(reader, b, wanted, features);
      use(wanted);
    }
  });
}

Problem load_training_rows(const Communicator& comm, const FeatureReader& reader, const Split& split, int folds,
                           const std::string& row_weights) {
  Problem problem{.dim = feature_dim, .classes = static_cast<std::int32_t>(reader.classes().size())};
  const bool halves = reader.type() == FeatureType::float16;
  std::vector<float> weights;
  comm.all_do([&] {
    weights = weights_of_rows(reader, row_weights);
    const std::size_t most = index((reader.rows() / comm.size() + reader.block_rows()) * feature_dim);
    halves ? problem.halves.reserve(most) : problem.x.reserve(most);
  });
  for_each_labelled_rows(comm, reader, split, Side::training, [&](const LabelledRows& found) {
    for (std::size_t i = 0; i < found.rows.size(); ++i) {
      const Row row = found.rows[i];
      if (!weights.empty() && weights[index(row)] == 0) continue;
      const auto features = found.features.subspan(i * index(feature_dim), index(feature_dim));
      if (halves)  // exact: they were halves in the file
        std::ranges::transform(features, std::back_inserter(problem.halves), half_of_float);
      else
        problem.x.insert(problem.x.end(), features.begin(), features.end());
      if (!weights.empty()) problem.weights.push_back(weights[index(row)]);
      problem.labels.push_back(found.labels[i]);
      problem.origin.push_back(row);
      if (folds > 0) problem.folds.push_back(fold_of(split.seed, found.keys[i], folds));
    }
  });
  problem.rows = static_cast<std::int64_t>(problem.labels.size());
  return problem;
}

}  // namespace pool3
