#include <fmt/format.h>

#include <algorithm>

#include "pool3/baselines.hpp"
#include "pool3/numbers.hpp"

namespace pool3 {
namespace {

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// float16 rows become floats.
void widen(Problem& problem) {
  if (problem.halves.empty()) return;
  problem.x.resize(problem.halves.size());
  std::ranges::transform(problem.halves, problem.x.begin(), [](std::uint16_t h) { return float_of_half(h); });
  problem.halves = {};
}

void standardise_row(const Standardisation& s, std::span<float> row) {
  for (std::size_t j = 0; j < row.size(); ++j)
    row[j] = static_cast<float>((static_cast<double>(row[j]) - (s.mean.empty() ? 0.0 : s.mean[j])) * (1.0 / s.scale));
}

}  // namespace

BaselineRows load_baseline_rows(const Communicator& comm, const FeatureReader& reader, const Split& split, int folds,
                                bool centering) {
  BaselineRows rows{.training = load_training_rows(comm, reader, split, folds, "")};
  rows.class_rows = class_counts(comm, rows.training);
  check_training_classes(comm, reader, split, rows.class_rows);
  check_problem(comm, rows.training);
  if (folds > 0) check_folds(comm, rows.training, split, folds);
  widen(rows.training);
  const Standardisation s = centering ? standardise(comm, rows.training) : Standardisation();
  const std::size_t width = index(reader.width());
  for_each_labelled_rows(comm, reader, split, Side::test, [&](const LabelledRows& some) {
    rows.rows.insert(rows.rows.end(), some.rows.begin(), some.rows.end());
    rows.truth.insert(rows.truth.end(), some.labels.begin(), some.labels.end());
    const std::size_t before = rows.x.size();
    rows.x.insert(rows.x.end(), some.features.begin(), some.features.end());
    for (std::size_t at = before; at < rows.x.size(); at += width)
      standardise_row(s, std::span(rows.x).subspan(at, width));
  });
  const std::int64_t held_out = comm.sum(static_cast<std::int64_t>(rows.rows.size()));
  if (held_out == 0) comm.root_does([&] { throw no_held_out_rows(reader, split); });
  return rows;
}

}  // namespace pool3
