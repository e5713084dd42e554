#include "commands/report/judged_rows.hpp"

#include <algorithm>
#include <numeric>

#include "commands/matching/likeness.hpp"
#include "pool3/error.hpp"
#include "pool3/mpi/gather.hpp"
#include "pool3/neighbours.hpp"
#include "pool3/prediction.hpp"

namespace pool3::jobs {
namespace {

constexpr const char* stage = "report";

/// Every rank's rows on the root, by row. Collective.
std::vector<JudgedRow> gathered(const Communicator& comm, const std::vector<JudgedRow>& mine) {
  std::vector<JudgedRow> all = gather_items(comm, mine);
  std::ranges::sort(all, {}, &JudgedRow::row);
  return all;
}

/// Features of rows, [rows, width].
std::vector<float> features_of(const FeatureReader& reader, const std::vector<Row>& rows) {
  const auto width = static_cast<std::size_t>(reader.width());
  std::vector<float> out, block;
  std::int64_t held = -1;
  for (const Row row : rows) {
    const std::int64_t wanted = reader.block_of(row);
    const RowRange range = reader.block(wanted);
    if (wanted != held) {
      block.resize(static_cast<std::size_t>(range.size()) * width);
      reader.read_blocks(wanted, wanted + 1, block);
      held = wanted;
    }
    const auto begin = block.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(row - range.begin) * width);
    out.insert(out.end(), begin, begin + static_cast<std::ptrdiff_t>(width));
  }
  return out;
}

}  // namespace

JudgedCatalogue judge(const Communicator& comm, const FeatureReader& reader, const Model& model,
                      const std::string& model_path, const std::string& rows) {
  JudgedCatalogue out;
  comm.all_do([&] {
    const std::string difference = features_difference(reader, model);
    if (!difference.empty())
      throw Error({.stage = stage,
                   .path = model_path,
                   .cause = "the model is for other features: " + difference,
                   .advice = "give the model that was trained on these features"});
    out.choice = choose_rows(reader, model, model_path, rows);
  });
  const Findings found = judge_rows(comm, reader, model, out.choice, default_coverage, false);
  out.unknown_rows = std::accumulate(found.unknown_classes.begin(), found.unknown_classes.end(), std::int64_t{0});
  out.evaluation = evaluate_predictions(comm, model.classes, found.truth, found.predicted);
  const bool probabilities = has_probabilities(model);
  if (out.evaluation.macro.support > 0) {
    out.measures = measure(comm, found.results, probabilities);
    out.measures.coverage = default_coverage;
  }
  std::vector<JudgedRow> mine;
  for (std::size_t i = 0; i < found.results.size(); ++i) {
    JudgedRow row{.row = found.results[i].row, .truth = found.truth[i], .predicted = found.predicted[i]};
    if (probabilities) {
      row.confidence = found.results[i].confidence;
      row.of_truth = found.results[i].of_truth;
    }
    mine.push_back(row);
  }
  out.rows = gathered(comm, mine);
  return out;
}

UnlikeRows count_unlike(const std::vector<JudgedRow>& judged, const std::vector<Row>& training,
                        const std::vector<NearRows>& near) {
  constexpr double same_picture = 1e-7;  // in distance
  std::vector<double> own;
  for (const Row row : training) {
    const auto found = std::ranges::lower_bound(near, row, {}, &NearRows::row);
    if (found == near.end() || found->row != row) continue;
    const auto other = std::ranges::find_if(
        found->near, [&](const NearRow& n) { return n.row != row && 1 - n.similarity > same_picture; });
    if (other != found->near.end()) own.push_back(1 - other->similarity);
  }
  UnlikeRows out{.usual_distance = usual_of(std::move(own))};
  for (const JudgedRow& row : judged) {
    const auto found = std::ranges::lower_bound(near, row.row, {}, &NearRows::row);
    if (found == near.end() || found->row != row.row || found->near.empty()) continue;
    const bool unlike = 1 - found->near[0].similarity > out.usual_distance, right = row.truth == row.predicted;
    ++out.asked;
    out.unlike += unlike ? 1 : 0;
    out.right_of_unlike += unlike && right ? 1 : 0;
    out.right_of_others += !unlike && right ? 1 : 0;
  }
  return out;
}

std::vector<NearRows> near_training_rows(const Communicator& comm, const FeatureReader& reader, const Model& model,
                                         const std::string& model_path, const std::vector<Row>& rows, std::int64_t top,
                                         int threads) {
  std::vector<float> queries;
  comm.all_do([&] { queries = features_of(reader, rows); });
  Search search(queries, reader.width(), {.top = top, .metric = Metric::cosine, .threads = threads});
  for_each_labelled_rows(
      comm, reader, split_of(model, model_path, reader), Side::training,
      [&](const LabelledRows& some) { search.add({.width = reader.width(), .floats = some.features}, some.rows); });
  const NeighbourTable table = merge(comm, search.results());
  std::vector<NearRows> out;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    NearRows near{.row = rows[i], .near = {}};
    for (const Neighbour& n : table.of(static_cast<std::int64_t>(i)))
      if (n.row >= 0) near.near.push_back({n.row, 1 - n.distance});
    out.push_back(std::move(near));
  }
  return out;
}

}  // namespace pool3::jobs
