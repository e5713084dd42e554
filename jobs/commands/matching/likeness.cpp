#include "commands/matching/likeness.hpp"

#include <algorithm>

#include "commands/matching/row_source.hpp"
#include "commands/model/evaluate_rows.hpp"
#include "pool3/error.hpp"

namespace pool3::jobs {
namespace {

/// Pictures that say what distance is usual.
constexpr std::size_t sampled = 512;

/// The training rows, if the model has seen the file.
RowFilter seen_rows(const FeatureReader& reader, const Model& model, const std::string& model_path) {
  const RowChoice choice = choose_rows(reader, model, model_path, "");
  if (choice.other_file) return {};
  return {.class_name = {}, .side = Side::training, .split = split_of(model, model_path, reader)};
}

/// How far the nearest other picture is of some that lie evenly in the catalogue.
std::vector<double> own_distances(const FeatureReader& reader, const std::string& path, const CatalogueRows& rows,
                                  const RowsView& all, std::span<const Row> numbers, int threads) {
  const std::vector<Row> firsts = rows.first_rows();
  const RowSource source(reader, path, nullptr, {}, 1);
  std::vector<float> queries;
  std::vector<Row> asked;
  const std::size_t most = std::min(firsts.size(), sampled);
  for (std::size_t i = 0; i < most; ++i) {
    asked.push_back(firsts[i * firsts.size() / most]);
    const std::vector<float> features = source.row(asked.back());
    queries.insert(queries.end(), features.begin(), features.end());
  }
  Search search(queries, all.width, {.top = 2, .metric = Metric::cosine, .threads = threads});
  search.add(all, numbers);
  return distances_to_others(search.results(), asked);
}

}  // namespace

std::vector<double> distances_to_others(const NeighbourTable& table, std::span<const Row> asked) {
  std::vector<double> distances;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const auto near = table.of(static_cast<std::int64_t>(i));
    const auto other = std::ranges::find_if(near, [&](const Neighbour& n) { return n.row >= 0 && n.row != asked[i]; });
    if (other != near.end()) distances.push_back(other->distance);
  }
  return distances;
}

double usual_of(std::vector<double> distances) {
  if (distances.empty()) return unknown_distance;
  const auto at =
      distances.begin() + static_cast<std::ptrdiff_t>(usual_share * static_cast<double>(distances.size() - 1));
  std::ranges::nth_element(distances, at);
  return *at;
}

Likeness::Likeness(const std::string& path, const Model& model, const std::string& model_path, int threads)
    : threads_(threads) {
  const FeatureReader reader(path);
  const std::string difference = input_difference(reader, model);
  if (!difference.empty())
    throw Error({.stage = "predict",
                 .path = path,
                 .cause = "the model is for other features: " + difference,
                 .advice = "give the features that it was trained on"});
  const CatalogueRows rows(reader, seen_rows(reader, model, model_path));
  rows_ = RowSource(reader, path, nullptr, {}, 1).read(0, reader.blocks());
  width_ = reader.width();
  for (Row row = 0; row < reader.rows(); ++row) numbers_.push_back(rows.number(row));
  usual_distance_ = usual_of(own_distances(reader, path, rows, rows_.view(), numbers_, threads));
}

std::vector<double> Likeness::distances(std::span<const float> features) const {
  Search search(features, width_, {.top = 1, .metric = Metric::cosine, .threads = threads_});
  search.add(rows_.view(), numbers_);
  const NeighbourTable table = search.results();
  std::vector<double> distances;
  for (std::int64_t i = 0; i < table.queries(); ++i) distances.push_back(table.of(i)[0].distance);
  return distances;
}

}  // namespace pool3::jobs
