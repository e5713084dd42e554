#include "commands/serving/snapshot.hpp"

#include <algorithm>
#include <cmath>

#include "commands/matching/likeness.hpp"
#include "pool3/files.hpp"
#include "pool3/numbers.hpp"
#include "setup/find_weights.hpp"

namespace pool3::jobs {
namespace {

constexpr const char* stage = "serve";
constexpr std::int64_t most_report_bytes = std::int64_t{64} << 20;
/// Pictures that say what distance is usual.
constexpr std::int64_t sampled = 256;
constexpr double set_coverage = 0.95;

void check_match(const Snapshot& s, const std::string& model_path) {
  const std::string difference = input_difference(s.reader, s.model);
  if (!difference.empty())
    throw Error({.stage = stage,
                 .path = model_path,
                 .cause = "the model is for other features than the file's: " + difference,
                 .advice = "train it on this feature file"});
  if (s.rows.pictures() == 0)
    throw Error({.stage = stage, .path = s.reader.root(), .cause = "the feature file has no picture that is done"});
}

/// Of a sample of pictures, the distance to the nearest other one, within which 95 of 100 are.
double usual_distance(const Snapshot& s) {
  std::vector<float> queries;
  std::vector<Row> asked;
  const Row step = std::max<Row>(1, s.reader.rows() / sampled);
  for (Row row = 0; row < s.reader.rows(); row += step) {
    const auto first = std::find_if(s.numbers.begin() + row, s.numbers.end(), [](Row number) { return number >= 0; });
    if (first == s.numbers.end() || (!asked.empty() && asked.back() == *first)) continue;
    asked.push_back(*first);
    const auto features = s.row(*first);
    queries.insert(queries.end(), features.begin(), features.end());
  }
  return usual_of(distances_to_others(s.search(queries, 2), asked));
}

std::shared_ptr<Engine> open_engine(const Communicator& comm, const SnapshotFiles& files, const Model& model) {
  const Weights weights = weights_of_model(model, files.model, files.network.weights, stage);
  ExtractorOptions options = like_rows_of(model.features, extractor_options(files.network, {}));
  options.max_pixels = files.max_pixels;
  const ExtractorSetup setup = agree_setup(comm, weights, options);
  Extractor extractor(weights, setup);
  const std::string difference = width_difference(extractor.width(), model.width());
  if (!difference.empty())
    throw Error({.stage = stage,
                 .path = files.model,
                 .cause = "the model is for other features: " + difference,
                 .advice = "give the weights that its features were made with"});
  return std::make_shared<Engine>(std::move(extractor), files.waiting, files.answer_seconds);
}

}  // namespace

Snapshot::Snapshot(const SnapshotFiles& files, int threads)
    : model(read_model(files.model)),
      scorer(std::make_unique<Scorer>(model)),
      reader(files.features),
      rows(reader, {}),
      labels(reader.labels()),
      paths(reader.paths({0, reader.rows()})),
      features(RowSource(reader, files.features, nullptr, {}, 1).read(0, reader.blocks())),
      pictures(reader.root(), entry_limits({.max_pixels = files.max_pixels})),
      max_pixels(files.max_pixels),
      report(files.report.empty() ? std::string() : read_source({stage, files.report}, most_report_bytes)),
      nearest{.top = 12, .metric = files.metric, .threads = threads} {
  check_match(*this, files.model);
  for (Row row = 0; row < reader.rows(); ++row) numbers.push_back(rows.number(row));
  usual_distance = jobs::usual_distance(*this);
  if (has_sets(model)) set_threshold = pool3::set_threshold(model, set_coverage);
}

NeighbourTable Snapshot::search(std::span<const float> queries, std::int64_t top) const {
  NearestOptions options = nearest;
  options.top = top;
  Search search(queries, reader.width(), options);
  search.add(features.view(), numbers);
  return search.results();
}

std::vector<float> Snapshot::row(Row row) const {
  const RowsView one = features.view().part({row, row + 1});
  if (one.halves.empty()) return {one.floats.begin(), one.floats.end()};
  std::vector<float> floats;
  floats.reserve(one.halves.size());
  for (const std::uint16_t bits : one.halves) floats.push_back(float_of_half(bits));
  return floats;
}

std::shared_ptr<const Snapshot> read_snapshot(const Communicator& comm, const SnapshotFiles& files,
                                              const std::shared_ptr<const Snapshot>& before) {
  auto snapshot = std::make_shared<Snapshot>(files, thread_count(comm, files.network.threads));
  const bool same = before && kind_difference(before->model.features, snapshot->model.features).empty();
  snapshot->engine = same ? before->engine : open_engine(comm, files, snapshot->model);
  return snapshot;
}

}  // namespace pool3::jobs
