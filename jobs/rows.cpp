#include "rows.hpp"

#include <algorithm>

#include "pool3/partition.hpp"

namespace pool3::jobs {
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

}  // namespace

void check(const Split& split) {
  if (!(split.test_fraction >= 0 && split.test_fraction < 1))
    throw usage_error("--test-fraction must be at least 0 and below 1");
}

void for_each_labelled_rows(const Communicator& comm, const FeatureReader& reader, const Split& split, Side side,
                            const std::function<void(std::span<const Row>, std::span<const float>)>& use) {
  const auto status = reader.status();
  const auto labels = reader.labels();
  const auto keys = reader.keys();
  std::vector<Row> wanted;
  std::vector<float> features(index(reader.block_rows() * feature_dim));
  for (std::int64_t b = comm.rank(); b < reader.blocks(); b += comm.size()) {
    const RowRange block = reader.block(b);
    wanted.clear();
    for (Row row = block.begin; row < block.end; ++row) {
      if (status[index(row)] != RowStatus::done || labels[index(row)] < 0) continue;
      const bool is_test = is_test_row(split.seed, keys[index(row)], split.test_fraction);
      if (is_test == (side == Side::test)) wanted.push_back(row);
    }
    if (wanted.empty()) continue;
    reader.read_blocks(b, b + 1, std::span(features).first(index(block.size() * feature_dim)));
    // The wanted rows move to the front.
    for (std::size_t i = 0; i < wanted.size(); ++i)
      std::copy_n(features.begin() + (wanted[i] - block.begin) * feature_dim, feature_dim,
                  features.begin() + static_cast<std::ptrdiff_t>(i) * feature_dim);
    use(wanted, std::span<const float>(features).first(wanted.size() * static_cast<std::size_t>(feature_dim)));
  }
}

Problem load_training_rows(const Communicator& comm, const FeatureReader& reader, const Split& split, int folds,
                           const std::string& row_weights) {
  Problem problem{.dim = feature_dim, .classes = static_cast<std::int32_t>(reader.classes().size())};
  comm.all_do([&] {
    const auto labels = reader.labels();
    const auto keys = reader.keys();
    const auto weights = weights_of_rows(reader, row_weights);
    problem.x.reserve(index((reader.rows() / comm.size() + reader.block_rows()) * feature_dim));
    for_each_labelled_rows(comm, reader, split, Side::training,
                           [&](std::span<const Row> rows, std::span<const float> features) {
                             for (std::size_t i = 0; i < rows.size(); ++i) {
                               const Row row = rows[i];
                               if (!weights.empty() && weights[index(row)] == 0) continue;
                               const auto first = features.begin() + static_cast<std::ptrdiff_t>(i) * feature_dim;
                               problem.x.insert(problem.x.end(), first, first + feature_dim);
                               if (!weights.empty()) problem.weights.push_back(weights[index(row)]);
                               problem.labels.push_back(labels[index(row)]);
                               problem.origin.push_back(row);
                               if (folds > 0) problem.folds.push_back(fold_of(split.seed, keys[index(row)], folds));
                             }
                           });
  });
  problem.rows = static_cast<std::int64_t>(problem.labels.size());
  return problem;
}

}  // namespace pool3::jobs
