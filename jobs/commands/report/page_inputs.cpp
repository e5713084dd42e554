#include "commands/report/page_inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "console/text.hpp"
#include "pool3/exchange/import.hpp"
#include "pool3/extraction.hpp"
#include "pool3/files.hpp"
#include "pool3/report.hpp"
#include "pool3/store/map_file.hpp"
#include "setup/find_weights.hpp"
#include "setup/picture_finder.hpp"

namespace pool3::jobs {
namespace {

constexpr const char* stage = "report";
constexpr std::int64_t most_json_bytes = std::int64_t{512} << 20;
constexpr std::int64_t most_metrics_bytes = std::int64_t{64} << 20;  // of a rank

/// What stands above each of the network's stages, from the first layer to the last but one.
struct Description {
  const char* name;
  const char* title;
};
constexpr std::array<Description, 4> descriptions = {{
    {"Conv2d_1a_3x3", "Stage A: after the first convolution"},
    {"Conv2d_2a_3x3", "Stage B: after the second convolution"},
    {"Mixed_5d", "Stage C: end of the 35 x 35 stage"},
    {"Mixed_6e", "Stage D: end of the 17 x 17 stage"},
}};

std::vector<float> feature_of(const FeatureReader& reader, Row row) {
  const std::int64_t block = reader.block_of(row);
  const RowRange range = reader.block(block);
  const auto width = static_cast<std::size_t>(reader.width());
  std::vector<float> values(static_cast<std::size_t>(range.size()) * width);
  reader.read_blocks(block, block + 1, values);
  const auto begin = values.begin() + (row - range.begin) * reader.width();
  return {begin, begin + reader.width()};
}

}  // namespace

Facts facts_of(const FeatureReader& reader) {
  const Provenance& p = reader.provenance();
  const std::string size = fmt::format("{} x {}, {}", reader.rows(), reader.width(), to_string(reader.type()));
  if (p.weights_sha256 == imported)
    return {{"imported from", p.corpus},
            {"catalogue hash", p.catalogue_hash},
            {"labels", p.labels},
            {"features", size},
            {"imported by", "pool3 " + p.version}};
  return {{"catalogue", p.corpus},
          {"catalogue hash", p.catalogue_hash},
          {"labels", p.labels},
          {"weights", p.weights_source},
          {"weights SHA-256", p.weights_sha256},
          {"preprocessing", p.profile},
          {"precision", p.precision},
          {"features", size},
          {"features made by", "pool3 " + p.version}};
}

Facts facts_of(const Model& m) {
  Facts facts = {{"classifier", m.kernel == Kernel::linear               ? "linear SVM, one-vs-rest"
                                : m.multiclass == Multiclass::one_vs_one ? "SVM with RBF kernel, one-vs-one"
                                                                         : "SVM with RBF kernel, one-vs-rest"},
                 {"C", number_text(m.C)}};
  if (m.kernel == Kernel::rbf) facts.emplace_back("gamma on raw features", number_text(m.support.gamma));
  facts.emplace_back("loss", m.loss == "l1" ? "hinge" : "squared hinge");
  facts.emplace_back("class weight", m.class_weight);
  facts.emplace_back("split", fmt::format("{}, {} held out, seed {}", m.split, number_text(m.test_fraction), m.seed));
  facts.emplace_back("training rows", fmt::to_string(m.training_rows));
  facts.emplace_back("relative duality gap", scientific(m.relative_gap));
  return facts;
}

std::string read_json(const std::string& path) {
  std::string text = read_source({stage, path}, most_json_bytes);
  if (text.empty()) throw error_at({stage, path}, "the file is empty", "make it again");
  return text;
}

MapOfRows map_of(const std::string& path, const FeatureReader& reader) {
  const CatalogueMap read = read_map(path);
  if (read.features.catalogue_hash != reader.provenance().catalogue_hash ||
      (!read.rows.empty() && read.rows.back() >= reader.rows()))
    throw error_at({stage, path}, "it is of another feature file", "make one of this file with pool3 map");
  MapOfRows map{.positions = {}, .rows = read.rows, .facts = {}};
  for (std::size_t i = 0; i < read.rows.size(); ++i)
    map.positions.push_back({read.positions[2 * i], read.positions[2 * i + 1]});
  const auto beside = [](double map_has, double pca_has) {
    return fmt::format("{:.3f} (first two principal components: {:.3f})", map_has, pca_has);
  };
  map.facts = {{"method", read.method},
               {"perplexity", number_text(read.perplexity)},
               {"rows laid out", fmt::to_string(read.laid_out)},
               {"trustworthiness", beside(read.quality.trustworthiness, read.pca.trustworthiness)},
               {"share of the 10 nearest kept", beside(read.quality.neighbours_kept, read.pca.neighbours_kept)}};
  return map;
}

std::vector<std::string> metrics_of(const std::string& folder) {
  std::vector<std::string> ranks;
  while (true) {
    const std::string path = fmt::format("{}/rank-{}.jsonl", folder, ranks.size());
    if (!file_exists(path)) break;
    ranks.push_back(read_source({stage, path}, most_metrics_bytes));
  }
  if (ranks.empty())
    throw error_at({stage, folder}, "there is no rank-0.jsonl", "give the folder that --metrics of the job named");
  return ranks;
}

PictureStages stages_of(const FeatureReader& reader, Row row, const std::string& weights_path,
                        const std::vector<std::string>& folders) {
  PictureStages out{.row = row, .names = {}, .captions = {}, .pngs = {}, .feature = feature_of(reader, row)};
  if (weights_path.empty()) return out;
  Weights weights = read_weights(find_weights(weights_path));
  const Provenance& made = reader.provenance();
  if (weights.sha256 != made.weights_sha256)
    throw error_at({stage, weights_path}, "the features were made with other weights", "give those with --weights");
  const Preprocessing how = parse_preprocessing(made.profile);
  const std::optional<Image> picture = RowPictures(reader, {row}, folders, 0).read(0);
  if (!picture) throw ReadError("it is another picture than the one that the features were made of");
  std::vector<float> input(static_cast<std::size_t>(input_floats));
  to_input(*picture, parse_input_profile(how.profile), input);
  for (const StageOutput& output : open_network(weights, {.precision = Precision::fp32, .batch = 1})->stages(input)) {
    const auto* const known = std::ranges::find_if(descriptions, [&](const auto& d) { return output.name == d.name; });
    if (known == descriptions.end()) continue;
    out.names.emplace_back(known->title);
    out.captions.push_back(
        fmt::format("{}: {} maps of {} x {}, each on its own scale: black is its smallest value, "
                    "white its largest.",
                    output.name, output.channels, output.width, output.height));
    out.pngs.push_back(encode_png(tile_maps(output)));
  }
  return out;
}

}  // namespace pool3::jobs
